"""A story is told in plain sentences, in the order of time."""

from dataclasses import replace

from music_sync.model.endings import Reason
from music_sync.model.story import Asked, AtSource, Attempt, Entry, Membership, OnList, Owned, Story, Told, Verdict
from music_sync.track.why import told

BEGAN, ENDED = "2026-11-23T10:00:00Z", "2026-11-23T10:05:00.250Z"
ATTEMPT = Attempt(1, "Ann - Waves", Told("Ann", "Waves"), "", "synced", "filed", "", "nobody", "a" * 32, BEGAN, ENDED)
NEW = Verdict(
    "2026-11-23T10:01:00Z", "match", "new", "", (Reason("nothing_like_it", "no recording of ours is like it"),)
)
OWNED = Owned("a" * 32, "Ann", "Waves", "", "", 200.0)


def sentences(*attempts: Attempt, lists: tuple[OnList, ...] = (), source: str = "spotify", **more: object) -> list[str]:
    place = AtSource(source, "1", attempts, lists)
    return [event.text for event in told(Story(None, (place,), **more))]  # type: ignore[arg-type]


def test_a_track_is_told_from_the_like_to_the_playlist() -> None:
    """P19 P29 P33"""
    brought = Verdict(
        "2026-11-23T10:02:00Z", "acquire", "fetched", "", (Reason("owned", "brought by `owned` from /m/a.flac"),)
    )
    again = replace(NEW, at="2026-11-23T10:03:00Z", stage="match sound")
    story = Story(
        OWNED,
        (
            AtSource(
                "spotify",
                "1",
                (replace(ATTEMPT, verdicts=(NEW, brought, again)),),
                (
                    OnList("Liked songs", False, Told(liked_at="2026-11-20T08:00:00Z"), BEGAN),
                    OnList("Warm Up", True, Told(), "2026-11-21T08:00:00Z", gone_at="2026-11-25T00:00:00Z"),
                ),
            ),
        ),
        (
            Entry("2026-11-23T10:04:00Z", "filed", "Ann/W.aiff", "aiff"),
            Entry("2026-11-23T10:04:00Z", "filed", "Ann/W.m4a", "alac"),
        ),
        (
            Membership(
                "Warm Up",
                "2026-11-23T10:05:00Z",
                (("m3u", "2026-11-23T10:06:00Z"),),
                (("m3u", "2026-11-24T10:06:00Z"),),
            ),
        ),
    )

    assert [event.text for event in told(story)] == [
        "liked at Spotify (Liked songs)",
        "put on the playlist Warm Up at Spotify",
        "compared with your library: no recording of ours is like it",
        "brought by `owned` from /m/a.flac",
        "filed as Ann/W.aiff (aiff) and Ann/W.m4a (alac)",
        "put on your playlist Warm Up",
        "your playlist Warm Up was written (m3u)",
        "your playlist Warm Up waits to be written (m3u) by the next sync",
        "no longer on the playlist Warm Up at Spotify; nothing was taken from your library",
    ]


def test_a_refusal_says_who_goes_on() -> None:
    """P15 P23"""
    failed = replace(ATTEMPT, ending="failed", stage="acquire", reason="x.mp3 is gone (404).")

    assert (
        sentences(replace(failed, next_actor="flow"))[-1] == "failed: x.mp3 is gone (404); the next sync tries it again"
    )
    assert sentences(replace(failed, next_actor="person"))[-1] == "failed: x.mp3 is gone (404); it waits for you"
    assert sentences(replace(failed, next_actor="nobody"))[-1] == (
        "refused at the stage `acquire`: x.mp3 is gone (404);"
        " it is tried again when its source changes it, or by `music-sync retry`"
    )


def test_what_the_ending_says_is_told_once_with_its_score() -> None:
    reason = "sounds like Ann - Waves: 99.6% of the fingerprint is the same"
    same = Verdict(NEW.at, "match sound", "same", "a" * 32, (Reason("fingerprint_length", reason, 0.996),))
    events = told(
        Story(
            None,
            (AtSource("list", "1", (replace(ATTEMPT, ending="already_have", reason=reason, verdicts=(NEW, same)),)),),
        )
    )

    assert [event.text for event in events][1:] == [
        "compared with your library: no recording of ours is like it",
        f"already yours: {reason}",
    ]
    assert (events[-1].score, events[-1].source) == (0.996, "list")


def test_an_attempt_that_was_broken_off_and_the_next_one_are_both_told() -> None:
    running = replace(ATTEMPT, number=2, ending="running", started_at="2026-11-24T10:00:00Z", ended_at="")
    first = replace(ATTEMPT, ending="buy_list", reason="only a preview is offered")

    assert sentences(first, running)[1:] == [
        "on the buy list: only a preview is offered",
        "taken up; it is under way, or was broken off and the next sync goes on",
    ]


