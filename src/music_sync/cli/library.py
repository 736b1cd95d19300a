"""`library`: list and check what is in the library."""

import click

from music_sync.cli import show
from music_sync.cli.replace import replace
from music_sync.model.track import Recording
from music_sync.settings import load


@click.group()
def library() -> None:
    """List and check what is in the library, and put better files in."""


library.add_command(replace)


@library.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a recording, one a line.")
def list_recordings(*, as_json: bool) -> int:
    """Every recording with what was measured and where it lies."""
    from music_sync.wiring import state

    for recording in state.snapshot(load().settings).recordings():
        if as_json:
            show.as_json(shape_of(recording))
        else:
            click.echo(_line(recording))
    return 0


@library.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all findings.")
@click.option("--quick", is_flag=True, help="Look at presence and size only, not at every byte.")
def check(*, as_json: bool, quick: bool) -> int:
    """Compare library and catalogue: every file there, unchanged, and known. Exit 3 when something is found."""
    from music_sync.wiring import state

    findings = list(state.check_library(load().settings, quick=quick))
    if as_json:
        show.as_json({"ok": not findings, "findings": [vars(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"✗ {show.clean(finding.sentence)}")
        click.echo(f"{len(findings)} findings" if findings else "library and catalogue agree")
    return 3 if findings else 0


def shape_of(recording: Recording) -> dict[str, object]:
    """The shape that scripts rely on."""
    analysis = recording.analysis
    tempo, key = analysis.tempo, analysis.key
    return {
        "recording_id": recording.recording_id,
        "artist": recording.artist,
        "title": recording.title,
        "version": recording.version,
        "album": recording.album,
        "isrc": recording.isrc,
        "length_s": analysis.length_s,
        "tempo_bpm": tempo.bpm if tempo else None,
        "tempo_confidence": tempo.confidence if tempo else None,
        "camelot": key.camelot if key else None,
        "key_name": key.name if key else None,
        "key_confidence": key.confidence if key else None,
        "loudness_lufs": analysis.loudness_lufs,
        "codec": recording.codec,
        "bit_rate": recording.bit_rate,
        "cutoff_hz": analysis.cutoff_hz,
        "sources": [{"source": s.source, "source_id": s.source_id, "url": s.url} for s in recording.sources],
        "playlists": list(recording.playlists),
        "files": [vars(file) for file in recording.files],
    }


def _line(recording: Recording) -> str:
    tempo, key = recording.analysis.tempo, recording.analysis.key
    measured = f"{tempo.bpm:6.2f}" if tempo else "     -"
    where = ", ".join(file.path for file in recording.files)
    name = show.clean(recording.label)
    return f"{measured} BPM  {key.camelot if key else '-':>3}  {name}  [{show.clean(where)}]"
