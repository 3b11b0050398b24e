"""pyx12's tree as the oracle: on files that it finds conformant, its segments, elements and loops are ours."""

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from pyx12.error_handler import errh_null
from pyx12.params import params
from pyx12.x12context import X12ContextReader
from pyx12.x12n_document import x12n_document

from era_parser import Remittances, Source, parse, write

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data" / "835"
FILES = sorted(path for path in (ROOT / "examples" / "nights").rglob("*") if path.is_file())
SAMPLES = sorted(SHARED.glob("*.835"))
SMALL = 40_000


def conformant(text: str) -> bool:
    """Tell whether pyx12 accepts the text; what makes it fail is not conformant (its faults: IndexError, EngineError)."""
    try:
        return bool(x12n_document(params(), io.StringIO(text), None, None, fd_json=io.StringIO()))
    except Exception:  # noqa: BLE001  (pyx12 raises several kinds on files it does not understand)
        return False


def theirs(text: str) -> Iterator[tuple[str, str]]:
    """Give (loop, segment) of every segment between ST and SE as pyx12 reads them."""
    reader = X12ContextReader(params(), errh_null(), io.StringIO(text))
    for node in reader.iter_segments("ST_LOOP"):
        if node.id == "ST_LOOP":
            for found in node.iterate_segments():
                loop = str(found["path"]).split("/")[-2]
                yield loop, found["segment"].format("", "*", ":")


def ours(remittances: Remittances, file_hash: str) -> list[tuple[str | None, str]]:
    """Give the same, from the typed tables alone."""
    loops: dict[int, str] = {}
    for frame in remittances.tables.values():
        if {"segment", "loop"} <= set(frame.columns):
            rows = frame.filter(pl.col("segment").is_not_null()).select("segment", "loop").iter_rows()
            loops.update(rows)
    texts = write.segments(remittances.tables, file_hash)
    separators = remittances.tables["interchange"]["element_separator"], remittances.tables["interchange"]
    element = separators[0][0]
    component = separators[1]["body_component_separator"][0]
    return [
        (loops.get(number), text.replace(component, ":").replace(element, "*"))
        for number, text in texts.items()
        if text.split(element)[0] not in {"ISA", "GS", "GE", "IEA"}
    ]


def compared(path: Path) -> int:
    data = path.read_bytes()
    source = Source(path.name, data)
    remittances = parse([source])
    if remittances.refusals or len(remittances.tables["interchange"]) != 1:
        return 0
    text = data.decode("latin-1")
    if not conformant(text):
        return 0
    expected = list(theirs(text))
    found = ours(remittances, source.file_hash)
    assert [segment for _, segment in found] == [segment for _, segment in expected]
    for (loop, segment), (their_loop, _) in zip(found, expected, strict=True):
        if loop is not None and their_loop in {"1000A", "1000B", "2000", "2100", "2110"}:
            assert loop == their_loop, segment
    return len(expected)


def test_the_examples_are_read_as_pyx12_reads_them() -> None:
    counts = [compared(path) for path in FILES]
    assert sum(1 for count in counts if count) >= 12
    assert sum(counts) > 1_000


@pytest.mark.slow
@pytest.mark.skipif(
    not SAMPLES, reason="the public sample remittances (shared/data/835) are not on this machine"
)
def test_conformant_samples_are_read_as_pyx12_reads_them() -> None:
    counts = [compared(path) for path in SAMPLES if path.stat().st_size < SMALL]
    assert sum(1 for count in counts if count) >= 5
