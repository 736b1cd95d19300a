import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import av
import pytest
from tinytag import TinyTag

from music_sync.adapters.fingerprint_chromaprint import fingerprinter
from music_sync.adapters.sources.folder import FolderSource
from music_sync.adapters.sources.list import ListSource
from music_sync.audio.fingerprint import SAME_RECORDING, bit_error_rate
from music_sync.audio.measure import measure
from music_sync.demo.offers import Offer, Offers, lay_out
from music_sync.model.errors import GiveUp
from music_sync.model.track import Analysis

LINK_BASE = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Offers:
    return lay_out(tmp_path_factory.mktemp("world"), LINK_BASE)


def file_of(offer: Offer, world: Offers) -> Path:
    if offer.where == "link":
        return world.served / unquote(urlsplit(offer.address).path).removeprefix("/")
    return Path(offer.address)


def named(label: str, world: Offers) -> Offer:
    return next(offer for offer in world.offers if offer.label == label)


def announced_and_decoded_s(path: Path) -> tuple[float, float]:
    with av.open(str(path)) as container:
        announced = (container.duration or 0) / 1_000_000
        decoded = 0.0
        try:
            for frame in container.decode(audio=0):
                decoded += frame.samples / frame.sample_rate
        except av.InvalidDataError:  # the frame that the cut went through
            return announced, decoded
    return announced, decoded


