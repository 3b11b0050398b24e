"""Does everything still say the same: archive, warehouse, published files and journal, each against its source.

Checks are small functions; each gives the faults it finds, with the place and what to do. None of them changes anything.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from warehouse.archive import ArchiveError, archive_path, blocks
from warehouse.damage import DamagedError, is_damage, rebuild_it
from warehouse.durable import PARTIAL
from warehouse.encounters.store import known_files
from warehouse.journal import ARRIVAL, BOOKS, OPINION, Journal
from warehouse.publish import readable, worklist_csv
from warehouse.returned import NotAWorklistError, read_returned
from warehouse.rule_set import PROGRAM, rules_archive
from warehouse.sealing import RECIPIENTS, is_there, plain
from warehouse.verify_content import compare
from warehouse.verify_encounters import compare_encounters
from warehouse.workbook import workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

REBUILD = "shortpay rebuild makes the warehouse anew"
PUBLISH = "shortpay run publishes anew"


@dataclass(frozen=True)
class Fault:
    """Something that is off: where, what, and what to do about it."""

    place: str
    what: str
    to_do: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}; {self.to_do}"


@dataclass(frozen=True)
class Looked:
    """What a check looked at, in words, and what it found."""

    what: str
    faults: list[Fault]


@dataclass(frozen=True)
class Premises:
    """Where to look: the parts of a home folder, and its warehouse, open for reading."""

    archive: Path
    published: Path
    journal: Journal
    con: duckdb.DuckDBPyConnection
    warehouse: Path


def archive_whole(at: Premises) -> tuple[str, Iterator[Fault]]:
    """Every archived file has the content that its name says; every file that came is there, and every recorded rule."""
    files = sorted(path for path in at.archive.rglob("*") if path.is_file() and path.name != RECIPIENTS)
    return f"{len(files)} archived files against their hashes", _archive_faults(at, files)


def _archive_faults(at: Premises, files: list[Path]) -> Iterator[Fault]:
    restore = "restore it from a backup"
    for path in files:
        place = f"archive/{path.relative_to(at.archive)}"
        file_hash = path.name.removesuffix(".gz")
        if path.name.endswith(PARTIAL):
            yield Fault(place, "left by a write that was cut short", "the next night removes it")
        elif path != archive_path(path.parents[1], file_hash):
            yield Fault(place, "is no file of the archive", "move it elsewhere")
        else:
            try:
                for _ in blocks(path.parents[1], file_hash):
                    pass
            except ArchiveError:
                yield Fault(place, "does not have the content that its name says", restore)
    there = {path.name.removesuffix(".gz") for path in files if path.parents[1] == at.archive}
    for number, file_hash in at.con.execute(
        "select min(arrival), file_hash from era.file_seen group by file_hash order by 1"
    ).fetchall():
        if file_hash not in there:
            yield Fault(f"archive, file {file_hash[:12]}", f"arrival {number} is not in the archive", restore)
    recorded = {one["sha256"]: one for one in at.journal.read("rule_file") if one["folder"] != PROGRAM}
    for sha256, one in sorted(recorded.items()):
        if not archive_path(rules_archive(at.archive), sha256).exists():
            place = f"archive/rules, {one['folder']}/{one['path']} of rule set {one['rule_set']}"
            yield Fault(place, "is not in the archive", restore)


def content(at: Premises) -> tuple[str, Iterator[Fault]]:
    """Every loaded file, read again from the archive, gives the rows and dollars that the warehouse has of it."""
    files = at.con.execute("select count(*), coalesce(sum(byte_count), 0) from era.file").fetchall()[0]
    found = compare(at.con, at.archive)
    faults = (Fault(f"era.{table}, file {file_hash[:12]}", what, REBUILD) for table, file_hash, what in found)
    return f"{files[0]} files read again, {files[1] / 1e6:,.1f} MB", faults


def encounters(at: Premises) -> tuple[str, Iterator[Fault]]:
    """Every encounter file, read again from the archive, gives the rows and findings that encounters.duckdb has of it."""
    count = len(known_files(at.con))
    found = compare_encounters(at.con, at.archive, at.warehouse)
    return f"{count} encounter files read again", (Fault(*one) for one in found)


def decisions(at: Premises) -> tuple[str, Iterator[Fault]]:
    """Every line has one verdict, every verdict is counted in out.coverage, and nothing waits to be judged."""
    (lines,) = at.con.execute("select count(*) from core.line").fetchall()[0]
    return f"{lines:,} lines, one verdict each", _decision_faults(at.con)


def _decision_faults(con: duckdb.DuckDBPyConnection) -> Iterator[Fault]:
    sent = "select count(*), coalesce(sum(charge_amount), 0) from era.service_line"
    own = "select count(*), coalesce(sum(charge_amount), 0) from core.verdict where line > 0"
    found = (con.execute(sent).fetchall(), con.execute(own).fetchall())
    if found[0] != found[1]:
        yield Fault(
            "core.verdict", f"{_told(found[1])}, where era.service_line has {_told(found[0])}", REBUILD
        )
    counted = con.execute("select sum(line_count), sum(charge_amount) from out.coverage").fetchall()
    judged = con.execute("select count(*), sum(charge_amount) from core.verdict").fetchall()
    if judged[0][0] and counted != judged:
        yield Fault("out.coverage", f"{_told(counted)}, where core.verdict has {_told(judged)}", PUBLISH)
    waiting = con.execute(
        "select count(*) from era.file_seen where arrival > (select max(arrival) from work.judged)"
    ).fetchall()[0][0]
    if waiting:
        yield Fault("warehouse.duckdb", f"{waiting} arrivals are not judged yet", "shortpay run judges them")


def _told(found: list[tuple[object, ...]]) -> str:
    return f"{found[0][0]} lines of {found[0][1]} charged"


def published_database(at: Premises) -> tuple[str, Iterator[Fault]]:
    """The analysts' database has the rows of the warehouse."""
    path = at.published / "shortpay.duckdb"
    ours = _tables(at.con, "era", "terms", "core", "life", "out")
    return f"{len(ours)} published tables against the warehouse", _published_faults(path, ours)


