"""Remittances whose every text is made to harm, in files whose names are too: read, judged, published, shown; nothing runs."""

from __future__ import annotations

import csv
import io
import os
import re
import socket
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest
from rich.console import Console

from contracts import read_practice, read_reference, read_terms
from flows import intake
from flows.home import Home, make_home
from flows.leftovers import left_alone
from flows.proof import show_proof
from flows.summary import Summary, as_markdown, show, summarise
from flows.terminal import Terminal, shown
from tests.conftest import AS_OF, EXAMPLES, judge_all
from tests.marks import CLAIM, ENVELOPE, HEAD, TAIL, Marks
from warehouse import judge
from warehouse.database import open_warehouse
from warehouse.explain import prove
from warehouse.plain_text import harmless
from warehouse.publish import publish, readable
from warehouse.workbook import workbook

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = (
    "=1+1", "=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "[red]x[/red]", "[/]",
    "[link=file:///etc/passwd]x[/link]", "'; drop table core.claim; --", '"; drop schema era cascade; --',
    "${x}", "{0}", "%s%n", "<script>alert(1)</script>", "| a | b |", "\x1b]0;title\x07", "\x1b[2J\x1b[31mred",
    "\x9b31m", "\u202egnp.exe", "\ufffe", "../../etc/passwd", "..\\..\\x", "NULL", "\x00", "x" * 40_000,
)  # fmt: skip
NAMES = (
    "=cmd|'calc'!A0.835", "[bold red].835", "a\nshortpay: all is well.835", "\x1b[2J.835", "'; drop table era.file; --.835",
    "%s.835", "\u202e538.835", "x" * 250 + ".835",
)  # fmt: skip


