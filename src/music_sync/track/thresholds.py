"""How near is near enough: all thresholds by which two descriptions of a track are held against each other."""

CLOSE_S = 2.0
"""Lengths this near are the same, or within CLOSE_SHARE of the longer."""
CLOSE_SHARE = 0.03
NEAR_S = 2.0
"""Lengths this near speak for one recording where words leave a doubt."""
EQUAL_S = 1.0
"""Lengths this near are one, rounded in two ways."""
FAR_S = 15.0
"""Lengths further apart than this, and than FAR_SHARE, belong to different recordings."""
FAR_SHARE = 0.08
PREVIEW_S = (28.0, 32.0)
"""Lengths of the previews that services give instead of a track."""
TYPO_LETTERS = 6
"""A word this long may differ in one letter that is not its first."""
SWAP_LETTERS = 5
"""A word this long may have two letters swapped."""
MOST_TYPOS = 2
"""So many words of a title may be mistyped."""
SAME_ARTIST = 90.0
"""How like two spellings of an artist are at least, of 100."""
MISTYPED = 80.0
"""How like two titles of one artist are, of 100, when one may be the other mistyped: then they are looked at closely."""
CUT_LETTERS = 15
"""A text of so many letters may have been cut off."""
TELLING_LETTERS = 4
"""A name of fewer letters is not looked for within other words."""
SAME, UNSURE = 0.85, 0.5
"""Scores from which two are the same, and from which a person should look."""