def _published_faults(path: Path, ours: dict[str, tuple[int, int]]) -> Iterator[Fault]:
    if not is_there(path):
        yield Fault("published/shortpay.duckdb", "is not there", PUBLISH)
        return
    try:
        with readable(path) as con:
            theirs = _tables(con, "era", "terms", "core", "life", "out")
    except (DamagedError, duckdb.Error) as error:
        if not isinstance(error, DamagedError) and not is_damage(error):
            raise
        yield Fault("published/shortpay.duckdb", "is damaged", PUBLISH)
        return
    for name in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(name), theirs.get(name)
        if mine != other:
            counts = [f"{found[0]} rows" if found else "no such table" for found in (other, mine)]
            what = f"{counts[0]}, the warehouse {counts[1]}" + (
                ", other content" if counts[0] == counts[1] else ""
            )
            yield Fault(f"published/shortpay.duckdb, {name}", what, PUBLISH)


def _tables(con: duckdb.DuckDBPyConnection, *schemas: str) -> dict[str, tuple[int, int]]:
    """Rows and a hash over all of them, whatever their order, by table."""
    names = con.execute(
        "select schema_name, table_name from duckdb_tables() where schema_name in (select unnest(?)) and not temporary",
        [list(schemas)],
    ).fetchall()
    return {
        f"{schema}.{name}": con.execute(
            f'select count(*), coalesce(sum(hash(t)), 0) from "{schema}"."{name}" t'
        ).fetchall()[0]
        for schema, name in names
    }


def lists(at: Premises) -> tuple[str, Iterator[Fault]]:
    """worklist.csv and worklist.xlsx say what out.worklist says."""
    (disputes,) = at.con.execute("select count(*) from out.worklist").fetchall()[0]
    return f"worklist.csv and worklist.xlsx against {disputes:,} open disputes", _list_faults(at)


