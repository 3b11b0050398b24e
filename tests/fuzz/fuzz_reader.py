"""Fuzz the reader with atheris: `make fuzz MINUTES=10`.

A call of the reader costs 50 ms however small the file, so an input is a batch: files with MARK between them, a few
of which are spoiled from one input to the next. What breaks a promise is narrowed to one file, written to
.fuzz/found/ under the name of the fault, and fuzzing goes on; the run fails at its end if there is any.
"""

import argparse
import hashlib
import random
import re
import sys
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["era_parser"]):
    from tests.fuzz.promises import hold, seeds, spoiled

MARK = b"\x00\xfa\x835\xfa\x00"
FILES = 12
ROOT = Path(__file__).parents[2] / ".fuzz"
_known: set[str] = set()


def one_input(data: bytes) -> None:
    files = data.split(MARK)[:FILES]
    try:
        hold(files)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        _note(files, error)


def _note(files: list[bytes], error: BaseException) -> None:
    """Write the smallest set of files that shows a fault, once a fault."""
    name = _name(error)
    if name in _known:
        return
    _known.add(name)
    shown = next((file for file in files if _fails([file])), None)
    data = MARK.join(files) if shown is None else shown
    path = (
        ROOT
        / "found"
        / f"{name}-{hashlib.sha256(data).hexdigest()[:8]}{'.batch' if shown is None else '.835'}"
    )
    path.write_bytes(data)
    path.with_suffix(path.suffix + ".txt").write_text("".join(traceback.format_exception(error)))
    sys.stderr.write(f"FOUND {path.name}\n")


def _name(error: BaseException) -> str:
    """Name a fault by its kind and where in our code it came up."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "era_parser" in frame.filename]
    place = f"{Path(frames[-1].filename).stem}-{frames[-1].lineno}" if frames else "promise"
    said = "" if frames else "-" + re.sub(r"\W+", "-", str(error))[:50]
    return f"{type(error).__name__}-{place}{said}"


def _fails(files: list[bytes]) -> bool:
    try:
        hold(files)
    except BaseException:  # noqa: BLE001  (as above)
        return True
    return False


def mutated(data: bytes, max_size: int, seed: int) -> bytes:
    chance = random.Random(seed)  # noqa: S311  (no secret hangs on it)
    files = data.split(MARK)[:FILES]
    while len(files) < FILES:
        files.append(chance.choice(seeds()))
    for place in range(len(files)):
        if chance.random() < 0.7:
            start = chance.choice((files[place], files[place], chance.choice(seeds())))
            files[place] = spoiled(start, chance, _bytewise)
    return MARK.join(files)[:max_size]


def _bytewise(data: bytes) -> bytes:
    return bytes(atheris.Mutate(data, len(data) + 64)) if data else b"ISA"


def _seed_corpus(folder: Path) -> None:
    files = seeds()
    for first in range(0, len(files), FILES):
        (folder / f"seed-{first:03d}").write_bytes(MARK.join(files[first : first + FILES]))


def _forget_mended(folder: Path) -> None:
    """Remove what an earlier run found and holds now."""
    for path in sorted(folder.glob("*.835")) + sorted(folder.glob("*.batch")):
        if not _fails(path.read_bytes().split(MARK)):
            path.unlink()
            path.with_suffix(path.suffix + ".txt").unlink(missing_ok=True)


def main() -> None:
    """Fuzz for a time; `--again FILE` reads one found input and says what is wrong with it."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--again", type=Path)
    chosen = arguments.parse_args()
    if chosen.again:
        hold(chosen.again.read_bytes().split(MARK))
        return
    for name in ("corpus", "found"):
        (ROOT / name).mkdir(parents=True, exist_ok=True)
    _seed_corpus(ROOT / "corpus")
    _forget_mended(ROOT / "found")
    options = [
        f"-max_total_time={int(chosen.minutes * 60)}",
        "-timeout=120",
        f"-rss_limit_mb={1024 + int(150 * chosen.minutes)}",  # atheris itself grows by 85 MB a minute
        "-max_len=300000",
    ]
    options += [f"-artifact_prefix={ROOT / 'found'}/", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(ROOT / "corpus")], one_input, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
