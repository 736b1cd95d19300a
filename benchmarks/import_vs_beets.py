"""Music Sync and beets take the same files into a fresh library, in turns; prints a table and one line of JSON.

    python benchmarks/import_vs_beets.py                  twelve synthesised pieces of three minutes, MP3 at 320 kb/s
    python benchmarks/import_vs_beets.py --files FOLDER   what lies in a folder

Only the ratios count, and only within one run: whatever else the machine does falls on both sides alike.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import ParamSpec, TypeVar

import imageio_ffmpeg

import music_sync
from music_sync.model.formats import AUDIO_ENDINGS

P = ParamSpec("P")
T = TypeVar("T")

OURS, BEETS, PRINTS = "music-sync sync", "beet import, beet write", "fingerprints"
BOTH = "beets and fingerprints"
FILE = "{file}"

UNEQUAL = """
What is unequal:
  Music Sync also measures the key, looks for duplicates by sound, and syncs files and databases to the disk, so that
    a kill or a power cut loses nothing; beets is not asked for a key here, and looks for duplicates by tags.
  beets' tempo is rounded to whole beats a minute, ours is not.
  beets keeps every tag that it knows, Music Sync those that DJs use; neither asks the network.
  beets' peaks are those of samples here, as ours are; its own default, true peaks, takes longer.
  Both use their own default of threads; fingerprints are made on all processors at once.
  The files were read before, so they come from memory and not from the disk.
  Peak memory is that of the largest single process."""


@dataclass(frozen=True)
class Cost:
    """What work took, with all the programs it started."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    """Of the largest process."""

    def then(self, after: "Cost") -> "Cost":
        """The cost of both, one after the other."""
        return Cost(self.wall_s + after.wall_s, self.cpu_s + after.cpu_s, max(self.peak_mb, after.peak_mb))


@dataclass(frozen=True)
class Tools:
    """What takes part, in the environment it runs in."""

    music_sync: tuple[str, ...]
    beet: str
    plugins: tuple[str, ...]
    """Of beets, those that load."""
    fingerprint: tuple[str, ...]
    """A command with FILE where the file goes."""
    environ: Mapping[str, str]


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as name:
        place = Path(name)
        tools = tools_at(options.beet, place)
        folder = options.files or elsewhere(synthesised, place / "pieces", options.pieces, options.length)
        files = sorted(path for path in folder.rglob("*") if path.suffix[1:].lower() in AUDIO_ENDINGS)
        if not files:
            sys.exit(f"{folder} holds no audio; name another folder")
        hours = elsewhere(hours_of, files)
        print(f"{len(files)} files, {hours:.2f} h, {options.rounds} rounds; load {os.getloadavg()[0]:.1f}", flush=True)
        _warm_up(files[0], tools, place / "warm")
        rounds = [one_round(number, folder, files, tools, place / str(number)) for number in range(options.rounds)]
        facts = {"files": len(files), "hours": round(hours, 3), **_machine(tools)}
    middle = {what: _middle([costs[what] for costs in rounds]) for what in (OURS, BEETS, PRINTS, BOTH)}
    print(_table(middle, hours))
    if "autobpm" not in tools.plugins:
        print("\nbeets' autobpm does not load (it needs librosa and resampy), so beets measured NO tempo here.")
    print(UNEQUAL)
    ratios = {theirs: _ratio(middle[theirs], middle[OURS]) for theirs in (BEETS, BOTH)}
    shown = {what: [asdict(costs[what]) for costs in rounds] for what in middle}
    print(json.dumps({"ratios": ratios, "rounds": shown, **facts}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, metavar="FOLDER", help="music to take; default: synthesised pieces")
    parser.add_argument("--pieces", type=int, default=12, help="how many to synthesise, at most 24 (12)")
    parser.add_argument("--length", type=float, default=180.0, metavar="S", help="length of each in seconds (180)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each takes its turn (3)")
    parser.add_argument("--beet", help="the beet program, of any environment; default: the one beside this Python")
    return parser.parse_args()


# The music


def elsewhere(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do it in a process of its own: Linux counts this process's memory into the peak of each program it starts."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *args, **kwargs).result()


def synthesised(folder: Path, count: int, length_s: float) -> Path:
    """Tagged MP3s at 320 kb/s, each another recording."""
    from music_sync.adapters.encoder_pyav import PyavEncoder
    from music_sync.demo import music

    folder.mkdir(parents=True)
    known = (*music.PIECES, *map(music.remix, music.PIECES))
    for number, piece in enumerate(known[:count]):
        wave, file = folder / "piece.wav", folder / f"{number:02}.mp3"
        music.write_wav(wave, music.render(replace(piece, length_s=length_s)))
        PyavEncoder().encode(wave, "mp3", file, lambda _: None)
        wave.unlink()
        music.write_tags(file, music.tag_words(piece))
    return folder


def hours_of(files: Sequence[Path]) -> float:
    """By what the files' headers say."""
    from music_sync.audio.container import probe

    return sum(probe(path).announced_length_s or 0.0 for path in files) / 3600