def _list_faults(at: Premises) -> Iterator[Fault]:
    editions = at.con.execute("select as_of_date, worklist_xlsx_sha256 from out.publication").fetchall()
    table = worklist_csv(at.con)
    csv, book = (_published(at.published / name) for name in ("worklist.csv", "worklist.xlsx"))
    for name, data in (("worklist.csv", csv), ("worklist.xlsx", book)):
        if data is None:
            yield Fault(f"published/{name}", "is not there", PUBLISH)
    if csv is not None and csv != table:
        odd = len(set(csv.splitlines()) ^ set(table.splitlines()))
        yield Fault("published/worklist.csv", f"{odd} lines differ from out.worklist", PUBLISH)
    if book is not None and hashlib.sha256(book).hexdigest() != editions[0][1]:
        yield Fault("published/worklist.xlsx", _changed(book, at.con), f"{PUBLISH}; what was written into it is"
                    " taken in first")  # fmt: skip
    elif book is not None and hashlib.sha256(workbook(at.con, editions[0][0])).hexdigest() != editions[0][1]:
        yield Fault("published/worklist.xlsx", "is of other rows than out.worklist has", PUBLISH)


def _published(path: Path) -> bytes | None:
    """The bytes of a published file, opened where it is sealed; None where it is not there. Raises SealError."""
    if not is_there(path):
        return None
    with plain(path) as clear:
        return clear.read_bytes()


def _changed(book: bytes, con: duckdb.DuckDBPyConnection) -> str:
    """Say how a workbook differs from the list."""
    try:
        rows = read_returned(book).rows
    except NotAWorklistError:
        return "cannot be read as a workbook of ours"
    listed = set(con.execute("select dispute_id, version from out.worklist").fetchall())
    found = {(row.dispute_id, row.version) for row in rows if row.sheet == "Worklist"}
    return f"was changed since it was published ({len(listed ^ found)} rows more or fewer, or of another version)"


def journal(at: Premises) -> tuple[str, Iterator[Fault]]:
    """The journal and the warehouse know the same of disputes, arrivals and opinions."""
    books = (*BOOKS, ARRIVAL, OPINION)
    count = sum(len(at.journal.read(book)) for book in books)
    return f"{count:,} lines of the journal against the warehouse", _journal_faults(at, books)


def _journal_faults(at: Premises, books: Iterable[str]) -> Iterator[Fault]:
    known = {
        **{book: f"select id from life.{book}" for book in BOOKS},
        ARRIVAL: "select arrival from era.file_seen",
        OPINION: "select file_hash from era.conformance",
    }
    keys = {ARRIVAL: "number", OPINION: "file_hash"}
    for book in books:
        place = f"journal/{book}.jsonl"
        for number in at.journal.damaged(book):
            yield Fault(f"{place}, line {number}", "cannot be read", "mend it, or enter it again")
        told = {entry[keys.get(book, "id")] for entry in at.journal.read(book)}
        ours = {row[0] for row in at.con.execute(known[book]).fetchall()}
        if told - ours:
            yield Fault(
                place, f"{len(told - ours)} entries are not in the warehouse", "shortpay run takes them in"
            )
        if ours - told:
            yield Fault(
                place,
                f"{len(ours - told)} entries of the warehouse are not in it",
                "shortpay run gives them back",
            )


CHECKS = [archive_whole, content, encounters]
OF_A_NIGHT = [decisions, published_database, lists, journal]


def verify(archive: Path, published: Path, books: Journal, warehouse: Path) -> Iterator[Looked]:
    """Do all checks, one after the other. A warehouse that is damaged is a fault, and ends it."""
    if not warehouse.exists():
        yield Looked("warehouse.duckdb", [_fault(rebuild_it(warehouse, "is missing"))])
        return
    try:
        with duckdb.connect(str(warehouse), read_only=True) as con:
            at = Premises(archive, published, books, con, warehouse)
            for check in CHECKS + (OF_A_NIGHT if _finished(con) else []):
                what, faults = check(at)
                yield Looked(what, list(faults))
            if not _finished(con):
                yield Looked(
                    "nights", [Fault("warehouse.duckdb", "no night was finished", "shortpay run does it")]
                )
    except duckdb.Error as error:
        if not is_damage(error):
            raise
        yield Looked("warehouse.duckdb", [_fault(rebuild_it(warehouse))])


def _finished(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a night of this version has published."""
    found = con.execute(
        "select count(*) from duckdb_tables() where (schema_name, table_name) in (('out', 'publication'), ('work', 'judged'))"
    ).fetchall()
    return bool(found[0][0] == 2)


def _fault(error: DamagedError) -> Fault:
    what, _, to_do = str(error).partition(". ")
    return Fault("warehouse.duckdb", what, to_do)
