"""The demo's world in a folder, good and bad, and what must come of each thing in it."""

import os
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from music_sync.demo.music import (
    ODD_PIECES,
    PIECES,
    SAMPLE_RATE_HZ,
    Piece,
    remix,
    render,
    tag_words,
    write_encoded,
    write_tags,
)
from music_sync.model.happenings import Happening, Tell


@dataclass(frozen=True)
class Offer:
    """One track that the demo's world offers, and how its journey must end."""

    label: str
    """What a person calls it, unique among the offers."""
    where: str
    """drop, list (a local path in the list), link (an address in the list) or the service at which it is liked."""
    address: str
    """The absolute path, the link or the id under which a source finds it."""
    piece: Piece | None
    """Its true tempo and key; None when it is no music at all, or only its name is offered."""
    expected: str
    """An ending's name: synced, already_have, buy_list or failed."""
    why: str
    """One sentence for a person."""
    twin_of: str = ""
    """Label of an offer of the same recording: of the two one is filed and one becomes a link, in either order."""


@dataclass(frozen=True)
class Offers:
    """All that was laid out. Every address appears once; what is ignored is no offer."""

    drop: Path
    """The drop folder."""
    likes: Path
    """An M3U8 list with local paths and links; its EXTINF lines hold the full lengths."""
    served: Path
    """What a loopback server must serve as `link_base`."""
    offers: tuple[Offer, ...]
    ignored: tuple[Path, ...]
    """Files in the drop folder that no source may look at."""

    def joined_by(self, more: Sequence[Offer]) -> "Offers":
        """The same with offers that need nothing laid out."""
        return replace(self, offers=(*self.offers, *more))

    @property
    def expected_counts(self) -> dict[str, int]:
        """Ending name -> how many offers must end so."""
        endings = [offer.expected for offer in self.offers]
        return {ending: endings.count(ending) for ending in ("synced", "already_have", "review", "buy_list", "failed")}

    def at(self, address: str) -> Offer | None:
        """The offer behind a path or a link."""
        return next((offer for offer in self.offers if offer.address == address), None)

    def unmet(self, endings: Mapping[str, str]) -> tuple[str, ...]:
        """One sentence for each offer that ended otherwise than it must; `endings` holds ending names by address."""
        return tuple(
            f"{offer.label} ({offer.where}) ended as {endings.get(offer.address, 'nothing')}, "
            f"expected was {offer.expected}: {offer.why}"
            for offer in self.offers
            if not self._is_met(offer, endings)
        )

    def _is_met(self, offer: Offer, endings: Mapping[str, str]) -> bool:
        pair = [offer, *(twin for twin in self.offers if twin.label == offer.twin_of)]
        return sorted(endings.get(each.address, "") for each in pair) == sorted(each.expected for each in pair)


def lay_out(folder: Path, link_base: str, tell: Tell = lambda _: None) -> Offers:
    """Write drop folder, list and served files below `folder`, and say what must come of them.

    `link_base` is the address, without a slash at its end, at which `served` will be found. Files that are there
    already are left alone, so that a second time costs nothing and changes nothing. Each file is told when it is there.
    """
    folder = folder.resolve()
    for name in _FOLDERS.values():
        (folder / name).mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=2) as pool:
        written = pool.map(lambda planned: _once(folder / planned.place, planned.write), _PLAN)
        for number, path in enumerate(written, start=1):
            tell(Happening(path.name, path.name, "lay out", "progress", number / len(_PLAN)))
    ignored = tuple(_once(folder / _FOLDERS["drop"] / name, _writer_of(content)) for name, content in _IGNORED.items())
    offers = tuple(planned.offer(folder, link_base) for planned in _PLAN)
    likes = folder / "likes.m3u8"
    _write_list(likes, _m3u8(zip(_PLAN, offers, strict=True)))
    return Offers(folder / _FOLDERS["drop"], likes, folder / _FOLDERS["link"], offers, ignored)


# The plan

_FOLDERS = {"drop": "drop", "list": "records", "link": "served"}
_WRITTEN_AT_S = 1_767_225_600
"""Start of 2026: a folder source need not wait for older files to be still, and a file that comes back is the same one."""
_PREVIEW_S = 30
_CUT_AT = 0.42


@dataclass(frozen=True)
class _Planned:
    """A file to be written. `flaw`: preview, cut, page, untagged or nothing."""

    where: str
    codec: str
    piece: Piece
    why: str
    expected: str = "synced"
    flaw: str = ""
    name: str = ""
    """File name without ending, where it is not the piece's label."""
    label: str = ""
    """Where it is not the piece's label."""
    twin_of: str = ""

    @property
    def place(self) -> str:
        """Relative to the folder."""
        ending = "mp3" if self.flaw == "page" else self.codec
        return f"{_FOLDERS[self.where]}/{self.name or self.piece.label}.{ending}"

    def offer(self, folder: Path, link_base: str) -> Offer:
        path = folder / self.place
        address = f"{link_base}/{quote(path.name)}" if self.where == "link" else str(path)
        piece = None if self.flaw == "page" else self.piece
        label = self.label or self.piece.label
        return Offer(label, self.where, address, piece, self.expected, self.why, self.twin_of)

    def write(self, path: Path) -> None:
        if self.flaw == "page":
            path.write_text(_PAGE, encoding="utf-8")
            return
        samples = render(self.piece)
        if self.flaw == "preview":
            samples = samples[: _PREVIEW_S * SAMPLE_RATE_HZ]
        write_encoded(path, samples, SAMPLE_RATE_HZ, self.codec)
        if self.codec != "wav" and self.flaw != "untagged":
            write_tags(path, tag_words(self.piece))
        if self.flaw == "cut":
            os.truncate(path, int(path.stat().st_size * _CUT_AT))


