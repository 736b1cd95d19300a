"""Audio that comes in pieces (HLS): all of them or none, joined into a file that every player takes."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from music_sync.adapters.first_bytes import ENOUGH_BYTES, audio_ending, what_it_is
from music_sync.adapters.providers.part_file import settle
from music_sync.audio.container import demuxed
from music_sync.model.errors import GiveUp
from music_sync.model.ports import Progress


def load_pieces(downloader: Any, chosen: Mapping[str, Any], stem: Path, progress: Progress, most_bytes: int) -> Path:
    """Load all pieces into `<stem>.<ending>`; a second call goes on behind the last piece that is here.

    Raises GiveUp when one is gone (the others would be a track with a hole), or for protected ones; OSError when
    staging cannot be written; what the calls of `downloader` raise.
    """
    from yt_dlp.utils import YoutubeDLError

    joined = stem.with_name(f"{stem.name}.pieces")
    loader = _loader(downloader, progress, most_bytes)
    try:
        done, _ = loader.download(str(joined), dict(chosen))
    except YoutubeDLError as error:
        raise next(_writing_faults(error), None) or _incomplete() from error
    finally:
        loader.let_go()
    if not done or not joined.is_file():
        raise _incomplete()
    head = _head(joined)
    ending = audio_ending(head)
    if not ending:
        raise GiveUp(f"what came in pieces is not audio but {what_it_is(head)}", "not_audio")
    target = stem.with_name(f"{stem.name}.{ending}")
    settle(joined, target)
    progress(1.0)
    return target


def in_one_piece(path: Path) -> Path:
    """The same sound in an MP4 with one index, where it came in fragments: many players and DJ programs need that.

    Nothing is decoded; all other files stay as they are. Raises GiveUp when it cannot be read to its end.
    """
    if path.suffix != ".m4a" or b"moof" not in _head(path):
        return path
    from av.error import FFmpegError

    beside = path.with_name(f"{path.name}.one")
    try:
        _copy_packets(path, beside)
    except FFmpegError as error:
        raise GiveUp(f"{path.name} cannot be read to its end ({error.strerror})", "truncated") from error
    settle(beside, path)
    return path


def _copy_packets(path: Path, target: Path) -> None:
    from av import open as av_open

    with (
        demuxed(path, "mov") as source,
        av_open(f"file:{target.absolute()}", "w", format="ipod") as copy,
    ):
        stream = source.streams.audio[0]
        written = copy.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = written
                copy.mux(packet)


def _loader(downloader: Any, progress: Progress, most_bytes: int) -> Any:
    """yt-dlp's reader of HLS, without its way out to other programs."""
    from yt_dlp.downloader.hls import HlsFD

    class Pieces(HlsFD):  # type: ignore[misc] # yt-dlp tells no types
        @classmethod
        def can_download(cls, manifest: str, *rest: Any) -> bool:
            _refuse_protected(manifest)
            if not super().can_download(manifest, *rest):
                raise GiveUp("it comes in pieces of a kind that cannot be joined", "no_audio")
            return True

        def _prepare_frag_download(self, ctx: dict[str, Any]) -> None:
            self._under_way = ctx
            super()._prepare_frag_download(ctx)

        def let_go(self) -> None:
            """Close the part; yt-dlp leaves it open when it breaks off."""
            part = getattr(self, "_under_way", {}).get("dest_stream")
            if part is not None:
                part.close()

    loader = Pieces(downloader, {**downloader.params, "noprogress": True, "continuedl": True})
    loader.add_progress_hook(lambda state: _tell(state, progress, most_bytes))
    return loader


def _refuse_protected(manifest: str) -> None:
    if "#EXT-X-KEY" in manifest and "METHOD=NONE" not in manifest:
        raise GiveUp("it is protected against copies (DRM), which is not touched", "drm")


def _tell(state: Mapping[str, Any], progress: Progress, most_bytes: int) -> None:
    if (state.get("downloaded_bytes") or 0) > most_bytes:
        raise GiveUp(f"it is larger than {most_bytes / 1024**3:.3g} GiB", "too_large")
    if state["status"] == "downloading" and state.get("fragment_count"):
        progress(min(1.0, state["fragment_index"] / state["fragment_count"]))


def _incomplete() -> GiveUp:
    return GiveUp("a piece of its audio is not there, and with a hole it is no track", "incomplete")


def _writing_faults(error: BaseException) -> Iterator[OSError]:
    """Faults of this machine behind an error of yt-dlp's; the network raises none here."""
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, OSError):
            yield behind
        behind = behind.__cause__ or behind.__context__


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(ENOUGH_BYTES)