def test_a_track_without_a_memory_of_lists_is_told_from_its_first_attempt() -> None:
    liked = replace(ATTEMPT, ending="buy_list", told=Told(liked_at="2026-01-01", playlists=("Friday", "Late", "One")))

    assert sentences(liked)[0] == "liked at Spotify, on Friday, Late and One"
    assert sentences(ATTEMPT, source="folder")[0] == "found in a folder as 1"


def test_a_synced_track_whose_filing_nobody_noted_still_has_an_end() -> None:
    """P29"""
    assert sentences(ATTEMPT)[-1] == "filed: filed"


def test_what_happened_to_the_recording_since_is_told() -> None:
    """P33 P37"""
    at = "2026-11-30T00:00:00Z"
    entries = (
        Entry(at, "refiled", "Ann/W.aiff", "aiff"),
        Entry(at, "taken_over", "Ann/W.aiff", "aiff", is_loss=True),
        Entry(at, "taken_over", "Bob/W.aiff", "aiff"),
        Entry(at, "relinked", "", ""),
        Entry(at, "relinked", "", "", is_loss=True),
        Entry(at, "undo", "", ""),
        Entry(at, "something_newer", "Ann/W.aiff", ""),
    )

    assert sentences(entries=entries) == [
        "filed anew as Ann/W.aiff (aiff)",
        "Ann/W.aiff (aiff) became the file of another recording",
        "filed as Bob/W.aiff (aiff), another's place before",
        "a link of another recording became its",
        "a link of it was found to be another recording",
        "you took a change of it back",
        "something newer Ann/W.aiff",
    ]


def test_what_a_person_said_is_told_without_jargon() -> None:
    said = [
        Verdict(NEW.at, "review", word, "", (Reason("person", "you said so"),))
        for word in ("same", "another", "undone")
    ]

    assert sentences(replace(ATTEMPT, ending="review", reason="looks alike", verdicts=tuple(said)))[1:4] == [
        "you said that it is what it was compared with",
        "you said that it is another recording",
        "you took back what you had said",
    ]


ANSWER = Asked(
    service="musicbrainz",
    state="answered",
    verdict="applied",
    reason="same ISRC DEAB12300001, lengths 0.4 s apart",
    left="",
    name="Ann - Waves",
    facts={"album": "Low Tide", "year": 2021},
    has_cover=False,
    filled=("album",),
    tempo_bpm=None,
    asked_at="2026-11-28T10:00:00Z",
    due_at="",
    tries=1,
)


def asked(**changes: object) -> str:
    [sentence] = sentences(asked=(replace(ANSWER, **changes),))  # type: ignore[arg-type]
    return sentence


def test_what_a_service_told_and_what_was_filled_in_is_told() -> None:
    assert asked() == (
        "MusicBrainz told album Low Tide, year 2021 (same ISRC DEAB12300001, lengths 0.4 s apart); filled in: album"
    )
    assert asked(verdict="needless").endswith("; nothing of it was missing")
    assert asked(verdict="due").endswith("; the next sync fills it in")
    assert asked(verdict="kept", left="Ann/W.flac is not as it was").endswith("; Ann/W.flac is not as it was")
    assert "a tempo of 124 BPM, which is a hint only" in asked(service="deezer", tempo_bpm=124.0)
    assert "told a cover" in asked(service="coverart", facts={}, has_cover=True)


def test_an_answer_that_is_not_believed_says_why() -> None:
    assert asked(verdict="kept", reason="the lengths differ by 30.0 s") == (
        "MusicBrainz takes it for Ann - Waves, not believed: the lengths differ by 30.0 s"
    )


def test_questions_that_wait_are_told() -> None:
    assert asked(state="waiting", tries=0) == "MusicBrainz is to be asked what it is; the next sync does"
    assert asked(state="waiting", reason="it is away") == (
        "MusicBrainz gave no answer yet: it is away; a later sync asks again"
    )
    assert asked(state="nothing", reason="it knows nothing of it", due_at="2027-01-01T00:00:00Z") == (
        "MusicBrainz was asked what it is: it knows nothing of it; it is asked again some weeks later"
    )


def test_a_change_of_tags_names_its_fields() -> None:
    entry = Entry("2026-11-28T10:00:00Z", "retag", "", "", filled=("album", "cover"))

    assert sentences(entries=(entry,)) == ["its tags were filled in: album, cover"]