def _good(where: str, codec: str, piece: Piece, why: str, name: str = "") -> _Planned:
    return _Planned(where, codec, piece, why, name=name)


_PREVIEWED, _BROKEN_OFF, _CLIMBER, _SHELL_NAME = ODD_PIECES
_TWICE = PIECES[7]
_TWICE_AS_MP3 = f"{_TWICE.label}, as MP3"
# The second encoding carries no ISRC: only the sound itself can tell that it is the same recording.
# It is a file as well: behind a link it would not be fetched, for the one in the drop folder is owned already.
_TWICE_WITHOUT_ISRC = replace(_TWICE, isrc="", album="")
_PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in to go on.</body></html>\n"
_PAGE_PIECE = Piece("Test Tone", "Sign In To Listen", 120.0, 0, "major", 45.0, 0, "", "", 2026, "")

# Only three are MP3 and one is AAC, since those take ten times as long to encode as the others.
_PLAN: tuple[_Planned, ...] = (
    _good("drop", "mp3", PIECES[0], "a good MP3"),
    _good("drop", "flac", PIECES[1], "a good FLAC, its tempo has a decimal"),
    _good("drop", "m4a", PIECES[3], "its name is spelt as macOS does", unicodedata.normalize("NFD", PIECES[3].label)),
    _good("list", "wav", PIECES[2], "no tags at all: the list knows its name"),
    _good("list", "opus", PIECES[4], "a good Opus file, its name is not Latin"),
    _good("list", "flac", PIECES[5], "a good FLAC, its tempo has two decimals"),
    _good("list", "flac", remix(PIECES[0]), "a remix is another recording than the track whose title it has"),
    _good("link", "mp3", PIECES[6], "a direct link to an MP3"),
    _good("link", "flac", PIECES[8], "a direct link to a FLAC"),
    _good("link", "flac", PIECES[9], "a direct link to a FLAC"),
    _good("link", "flac", PIECES[10], "a direct link to a FLAC"),
    _good("link", "opus", PIECES[11], "a direct link to an Opus file"),
    _Planned("drop", "flac", _TWICE, "it arrives twice and is filed once", twin_of=_TWICE_AS_MP3),
    _Planned(
        "list",
        "mp3",
        _TWICE_WITHOUT_ISRC,
        "it sounds like the one in the drop folder",
        expected="already_have",
        label=_TWICE_AS_MP3,
        twin_of=_TWICE.label,
    ),
    _Planned("drop", "flac", _CLIMBER, "its tags try to leave the library; it stays inside", name="climber"),
    _Planned("drop", "flac", _SHELL_NAME, "its file name is taken literally", flaw="untagged"),
    _Planned("link", "opus", _PREVIEWED, "a 30-second preview is no track", expected="buy_list", flaw="preview"),
    _Planned("drop", "flac", _BROKEN_OFF, "the file breaks off at 42 %", expected="failed", flaw="cut"),
    _Planned("link", "mp3", _PAGE_PIECE, "a web page with an MP3's name", expected="failed", flaw="page"),
)

_IGNORED: dict[str, bytes] = {
    # What macOS leaves beside a file on a foreign drive, and what a browser has not finished yet.
    f"._{PIECES[0].label}.mp3": bytes.fromhex("00051607 00020000") + b"Mac OS X        " + bytes(2),
    f"{PIECES[6].label}.mp3.part": b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(4096),
}


# Writing


def _once(path: Path, write: Callable[[Path], None]) -> Path:
    """Written beside the target, then renamed: a file that is there is whole and need not be written again."""
    if not path.exists():
        half_done = path.with_name(f".writing-{path.name}")
        write(half_done)
        os.utime(half_done, (_WRITTEN_AT_S, _WRITTEN_AT_S))
        half_done.replace(path)
    return path


def _writer_of(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def _m3u8(planned: Iterable[tuple[_Planned, Offer]]) -> str:
    """Paths relative to the list, as players write them, and links as they are."""
    lines = ["#EXTM3U", "#PLAYLIST:Demo likes"]
    for plan, offer in planned:
        if plan.where != "drop":
            lines.append(f"#EXTINF:{round(plan.piece.length_s)},{plan.piece.label}")
            lines.append(plan.place if plan.where == "list" else offer.address)
    return "\n".join(lines) + "\n"


def _write_list(path: Path, text: str) -> None:
    """The links change with the server's port, so an older list is replaced; an equal one keeps its time of writing."""
    if path.exists() and path.read_text(encoding="utf-8") != text:
        path.unlink()
    _once(path, _writer_of(text.encode()))