def hostile(start: int) -> bytes:
    """A remittance with the texts one after the other in all places of names; its numbers are plain."""
    marks = Marks(first=1_000 * start)
    template = (ENVELOPE + HEAD + CLAIM + CLAIM + TAIL).replace("\n", "")
    text = marks.planted(template, total="191.60", paid="48.15", cut="29.85", b6="50.15")
    places = iter(range(start, start + 10_000))
    planted = re.sub(
        r"ZQXN[A-Z]{4}",
        lambda _: TEXTS[next(places) % len(TEXTS)].replace("*", "").replace(":", "."),
        text[106:],
    )
    return (text[:106] + planted).encode()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Give a home, its own path made to harm too, with a night of such files taken in, judged and published."""
    place = make_home(tmp_path_factory.mktemp("it's") / "[red]'; drop -- home")
    inbox = place.folder("inbox")
    for number, name in enumerate(NAMES):
        (inbox / name).write_bytes(hostile(number * 3))
    (inbox / "sub").mkdir()
    with open(os.fsencode(inbox / "sub") + b"/\xff\xfe.835", "wb") as out:  # noqa: PTH123  (a name that is no text)
        out.write(hostile(50))
    (inbox / "link.835").symlink_to("/etc/passwd")
    (inbox / "folder").symlink_to("/etc")
    os.mkfifo(inbox / "pipe.835")
    with socket.socket(socket.AF_UNIX) as made:
        here = os.open(inbox, os.O_RDONLY)
        made.bind(f"/proc/self/fd/{here}/socket.835")
        os.close(here)
    counts = intake.read_in(place, intake.remittances(inbox), AS_OF)
    assert counts["loaded"] == len(NAMES) + 1
    assert not counts["refused"]
    with open_warehouse(place.warehouse) as con:
        judge_all(con)
        publish(con, place.folder("published"), AS_OF)
    return place


def test_only_plain_files_leave_the_inbox(home: Home) -> None:
    assert sorted(path.name for path in home.folder("inbox").iterdir() if path.name != "sub") == [
        "folder", "link.835", "pipe.835", "socket.835",
    ]  # fmt: skip
    assert left_alone(home.folder("inbox")) == [
        "left in the inbox unopened: 2 links, 1 pipe, 1 socket; only plain files are read"
    ]


def test_tables_stand_and_texts_are_kept_as_sent(home: Home) -> None:
    with readable(home.published) as con:
        assert con.execute("select count(*) from core.claim").fetchall() == [(2 * (len(NAMES) + 1),)]
        names = {name for (name,) in con.execute("select name from era.file").fetchall()}
        kept = {name for (name,) in con.execute("select name from era.party").fetchall()}
    assert {*NAMES} < names
    assert "\ufffd\ufffd.835" in names
    assert "'; drop table core.claim; --" in kept


def test_no_cell_of_the_csv_begins_like_a_formula(home: Home) -> None:
    with (home.folder("published") / "worklist.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 4
    texts = [
        row[name]
        for row in rows
        for name in ("patient_account", "payer_claim_number", "source_file", "modifiers")
    ]
    assert [text for text in texts if re.match(r"\s*[=+@\-]|[\t\r\n]", text)] == []
    assert any(text.startswith("'=") for text in texts)
    assert {row["shortfall_amount"][0] for row in rows} <= set("0123456789")


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(home: Home) -> None:
    book = openpyxl.load_workbook(home.folder("published") / "worklist.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    assert any(str(cell.value).startswith("=cmd") for cell in cells)
    with open_warehouse(home.warehouse) as con:
        con.begin()
        con.execute("update out.worklist set cause_evidence = repeat('y', 40000)")
        again = openpyxl.load_workbook(io.BytesIO(workbook(con, AS_OF)))
        con.rollback()
    sheet = again["Worklist"]
    place = next(cell.column for cell in sheet[1] if cell.value == "cause_evidence")
    assert str(sheet.cell(2, place).value).endswith("y … cut; whole in shortpay.duckdb")


def test_what_is_printed_cannot_act(home: Home) -> None:
    out = io.StringIO()
    console = Terminal(file=out, force_terminal=True, width=400, color_system="truecolor")
    with readable(home.published) as con:
        for (dispute,) in con.execute("select dispute_id from out.worklist limit 5").fetchall():
            for proof in prove(con, home.folder("archive"), dispute):
                show_proof(console, proof)
        show(console, summarise(con), home.folder("published"))
    printed = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", printed) == []
    assert "\\x1b]0;title" in printed
    assert "[red]" in printed


def test_a_plain_console_would_have_acted() -> None:
    out = io.StringIO()
    Console(file=out, force_terminal=True).print("\x1b]0;title\x07", markup=False, highlight=False)
    assert "\x1b]0;title" in out.getvalue()
    assert shown("a\nb\x1b[0m\u202e") == "a\\nb\\x1b[0m\\u202e"


def test_the_artifact_holds_no_markup_of_others() -> None:
    payers = [("<img src=x> | [a](b) `c`\n# d", 1, 1, 1, 1, None)]
    text = as_markdown(Summary([], payers, [], 0, 0, 0, 0))  # type: ignore[arg-type]
    row = next(line for line in text.splitlines() if "img" in line)
    assert row == r"| &lt;img src=x&gt; \| \[a\](b) \`c\` # d | 1 | 1 | $1.00 | $1.00 |"


def test_names_in_contracts_are_texts_too(tmp_path: Path) -> None:
    contract = (EXAMPLES / "contracts" / "cigna-oap.toml").read_text()
    evil = "'; drop table core.verdict; --"
    (tmp_path / "contracts").mkdir()
    for path in (EXAMPLES / "contracts").iterdir():
        (tmp_path / "contracts" / path.name).write_bytes(path.read_bytes())
    lines = [f'payer = "{evil}"' if line.startswith("payer ") else line for line in contract.splitlines()]
    (tmp_path / "contracts" / "cigna-oap.toml").write_text("\n".join(lines))
    terms, reference = read_terms(tmp_path / "contracts"), read_reference(EXAMPLES / "reference")
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        judge.store_terms(con, terms, reference)
        judge_all(con)
        judge.store_terms(con, terms, reference)
        assert (
            con.execute("select count(*) from terms.contract where payer = ?", [evil]).fetchall()[0][0] >= 1
        )
        assert con.execute("select count(*) from core.verdict").fetchall() == [(0,)]
    assert read_practice(EXAMPLES / "shortpay.toml").name


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", " =1", "\r=1", "\n", "\uff1d1", "  @x"])
def test_texts_like_formulas_get_an_apostrophe(text: str) -> None:
    frame = pl.DataFrame({"text": [text, "plain = text", None], "number": [-1, 0, 1]})
    assert harmless(frame).to_dict(as_series=False) == {
        "text": ["'" + text, "plain = text", None],
        "number": [-1, 0, 1],
    }
