"""What is out there: every public sample, its totals, all its segments back from the tables."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from era_parser import Remittances, Source, parse
from era_parser.interchange import BOM, find_spans
from era_parser.write import segments


@pytest.fixture(scope="module")
def sources(shared: Path) -> list[Source]:
    return [Source.from_path(path) for path in sorted((shared / "data" / "835").glob("*.835"))]


@pytest.fixture(scope="module")
def read(sources: list[Source]) -> Remittances:
    return parse(sources)


def test_every_sample_is_read(read: Remittances, sources: list[Source]) -> None:
    assert read.refusals == []
    assert read.tables["file"]["name"].to_list() == [source.name for source in sources]


def test_totals_are_those_of_the_index(read: Remittances, shared: Path) -> None:
    """Transactions, claims, lines, sum of CLP04, sum of SVC03: a row here is a file that differs."""
    with (shared / "data" / "835" / "INDEX.csv").open(encoding="utf-8", newline="") as file:
        expected = {row["file"]: row for row in csv.DictReader(file)}
    paid = read.tables["claim"].group_by("file_hash").agg(claim_paid=pl.col("paid_amount").sum())
    lines = read.tables["service_line"].group_by("file_hash").agg(line_paid=pl.col("paid_amount").sum())
    files = read.tables["file"].join(paid, on="file_hash", how="left").join(lines, on="file_hash", how="left")
    seen = {
        row["name"]: (row["payment_count"], row["claim_count"], row["line_count"],
                      row["claim_paid"] or 0, row["line_paid"] or 0)
        for row in files.iter_rows(named=True)
        if row["name"] in expected
    }  # fmt: skip
    wanted = {
        name: (int(row["transactions"]), int(row["claims"]), int(row["service_lines"]),
               Decimal(row["claim_paid_total"]), Decimal(row["service_paid_total"]))
        for name, row in expected.items()
    }  # fmt: skip
    assert len(wanted) > 60
    assert {name: seen.get(name) for name in wanted if seen.get(name) != wanted[name]} == {}


def test_a_batch_reads_like_its_files(read: Remittances, sources: list[Source]) -> None:
    few = sources[::9]
    singles = [parse([source]) for source in few]
    hashes = [source.file_hash for source in few]
    for name, frame in read.tables.items():
        mine = frame.filter(pl.col("file_hash").is_in(hashes))
        assert mine.equals(pl.concat([single.tables[name] for single in singles])), name


def test_small_pieces_read_like_one(shared: Path, read: Remittances) -> None:
    source = Source.from_path(shared / "data" / "835" / "Inteligenz__835-DeIdent-02.835")
    pieces = parse([source], piece_bytes=60_000)
    for name, frame in read.tables.items():
        assert frame.filter(pl.col("file_hash") == source.file_hash).equals(pieces.tables[name]), name


def test_all_elements_are_in_typed_columns(shared: Path) -> None:
    """all-elements.csv lists 135 distinct values; element_text and segment_note do not count."""
    folder = shared / "data" / "835"
    tables = parse([Source.from_path(folder / "all-elements.835")]).tables
    values = {text for name, frame in tables.items() if name not in ("element_text", "segment_note")
              for text in _texts(frame)}  # fmt: skip
    with (folder / "all-elements.csv").open(encoding="utf-8", newline="") as file:
        expected = [row["value"] for row in csv.DictReader(file)]
    assert len(expected) == 135
    assert [
        value for value in expected if value.removeprefix("0") not in values and value not in values
    ] == []
    assert len(tables["segment_note"]) == 0


def _texts(frame: pl.DataFrame) -> Iterator[str]:
    for column in frame:
        for value in column.drop_nulls():
            if isinstance(value, Decimal):
                text = f"{value.normalize():f}"
                yield text
                yield text.replace("0.", ".", 1)
            elif column.dtype == pl.Date:
                yield value.strftime("%Y%m%d")
            else:
                yield str(value)
                yield from str(value).split(":") if column.name == "modifiers" else ()


def test_every_segment_comes_back(read: Remittances, sources: list[Source]) -> None:
    """Writing the tables gives the file's segments, decoration aside. Two samples cannot be split naively."""
    odd = ("azoner__testdata-multiple-trn.835", "harshityadav95__EDI835BIG.835")
    for source in sources:
        if source.name not in odd:
            assert list(segments(read.tables, source.file_hash).values()) == _split(source), source.name


def _split(source: Source) -> list[str]:
    start = len(BOM) if source.data.startswith(BOM) else 0
    texts = []
    for span in find_spans(source.data, start):
        for raw in source.data[span.start : span.end].split(span.delimiters.terminator):
            text = raw.decode("latin-1" if source.name.startswith("kputnam__notes") else "utf-8", "replace")
            texts.append(text.strip("\r\n").lstrip().replace("\r", "").replace("\n", ""))
    return [text for text in texts if text]


def test_byte_offsets_point_at_the_segment(read: Remittances, sources: list[Source]) -> None:
    by_hash = {source.file_hash: source.data for source in sources}
    for table, tag in (("claim", b"CLP"), ("service_line", b"SVC"), ("payment", b"ST"), ("date", b"DTM")):
        for file_hash, offset in read.tables[table].select("file_hash", "byte_offset").iter_rows():
            found = by_hash[file_hash][offset : offset + len(tag) + 2].replace(b"\n", b"")
            assert found.startswith(tag[: len(found)]), table
