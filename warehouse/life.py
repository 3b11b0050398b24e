"""The life of disputes: what people set and what nights published, from the journal into the warehouse and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from warehouse.database import build, model_sql, prepare
from warehouse.deadlines import reckon
from warehouse.journal import BOOKS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import duckdb

    from warehouse.journal import Entry, Journal


def live(con: duckdb.DuckDBPyConnection, journal: Journal, as_of: dt.date, next_night: dt.date) -> None:
    """Derive how every dispute stands as of a day (out.life), and write down what is new about it.

    Entries of the journal that are dated after `as_of` are kept and not looked at, so that an earlier day can
    be run again. A night that is run twice adds nothing the second time.
    """
    _report_damage(journal, as_of)
    take_in(con, journal)
    con.execute(model_sql("macro.named_line"))
    build(con, "life.line")
    for model in ("work.dispute_history", "work.dispute_told", "work.dispute_said"):
        prepare(con, model, {"as_of": as_of})
    build(con, "life.standing")
    reckon(con)
    build(con, "out.life", {"as_of": as_of, "next_night": next_night})
    _write_down(con, journal, as_of)


def _report_damage(journal: Journal, as_of: dt.date) -> None:
    """Say once of each line of the journal that cannot be read where it is and what to do."""
    told = {(entry.get("source_file"), entry.get("row_number")) for entry in journal.read("refused_edit")}
    journal.add(
        "refused_edit",
        [
            {
                "when_date": as_of.isoformat(),
                "source_file": f"{book}.jsonl",
                "row_number": number,
                "edit_code": "JOURNAL_LINE",
                "message": f"line {number} of the journal's {book}.jsonl cannot be read; mend it or enter it again",
            }
            for book in BOOKS
            for number in journal.damaged(book)
            if (f"{book}.jsonl", number) not in told
        ],
    )


def take_in(con: duckdb.DuckDBPyConnection, journal: Journal) -> None:
    """Bring the tables of `life` and the journal level: whatever one of them lacks, the other gives back."""
    for book in BOOKS:
        con.execute(model_sql(f"life.{book}"))
        entries = journal.read(book)
        known = {row[0] for row in con.execute(f"select id from life.{book}").fetchall()}
        enter(con, book, [entry for entry in entries if entry["id"] not in known])
        if journal.folder is not None:
            journal.restore(book, _only_here(con, book, known - {entry["id"] for entry in entries}))


def _only_here(con: duckdb.DuckDBPyConnection, book: str, ids: set[str]) -> list[Entry]:
    if not ids:
        return []
    rows = con.sql(f"select * from life.{book} order by number, id").pl()
    return [_plain(row) for row in rows.iter_rows(named=True) if row["id"] in ids]


def enter(con: duckdb.DuckDBPyConnection, book: str, entries: Sequence[Entry]) -> None:
    """Add entries to the table of their book, made if need be; DuckDB reads dates and dollars from the text."""
    con.execute(model_sql(f"life.{book}"))
    if not entries:
        return
    described = con.execute(f"select * from life.{book} limit 0").description or []
    names = [column[0] for column in described]
    rows = [{name: _text(entry.get(name)) for name in names} for entry in entries]
    con.register("incoming", pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String)))
    con.execute(f"insert into life.{book} by name select * from incoming")
    con.unregister("incoming")


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _write_down(con: duckdb.DuckDBPyConnection, journal: Journal, as_of: dt.date) -> None:
    """Add to the journal what tonight's decisions rest on and every dispute that does not stand as last published."""
    for book in ("rule_file", "published"):  # the files first: what was published names them
        news = con.sql(model_sql(f"life.new_{book}"), params={"as_of": as_of}).pl()
        entries = [_plain(row) for row in news.iter_rows(named=True)]
        if entries:
            enter(con, book, journal.add(book, entries))


def _plain(row: dict[str, object]) -> Entry:
    return {name: value if isinstance(value, int | str) else _text(value) for name, value in row.items()}
