"""A file read part by part gives what it gives whole."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from era_parser import Refusal, RefusalCode, Remittances, Source, outline, parse, parse_chunks, parts

Tables = dict[str, pl.DataFrame]
FIXTURES = sorted((Path(__file__).parents[1] / "fixtures" / "835").glob("*/*.835"))
SIZES = (500, 3000)


def in_parts(path: Path, size: int) -> tuple[Tables, list[Refusal]]:
    chunks = list(parse_chunks([path], size))
    refusals = [refusal for chunk in chunks for refusal in chunk.refusals]
    tables = {name: pl.concat([chunk.tables[name] for chunk in chunks]) for name in chunks[0].tables}
    return tables, refusals


def same(path: Path, *sizes: int) -> None:
    """All tables equal; findings in whatever order, a wrapped file's once a part."""
    whole = parse([Source.from_path(path)])
    for size in sizes:
        equal(whole, *in_parts(path, size))


def equal(whole: Remittances, tables: Tables, refusals: list[Refusal]) -> None:
    assert [(r.code, r.name) for r in refusals] == [(r.code, r.name) for r in whole.refusals]
    if refusals:
        return
    for name, frame in whole.tables.items():
        if name == "finding":
            told = frame.filter(pl.col("code") != "LINE_WRAP").rows()
            assert sorted(map(str, tables[name].filter(pl.col("code") != "LINE_WRAP").rows())) == sorted(
                map(str, told)
            )
        else:
            assert tables[name].rows() == frame.rows(), name


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "BLOCK_BYTES", 700)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixtures(path: Path) -> None:
    same(path, *SIZES)


@pytest.mark.usefixtures("small_blocks")
def test_samples(shared: Path) -> None:
    for path in sorted((shared / "data" / "835").glob("*.835"))[::4]:
        same(path, 900)


def test_many_transactions_are_cut(remittance: Callable[..., bytes], tmp_path: Path) -> None:
    one = remittance("TRN*1*T*1", "CLP*A*1*10*8**12*B", "SVC*HC:97110*10*8", "CAS*CO*45*2").decode()
    head, body, tail = (
        one[: one.index("ST*")],
        one[one.index("ST*") : one.index("GE*")],
        one[one.index("GE*") :],
    )
    path = tmp_path / "many.835"
    path.write_text(head + "".join(body.replace("*T*", f"*{n % 7}*") for n in range(40)) + tail)
    assert len(list(parse_chunks([path], 600))) > 5
    same(path, 600)


def test_a_transaction_that_is_too_large_is_refused(
    remittance: Callable[..., bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.835"
    path.write_bytes(remittance(*["CLP*A*1*1*1"] * 500))
    monkeypatch.setattr(parts, "PIECE_LIMIT", 4000)
    assert [r.code for r in in_parts(path, 1000)[1]] == [RefusalCode.TOO_LARGE]
    assert [r.code for r in parse([Source.from_path(path)]).refusals] == [RefusalCode.TOO_LARGE]
    path.write_bytes(b"\0" * 9000)
    assert [r.code for r in in_parts(path, 1000)[1]] == [RefusalCode.TOO_LARGE]
