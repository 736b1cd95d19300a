"""What looks like a link: the hosts and schemes of the services, and a link without what stands around it."""

import re
from urllib.parse import unquote

LABELS = {"spotify": "Spotify", "soundcloud": "SoundCloud", "youtube": "YouTube"}
"""What a person calls the services whose links are understood."""

SPOTIFY_HOSTS = frozenset(
    {"open.spotify.com", "play.spotify.com", "embed.spotify.com", "www.spotify.com", "spotify.com", "api.spotify.com"}
)
YOUTUBE_HOSTS = frozenset(
    {
        "youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "youtu.be", "www.youtu.be",
        "youtube-nocookie.com", "www.youtube-nocookie.com",
    }
)  # fmt: skip
SOUNDCLOUD_HOSTS = frozenset({"soundcloud.com", "www.soundcloud.com", "m.soundcloud.com"})
SOUNDCLOUD_API_HOSTS = frozenset({"api.soundcloud.com", "api-v2.soundcloud.com", "w.soundcloud.com"})
SHORT_HOSTS = {
    "spotify.link": "spotify",
    "spotify.app.link": "spotify",
    "spoti.fi": "spotify",
    "on.soundcloud.com": "soundcloud",
    "soundcloud.app.goo.gl": "soundcloud",
    "snd.sc": "soundcloud",
}
"""Hosts whose links only lead elsewhere -> the service that they lead to."""
_APP_SCHEMES = ("spotify", "soundcloud", "vnd.youtube", "youtube")
_KNOWN_HOSTS = frozenset({*SHORT_HOSTS, *SPOTIFY_HOSTS, *YOUTUBE_HOSTS, *SOUNDCLOUD_HOSTS, *SOUNDCLOUD_API_HOSTS})
_AROUND = " \t\r\n\f\v\u00a0\u200b\u200c\u200d\u2060\ufeff"
_PAIRS = ("<>", '""', "''", "``", "“”", "„“", "‘’", "«»", "()", "[]")


def is_link(text: str) -> bool:
    """Is this meant as a link or URI that can be understood, be it right or wrong? Never true of a plain name or path."""
    plain = plain_link(text)
    return bool(re.match(r"(?i)https?:", plain)) or has_app_scheme(plain)


def plain_link(text: str) -> str:
    """A link without what stands around it in mails, notes and shells, and with its scheme."""
    plain = text.strip(_AROUND)
    while len(plain) > 2 and plain[0] + plain[-1] in _PAIRS:
        plain = plain[1:-1].strip(_AROUND)
    # A link in Markdown, and the sentence in which apps wrap what they share.
    told = re.fullmatch(r"\[[^\]]*\]\((\S+)\)", plain) or re.fullmatch(r"(?s)(?:(?!://).)+?\s(https?://\S+)", plain)
    plain = told[1] if told else plain
    if re.match(r"(?i)(?:https?|spotify|soundcloud)%3a", plain):
        plain = unquote(plain)
    host = re.split(r"[/?#:]", plain.removeprefix("//"), maxsplit=1)[0].lower()
    if host in _KNOWN_HOSTS:
        plain = f"https://{plain.removeprefix('//')}"
    return plain


def has_app_scheme(plain: str) -> bool:
    """Does it begin as a URI of a service, `spotify:` and the like?"""
    scheme, colon, _rest = plain.partition(":")
    return bool(colon) and scheme.lower() in _APP_SCHEMES