def snapshot(world: Offers) -> dict[Path, tuple[int, bytes]]:
    files = [path for path in world.likes.parent.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def measured(offer: Offer, world: Offers) -> Analysis:
    return measure(file_of(offer, world), fingerprinter(), lambda _: None)


def as_expected(world: Offers) -> dict[str, str]:
    return {offer.address: offer.expected for offer in world.offers}


def test_every_offer_lies_where_its_address_says(world: Offers) -> None:
    found = {file_of(offer, world) for offer in world.offers}
    lying = {path for path in world.likes.parent.rglob("*") if path.is_file()}

    assert lying == found | {world.likes, *world.ignored}
    assert len(found) == len(world.offers)


def test_twelve_good_pieces_come_by_all_three_ways(world: Offers) -> None:
    good = [offer for offer in world.offers if offer.expected == "synced"]

    assert {offer.where for offer in good} == {"drop", "list", "link"}
    assert {file_of(offer, world).suffix for offer in good} == {".mp3", ".m4a", ".opus", ".flac", ".wav"}
    assert world.expected_counts == {"synced": 15, "already_have": 1, "review": 0, "buy_list": 1, "failed": 2}


def test_labels_and_addresses_are_unique(world: Offers) -> None:
    assert len({offer.label for offer in world.offers}) == len(world.offers)
    assert len({offer.address for offer in world.offers}) == len(world.offers)


def test_the_list_tells_the_full_length_of_everything_that_is_not_in_the_drop_folder(world: Offers) -> None:
    lines = world.likes.read_text(encoding="utf-8").splitlines()
    told = dict(zip(lines[3::2], lines[2::2], strict=True))
    expected = {
        offer.address if offer.where == "link" else os.path.relpath(offer.address, world.likes.parent): offer
        for offer in world.offers
        if offer.where != "drop"
    }

    assert lines[0] == "#EXTM3U"
    assert told.keys() == expected.keys()
    for address, offer in expected.items():
        if offer.piece:
            assert told[address] == f"#EXTINF:{round(offer.piece.length_s)},{offer.piece.label}"


def test_good_files_are_as_long_as_their_pieces(world: Offers) -> None:
    for offer in world.offers:
        if offer.piece and offer.expected in {"synced", "already_have"}:
            announced_s, decoded_s = announced_and_decoded_s(file_of(offer, world))

            assert announced_s == pytest.approx(offer.piece.length_s, abs=0.1)
            assert decoded_s == pytest.approx(offer.piece.length_s, abs=0.1)


def test_the_preview_is_whole_in_itself_and_30_s_long(world: Offers) -> None:
    preview = named("Test Tone - Preview Only", world)

    assert announced_and_decoded_s(file_of(preview, world)) == pytest.approx((30, 30), abs=0.1)
    assert preview.expected == "buy_list"


def test_the_broken_file_announces_more_than_it_holds(world: Offers) -> None:
    broken = named("Test Tone - Broken Off", world)
    announced_s, decoded_s = announced_and_decoded_s(file_of(broken, world))

    assert announced_s == pytest.approx(45, abs=0.1)
    assert decoded_s == pytest.approx(45 * 0.42, abs=2)  # of the bytes, which a FLAC spreads unevenly


def test_the_page_is_no_audio_at_all(world: Offers) -> None:
    page = file_of(named("Test Tone - Sign In To Listen", world), world)

    with pytest.raises(av.InvalidDataError):
        av.open(str(page))


@pytest.mark.parametrize("label", ["Test Tone - Broken Off", "Test Tone - Sign In To Listen"])
def test_what_must_fail_cannot_be_measured(label: str, world: Offers) -> None:
    with pytest.raises(GiveUp):
        measured(named(label, world), world)


def test_what_must_be_filed_measures_as_its_piece_in_every_encoding(world: Offers) -> None:
    for offer in world.offers:
        if offer.piece and offer.expected in {"synced", "already_have"}:
            analysis = measured(offer, world)

            assert analysis.tempo is not None
            assert analysis.tempo.bpm == pytest.approx(offer.piece.tempo_bpm, abs=0.05), offer.label
            assert analysis.key is not None
            assert analysis.key.name == offer.piece.key.name, offer.label
            assert analysis.length_s == pytest.approx(offer.piece.length_s, abs=0.1)


def test_the_twins_sound_alike_and_the_remix_does_not(world: Offers) -> None:
    late = next(offer for offer in world.offers if offer.expected == "already_have")
    plain = named("Test Tone - Four On The Floor", world)
    remixed = named("Test Tone - Four On The Floor (Halogen Remix)", world)
    prints = {offer: measured(offer, world).fingerprint for offer in (late, named(late.twin_of, world), plain, remixed)}

    assert bit_error_rate(prints[late], prints[named(late.twin_of, world)]) < SAME_RECORDING / 2
    assert bit_error_rate(prints[plain], prints[remixed]) > 0.3


def test_the_twins_are_one_piece_in_two_encodings_and_only_one_has_the_isrc(world: Offers) -> None:
    late = next(offer for offer in world.offers if offer.expected == "already_have")
    early = named(late.twin_of, world)
    assert early.piece
    assert late.piece
    late_tags, early_tags = TinyTag.get(file_of(late, world)), TinyTag.get(file_of(early, world))

    assert early.twin_of == late.label
    assert (late.piece.seed, late.piece.title) == (early.piece.seed, early.piece.title)
    assert early_tags.other["isrc"] == [early.piece.isrc]
    assert "isrc" not in late_tags.other


def test_one_file_is_tagged_and_one_is_named_to_do_harm(world: Offers) -> None:
    climber = TinyTag.get(world.drop / "climber.flac")
    names = [path.name for path in world.drop.iterdir()]

    assert (climber.artist, climber.title) == ("..", "../../../../etc/evil")
    assert "-rf ..\\..\\etc\\evil - $(touch owned); 100%d.flac" in names


def test_what_must_be_ignored_lies_in_the_drop_folder_and_is_no_offer(world: Offers) -> None:
    assert {path.parent for path in world.ignored} == {world.drop}
    assert all(path.name.startswith(".") or path.suffix == ".part" for path in world.ignored)
    assert all(world.at(str(path)) is None for path in world.ignored)


def test_a_drop_folder_finds_what_it_is_offered_and_nothing_else_without_waiting(world: Offers) -> None:
    source = FolderSource(world.drop, sleep=lambda _: pytest.fail("waited for files that are old"))
    found = {str(track.path) for track in source.detect()}

    assert found == {offer.address for offer in world.offers if offer.where == "drop"}
    assert source.messages == []


def test_a_list_finds_its_paths_and_links_with_words_and_full_lengths(world: Offers) -> None:
    source = ListSource(world.likes)
    found = {str(track.path or track.url): track for track in source.detect()}

    assert source.messages == []
    assert found.keys() == {offer.address for offer in world.offers if offer.where != "drop"}
    for offer in world.offers:
        if offer.where != "drop" and offer.piece:
            assert found[offer.address].label == offer.piece.label
            assert found[offer.address].length_s == offer.piece.length_s


def test_an_offer_is_found_by_its_address(world: Offers) -> None:
    assert [world.at(offer.address) for offer in world.offers] == list(world.offers)


def test_laying_out_again_changes_nothing(world: Offers) -> None:
    before = snapshot(world)
    again = lay_out(world.likes.parent, LINK_BASE)

    assert again == world
    assert snapshot(world) == before


def test_a_lost_file_comes_back_byte_for_byte_even_after_a_kill_in_the_middle(world: Offers) -> None:
    lost = file_of(named("Vantage - Eleven Floors", world), world)
    before = snapshot(world)
    lost.unlink()
    (lost.parent / f".writing-{lost.name}").write_bytes(b"half")
    lay_out(world.likes.parent, LINK_BASE)
    after = snapshot(world)

    assert after == before


def test_another_port_changes_only_the_links(world: Offers, tmp_path: Path) -> None:
    before = snapshot(world)
    moved = lay_out(world.likes.parent, "http://127.0.0.1:9000")
    changed = {path for path, content in snapshot(moved).items() if before[path] != content}
    lay_out(world.likes.parent, LINK_BASE)

    assert changed == {world.likes}
    assert moved.at("http://127.0.0.1:9000/Vantage%20-%20Eleven%20Floors.opus") is not None


def test_nothing_is_unmet_when_all_ends_as_expected(world: Offers) -> None:
    assert world.unmet(as_expected(world)) == ()


def test_either_twin_may_be_the_one_that_is_filed(world: Offers) -> None:
    endings = as_expected(world)
    late = next(offer for offer in world.offers if offer.expected == "already_have")
    early = named(late.twin_of, world)
    endings |= {late.address: "synced", early.address: "already_have"}

    assert world.unmet(endings) == ()


def test_two_filed_twins_are_unmet(world: Offers) -> None:
    late = next(offer for offer in world.offers if offer.expected == "already_have")
    unmet = world.unmet(as_expected(world) | {late.address: "synced"})

    assert len(unmet) == 2
    assert all("Open Window" in sentence for sentence in unmet)


def test_an_offer_that_ended_wrongly_or_not_at_all_is_named_with_its_reason(world: Offers) -> None:
    preview = named("Test Tone - Preview Only", world)
    good = named("Ferro - Night Ledger", world)
    endings = as_expected(world) | {preview.address: "synced"}
    del endings[good.address]

    assert world.unmet(endings) == (
        "Ferro - Night Ledger (link) ended as nothing, expected was synced: a direct link to a FLAC",
        "Test Tone - Preview Only (link) ended as synced, expected was buy_list: a 30-second preview is no track",
    )
