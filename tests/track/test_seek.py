"""Which of a site's offers is a track: told by words, version and length, never by rank."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.journeys.bad_files import encoded
from tests.track.examples import no_progress, track

from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.model.endings import Match, OnBuyList
from music_sync.model.errors import GiveUp, ServiceUnavailable, SyncError
from music_sync.model.ports import Offer, Progress
from music_sync.model.track import FetchedFile, FoundTrack
from music_sync.track.acquire import acquire, brought
from music_sync.track.candidates import Said
from music_sync.track.seek import refusals, seek

WANTED = track("x", url="spotify:track:x", length_s=200.0)
UNASKED = Said()
GOOD = Offer("https://site.test/good", "Moderat", "Bad Kingdom", 200.5)


@dataclass
class Site:
    """A provider that searches these sites, and brings files or fails by the page."""

    hits: dict[str, Sequence[Offer]]
    files: dict[str, Path | SyncError] = field(default_factory=dict)
    own: bool = False
    name: str = "extractors"
    asked: list[str] = field(default_factory=list)

    @property
    def sites(self) -> Sequence[str]:
        return tuple(self.hits)

    def offers(self, found: FoundTrack) -> bool:  # noqa: ARG002 - the port names them
        return self.own

    def search(self, found: FoundTrack, site: str) -> Sequence[Offer]:  # noqa: ARG002 - the port names them
        self.asked.append(site)
        return self.hits[site]

    def fetch(self, found: FoundTrack, folder: Path, progress: Progress) -> Path:  # noqa: ARG002 - the port names them
        self.asked.append(found.url)
        came = self.files[found.url]
        if isinstance(came, SyncError):
            raise came
        return came

    def peek(self, found: FoundTrack) -> Path | None:  # noqa: ARG002 - the port names them
        return None


def at(*offers: Offer, **more: object) -> Site:
    return Site({"site": offers}, **more)  # type: ignore[arg-type]


def chosen(*offers: Offer, found: FoundTrack = WANTED, said: Said = UNASKED) -> tuple[list[str], str, list[str]]:
    """Pages of the sure ones, of the doubt, and of the refused."""
    choice = seek(found, at(*offers), "site", said)
    doubt = choice.doubt.candidate.url if choice.doubt else ""
    return [each.candidate.url for each in choice.sure], doubt, [each.candidate.url for each in choice.refused]


def bring(site: Site, folder: Path, found: FoundTrack = WANTED) -> FetchedFile | OnBuyList | Match:
    def seeking(found: FoundTrack, _provider: object, where: str) -> object:
        return seek(found, site, where, Said())

    return acquire(found, [site], MutagenTagger(), folder, no_progress, seek=seeking)  # type: ignore[arg-type]


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    path = tmp_path / "came.flac"
    path.write_bytes(encoded(0, "flac"))
    return path


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (replace(GOOD, title="Bad Kingdom (Live)"), "version words differ"),
        (replace(GOOD, title="Bad Kingdom (Someone Remix)"), "version words differ"),
        (replace(GOOD, title="Bad Kingdom (Moderat Cover)", artist="Someone"), "differ"),
        (replace(GOOD, title="Bad Kingdom (Instrumental)"), "version words differ"),
        (replace(GOOD, length_s=30.0), "as long as a preview"),
        (replace(GOOD, length_s=420.0), "220 s apart"),
        (replace(GOOD, artist="Bad Kingdom Band", title="Slow Match"), "titles differ"),
        (replace(GOOD, refusal="only a preview of 30 seconds is played there"), "only a preview"),
    ],
)
def test_p22_what_is_not_the_track_is_refused_with_its_reason_wherever_it_stands(wrong: Offer, why: str) -> None:
    """P21 P22"""
    wrong = replace(wrong, url="https://site.test/wrong")

    sure, doubt, refused = chosen(wrong, GOOD)
    told = refusals(seek(WANTED, at(wrong, GOOD), "site", Said()))

    assert (sure, doubt, refused) == ([GOOD.url], "", [wrong.url])
    assert why in told[0].text
    assert wrong.url in told[0].text
    assert told[0].score is not None


def test_p24_title_words_and_a_great_length_alone_refuse_nothing() -> None:
    """P24"""
    found = track("x", "Sunset Alive (Remix)", length_s=900.0)

    assert chosen(Offer("u", "Moderat", "Sunset Alive (Remix)", 899.0), found=found)[0] == ["u"]


def test_the_likest_is_first_and_of_equals_the_sites_own_order_counts() -> None:
    worse = replace(GOOD, url="worse", title="Bad Kingdom [Official Audio HQ]", artist="Moderat & Friends")
    again = replace(GOOD, url="again")

    assert chosen(worse, GOOD, again)[0][:2] == [GOOD.url, "again"]


def test_p22_without_a_length_words_alone_decide_nothing() -> None:
    """P22"""
    assert chosen(GOOD, found=replace(WANTED, length_s=None)) == ([], GOOD.url, [])


def test_a_doubt_stands_back_when_something_is_sure() -> None:
    near = replace(GOOD, url="near", length_s=209.0)

    assert chosen(near)[1] == "near"
    assert chosen(near, GOOD)[1] == ""


def test_the_tracks_own_page_is_not_offered_again() -> None:
    assert chosen(GOOD, found=replace(WANTED, url=GOOD.url)) == ([], "", [])


def test_a_person_is_believed_of_the_offer_that_was_shown_and_of_no_other() -> None:
    near, other = replace(GOOD, url="near", length_s=209.0), replace(GOOD, url="other", length_s=208.0)
    said = Said(is_it=True, of="near (Moderat - Bad Kingdom, 3:29) may be ...")

    def verdict(offer: Offer) -> str:
        doubt = seek(WANTED, at(offer), "site", said).doubt
        return doubt.verdict if doubt else ""

    assert (verdict(near), verdict(other)) == ("same", "unsure")


def test_what_a_person_said_is_another_is_not_asked_again() -> None:
    assert chosen(replace(GOOD, length_s=209.0), said=Said(apart={""}))[1] == ""


# Acquiring


def test_what_a_search_finds_is_brought_with_the_reasons(audio: Path, tmp_path: Path) -> None:
    found = replace(WANTED, length_s=5.0)
    site = at(replace(GOOD, length_s=5.1), files={GOOD.url: audio})

    came = bring(site, tmp_path, found)

    assert isinstance(came, FetchedFile)
    assert came.place == GOOD.url
    assert brought(found, came)[0].text == f"brought by `extractors` from {GOOD.url}"
    assert any("the titles are the same" in reason.text for reason in brought(found, came))


def test_p23_a_dead_hit_leaves_it_to_the_next(audio: Path, tmp_path: Path) -> None:
    """P23"""
    found = replace(WANTED, length_s=5.0)
    hits = [replace(GOOD, url=url, length_s=5.0) for url in ("dead", "good")]
    site = at(*hits, files={"dead": GiveUp("no such track (404)", "not_there"), "good": audio})

    came = bring(site, tmp_path, found)

    assert isinstance(came, FetchedFile)
    assert came.refusals == (("extractors", "dead: no such track (404)"),)


def test_p21_audio_that_is_shorter_than_was_told_is_refused_and_told_on_the_buy_list(
    audio: Path, tmp_path: Path
) -> None:
    """P21 P22"""
    came = bring(at(GOOD, files={GOOD.url: audio}), tmp_path)

    assert isinstance(came, OnBuyList)
    assert "5 s, announced are 200 s" in came.reason


def test_no_more_than_three_hits_are_tried(tmp_path: Path) -> None:
    hits = [replace(GOOD, url=str(number)) for number in range(6)]
    site = at(*hits, files={each.url: GiveUp("gone", "not_there") for each in hits})

    assert isinstance(bring(site, tmp_path), OnBuyList)
    assert site.asked == ["site", "0", "1", "2"]


def test_its_own_page_comes_first_and_without_a_search(audio: Path, tmp_path: Path) -> None:
    site = at(GOOD, own=True, files={WANTED.url: audio})

    assert isinstance(bring(site, tmp_path), FetchedFile)
    assert site.asked == [WANTED.url]


def test_a_page_that_only_previews_leaves_it_to_a_search(tmp_path: Path) -> None:
    refused = GiveUp("only a preview", "preview")
    site = at(own=True, files={WANTED.url: refused})

    came = bring(site, tmp_path)

    assert isinstance(came, OnBuyList)
    assert "only a preview" in came.reason
    assert site.asked == [WANTED.url, "site"]


def test_a_second_site_is_searched_only_when_the_first_has_nothing(audio: Path, tmp_path: Path) -> None:
    found = replace(WANTED, length_s=5.0)
    good = replace(GOOD, length_s=5.0)
    first = Site({"one": [good], "two": [good]}, {GOOD.url: audio})
    second = Site({"one": [], "two": [good]}, {GOOD.url: audio})

    bring(first, tmp_path, found)
    bring(second, tmp_path, found)

    assert first.asked == ["one", GOOD.url]
    assert second.asked == ["one", "two", GOOD.url]


def test_what_is_in_doubt_is_for_a_person_with_both_sides(tmp_path: Path) -> None:
    """P22"""
    came = bring(at(replace(GOOD, length_s=209.0)), tmp_path)

    assert isinstance(came, Match)
    assert came.verdict == "unsure"
    assert all(part in came.reasons[0].text for part in (GOOD.url, "3:29", "3:20", "Moderat - Bad Kingdom"))


def test_a_site_that_is_away_is_waited_for(tmp_path: Path) -> None:
    site = at(GOOD, files={GOOD.url: ServiceUnavailable("away")})

    with pytest.raises(ServiceUnavailable):
        bring(site, tmp_path)