# The programs


def tools_at(beet: str | None, place: Path) -> Tools:
    """Find the programs; beets' ffmpeg is the system's, else the one of imageio-ffmpeg."""
    beet = beet or shutil.which("beet", path=str(Path(sys.executable).parent))
    if beet is None:
        sys.exit("beets is not installed beside this Python; run `make bench`, or name it with --beet")
    environ = dict(os.environ)
    if not shutil.which("ffmpeg"):
        programs = place / "programs"
        programs.mkdir()
        (programs / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
        environ["PATH"] = f"{programs}{os.pathsep}{environ['PATH']}"
    wanted = ("replaygain", "autobpm")
    plugins = tuple(plugin for plugin in wanted if _loads(plugin, beet, environ, place))
    return Tools((sys.executable, "-m", "music_sync"), beet, plugins, _fingerprint_command(), environ)


def _loads(plugin: str, beet: str, environ: Mapping[str, str], place: Path) -> bool:
    """Whether beets can use a plugin; one that it cannot import is passed over by it with a warning only."""
    home = _beets_home(place / plugin, (plugin,))
    told = subprocess.run(
        [beet, "version"], check=False, env={**environ, "BEETSDIR": str(home)}, capture_output=True, text=True
    )
    return any(line.startswith("plugins:") and plugin in line for line in told.stdout.splitlines())


def _fingerprint_command() -> tuple[str, ...]:
    fpcalc = shutil.which("fpcalc")
    if fpcalc:
        return (fpcalc, "-raw", FILE)
    # As much sound as fpcalc takes by itself.
    return (imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-t", "120", "-i", FILE, "-f", "chromaprint", "-")


# The rounds


def _warm_up(file: Path, tools: Tools, place: Path) -> None:
    """Let everything be compiled and read once: numba and Python keep what they compiled."""
    folder = place / "files"
    folder.mkdir(parents=True)
    shutil.copy(file, folder)
    one_round(0, folder, [folder / file.name], tools, place / "round")


def one_round(number: int, folder: Path, files: Sequence[Path], tools: Tools, place: Path) -> dict[str, Cost]:
    """Each takes its turn, in every round another one first."""
    turns: list[tuple[str, Callable[[], Cost]]] = [
        (OURS, lambda: sync(folder, len(files), tools, place / "ours")),
        (BEETS, lambda: beet_import(folder, len(files), tools, place / "beets")),
        (PRINTS, lambda: fingerprints(files, tools)),
    ]
    first = number % len(turns)
    costs = {what: turn() for what, turn in (*turns[first:], *turns[:first])}
    return {**costs, BOTH: costs[BEETS].then(costs[PRINTS])}


def sync(folder: Path, count: int, tools: Tools, home: Path) -> Cost:
    """Music Sync files everything as it came, into a fresh home."""
    environ = {name: value for name, value in tools.environ.items() if not name.startswith("MUSIC_SYNC_")}
    environ["MUSIC_SYNC_HOME"] = str(home)
    cost, told = measured((*tools.music_sync, "sync", str(folder), "--json"), environ)
    counts = json.loads(told)["counts"]
    if counts["new"] + counts["already_have"] != count:
        sys.exit(f"music-sync did not take all {count} files: {counts}")
    return cost


def beet_import(folder: Path, count: int, tools: Tools, place: Path) -> Cost:
    """beets copies everything as it is, measures, and writes what it measured, which importing as-is leaves undone."""
    environ = {**tools.environ, "BEETSDIR": str(_beets_home(place, tools.plugins))}
    imported, _ = measured((tools.beet, "import", "-A", "-q", "-s", str(folder)), environ)
    written, _ = measured((tools.beet, "write"), environ)
    held = subprocess.run(
        [tools.beet, "ls", "-f", "$bpm $rg_track_gain"], env=environ, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    tempos = sum(not line.startswith("0 ") for line in held)
    if len(held) != count or ("autobpm" in tools.plugins and not tempos):
        sys.exit(f"beets has {len(held)} of {count} files, {tempos} with a tempo (which needs librosa and resampy)")
    return imported.then(written)


def _beets_home(home: Path, plugins: Iterable[str]) -> Path:
    home.mkdir(parents=True)
    settings = {
        "directory": str(home / "library"),
        "library": str(home / "library.db"),
        "plugins": list(plugins),
        "import": {"copy": True, "write": True, "duplicate_action": "keep"},
        "replaygain": {"backend": "ffmpeg", "peak": "sample"},
    }
    (home / "config.yaml").write_text(json.dumps(settings), "utf-8")  # JSON is YAML
    return home


def fingerprints(files: Sequence[Path], tools: Tools) -> Cost:
    """One program a file, as many at once as there are processors."""
    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        costs = list(pool.map(lambda file: _fingerprint(file, tools), files))
    wall_s = time.perf_counter() - began
    return Cost(wall_s, sum(cost.cpu_s for cost in costs), max(cost.peak_mb for cost in costs))


def _fingerprint(file: Path, tools: Tools) -> Cost:
    command = [str(file) if word == FILE else word for word in tools.fingerprint]
    # fpcalc ends with 3 when a stream ends untidily, and has printed a good fingerprint by then.
    return measured(command, tools.environ, fine=(0, 3))[0]


def measured(command: Sequence[str], environ: Mapping[str, str], fine: Sequence[int] = (0,)) -> tuple[Cost, str]:
    """Run a program to its end; gives what it and all it started took, and what it printed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in fine:
            errors.seek(0)
            sys.exit(f"{' '.join(command)} ended with {process.returncode}: {errors.read()[-2000:]}")
        out.seek(0)
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        return Cost(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / unit), out.read()


# What comes out


def _middle(costs: Sequence[Cost]) -> Cost:
    """Median of each measure by itself."""
    return Cost(
        median(cost.wall_s for cost in costs),
        median(cost.cpu_s for cost in costs),
        median(cost.peak_mb for cost in costs),
    )


def _ratio(theirs: Cost, ours: Cost) -> dict[str, float]:
    pairs = zip(asdict(theirs).items(), asdict(ours).values(), strict=True)
    return {name.rpartition("_")[0]: round(one / other, 2) for (name, one), other in pairs}


def _table(middle: Mapping[str, Cost], hours: float) -> str:
    """Medians, and how often ours goes into theirs."""
    lines = [f"{'':24}{'wall s':>9}{'CPU s':>9}{'CPU s/h':>9}{'peak MB':>9}"]
    for what, cost in middle.items():
        measures = f"{cost.wall_s:9.1f}{cost.cpu_s:9.1f}{cost.cpu_s / hours:9.1f}{cost.peak_mb:9.0f}"
        lines.append(f"{what:24}{measures}")
    for theirs in (BEETS, BOTH):
        ratio = _ratio(middle[theirs], middle[OURS])
        told = f"{ratio['wall']:.1f} times the wall, {ratio['cpu']:.1f} times the CPU, {ratio['peak']:.1f} times the memory"
        lines.append(f"{theirs} / {OURS}: {told}")
    return "\n".join(lines)


def _machine(tools: Tools) -> dict[str, object]:
    return {
        "machine": f"{platform.system()} {platform.machine()} {_processor()}",
        "processors": os.cpu_count(),
        "load_at_the_end": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "music_sync": music_sync.__version__,
        "beets": _version_of_beets(tools),
        "beets_plugins": tools.plugins,
        "ffmpeg_of_beets": _output(["ffmpeg", "-version"], tools.environ).partition("\n")[0],
        "fingerprints_by": Path(tools.fingerprint[0]).name,
    }


def _processor() -> str:
    """Its name where the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text("utf-8").splitlines() if told.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _version_of_beets(tools: Tools) -> str:
    with tempfile.TemporaryDirectory() as home:  # it would make itself one in the user's settings
        told = _output([tools.beet, "version"], {**tools.environ, "BEETSDIR": home})
    return next((line for line in told.splitlines() if line.startswith("beets version")), "")


def _output(command: Sequence[str], environ: Mapping[str, str]) -> str:
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
