"""The posters' workbook: the worklist first, then what stands around it. Posters edit it and drop it in the inbox."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import xlsxwriter

from warehouse.entered import LONGEST, SETTABLE
from warehouse.registry import descriptions
from warehouse.returned import EDITABLE

if TYPE_CHECKING:
    import duckdb

SHEETS = {
    "Worklist": "out.worklist",
    "Deadlines": "out.deadline",
    "Projects": "out.project",
    "Payers": "out.payer",
    "Expired": "out.expired",
    "Closed": "out.closed",
    "Scorecard": "out.scorecard",
    "Denials": "out.denial",
    "Units not billed": "out.under_billed",
    "Abstained": "out.abstained",
    "Thresholds": "out.threshold",
    "Modifiers": "out.modifier",
    "Compliance": "out.compliance",
    "Encounter findings": "out.encounter_finding",
    "Cash": "out.cash",
    "Coverage": "out.coverage",
    "Files": "out.file",
    "Refused edits": "out.refused_edit",
}
OF_ENCOUNTERS = ("out.under_billed", "out.compliance", "out.encounter_finding")
"""There once a night has weighed encounters."""
_EDITED = ("out.worklist", "out.expired", "out.closed")
_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001  (a fixed stamp: the same rows give the same bytes)
_NARROW, _WIDE, _ROOM = 9, 44, 4
_LINE, _TALLEST = 15, 20
_WIDTHS = {
    "note": 32,
    "assignee": 13,
    "status": 12,
    "cause_evidence": 40,
    "judged_with": 34,
    "message": 60,
    "what_to_do": 40,
    "argument": 60,
    "contains": 50,
    "envelope": 60,
    "rule": 50,
    "detail": 50,
    "advice": 44,
    "price_problem": 44,
    "unproven": 34,
    "reason": 60,
}
_FRONT = (
    "dispute_id",
    *EDITABLE,
    "dispute_by",
    "days_left",
    "payer",
    "patient_account",
    "payer_claim_number",
    "service_date",
    "procedure_code",
    "modifiers",
    "units",
    "allowed_amount",
    "expected_amount",
    "shortfall_amount",
    "judged_with",
    "cause",
)
"""What stands first, and is printed, where a sheet lists disputes; `version` stands last."""
_SOON, _NEAR = 14, 45
ROWS = 5_000
"""Lines that a sheet beside the worklist shows at most; all of them are in shortpay.duckdb."""
LARGEST = {
    "out.abstained": f" order by charge_amount desc nulls last, file_hash, claim, line limit {ROWS}",
    "out.cash": f" order by abs(difference_amount) desc nulls last, remittance_date desc, file_hash, payment limit {ROWS}",
    "out.denial": " order by status <> 'open', deadline_date nulls last, recoverable_amount desc nulls last,"
    f" denial_id limit {ROWS}",
    "out.modifier": f" order by service_date desc, source_file, source_segment, finding_code limit {ROWS}",
    "out.threshold": f" order by service_year desc, counted_amount desc, patient_key, discipline limit {ROWS}",
    "out.under_billed": " order by coalesce(days_left < 0, false), file_by nulls last, unbilled_amount desc nulls last,"
    f" under_billed_id limit {ROWS}",
    "out.compliance": f" order by risk_amount desc nulls last, service_date desc, risk_id limit {ROWS}",
    "out.encounter_finding": f" order by service_date desc nulls last, source_file, row_number, finding_code limit {ROWS}",
    "out.deadline": f" order by deadline_date, amount desc nulls last, about_id, due limit {ROWS}",
    "out.file": f" order by arrival desc limit {ROWS}",
}
_HIDDEN = frozenset({"file_hash", "id", "patient_key", "line_id"})
_NO_XML = re.compile("[\ufffe\uffff\ud800-\udfff]")
_LONGEST_CELL, _CUT = 32_767, " … cut; whole in shortpay.duckdb"
_ENTRY = {"bg_color": "#FFF9E5", "border": 1, "border_color": "#E2D9B8", "valign": "top"}
_STYLES: dict[str, dict[str, Any]] = {
    "head": {"bold": True, "indent": 1, "bg_color": "#1F3B57", "font_color": "white", "valign": "vcenter"},
    "edit_head": {"bold": True, "indent": 1, "bg_color": "#7F6000", "font_color": "white", "valign": "vcenter"},
    "money": {"num_format": "$#,##0.00", "valign": "top"},
    "share": {"num_format": "0.00%", "valign": "top"},
    "number": {"valign": "top"},
    "date": {"num_format": "yyyy-mm-dd", "align": "left", "valign": "top", "indent": 1},
    "text": {"num_format": "@", "align": "left", "valign": "top", "indent": 1},
    "days": {"align": "center", "valign": "top"},
    "edit_text": {**_ENTRY, "num_format": "@", "text_wrap": True},
    "edit_date": {**_ENTRY, "num_format": "yyyy-mm-dd", "align": "left"},
    "small": {"num_format": "@", "align": "left", "indent": 1, "font_color": "#808080", "valign": "top"},
    "wrapped": {"num_format": "@", "align": "left", "indent": 1, "text_wrap": True, "valign": "top"},
    "over": {"bg_color": "#C00000", "font_color": "white", "bold": True},
    "red": {"bg_color": "#F8CBAD"},
    "amber": {"bg_color": "#FFE699"},
}  # fmt: skip
_WRAPPED = frozenset(
    {
        "envelope",
        "what_to_do",
        "rule",
        "cause_evidence",
        "judged_with",
        "message",
        "reason",
        "standing",
        "detail",
        "advice",
        "price_problem",
        "unproven",
        "source",
        "argument",
        "contains",
    }
)


def workbook(con: duckdb.DuckDBPyConnection, as_of: dt.date) -> bytes:
    """Return the workbook's bytes; the same tables and date give the same bytes.

    Text from remittances and notes of posters are written as text and never become a formula or a link.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": f"shortpay worklist as of {as_of.isoformat()}", "created": _CREATED})
    formats = {name: book.add_format(style) for name, style in _STYLES.items()}
    columns = {
        title: _sheet(book.add_worksheet(title), con, table, formats)
        for title, table in SHEETS.items()
        if table not in OF_ENCOUNTERS or _is_there(con, table)
    }
    _dictionary(book.add_worksheet("Dictionary"), columns, formats)
    book.close()
    return out.getvalue()


def _is_there(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    query = "select count(*) from duckdb_tables() where concat(schema_name, '.', table_name) = ?"
    return bool(con.execute(query, [table]).fetchall()[0][0])


def _sheet(sheet: Any, con: duckdb.DuckDBPyConnection, table: str, formats: dict[str, Any]) -> list[str]:
    """Write a table and return the names of its columns as they stand."""
    total = con.execute(f"select count(*) from {table}").fetchall()[0][0]
    largest = LARGEST[table] if table in LARGEST and total > ROWS else ""
    cursor = con.execute(f"select * from {table}{largest}")
    found = [column[0] for column in cursor.description or []]
    rows = cursor.fetchall()
    editable = frozenset(EDITABLE) if table in _EDITED else frozenset[str]()
    names = _ordered(found, front=bool(editable))
    places = [found.index(name) for name in names]
    widths: dict[str, tuple[int, int]] = {}
    for place, name in enumerate(names):
        sheet.write_string(0, place, name, formats["edit_head" if name in editable else "head"])
        values = [row[places[place]] for row in rows]
        for number, value in enumerate(values, start=1):
            _cell(sheet, number, place, value, _style(name, value, editable), formats)
        sheet.set_column(place, place, _width(name, values))
        widths[name] = (places[place], _width(name, values))
        _help(sheet, place, name, len(rows), editable, formats)
    if not editable:
        _make_room(sheet, rows, [widths[name] for name in names if name in _WRAPPED])
    if total > len(rows):
        more = f"{total - len(rows):,} more in {table} of shortpay.duckdb; these are the largest"
        sheet.write_string(len(rows) + 1, 0, more)
    sheet.set_row(0, 22)
    sheet.freeze_panes(1, 2 if editable else 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    if names:
        sheet.autofilter(0, 0, max(len(rows), 1), len(names) - 1)
    if editable:
        sheet.print_area(0, 0, len(rows), len([name for name in _FRONT if name in names]) - 1)
    return names


def _ordered(found: list[str], *, front: bool) -> list[str]:
    kept = [name for name in found if name not in _HIDDEN]
    if not front:
        return kept
    first = [name for name in _FRONT if name in kept]
    return [*first, *(name for name in kept if name not in {*first, "version"}), "version"]


def _style(name: str, value: object, editable: frozenset[str]) -> str:
    if name in editable:
        return "edit_date" if name == "decision_date" else "edit_text"
    if isinstance(value, Decimal):
        return (
            "share" if name.endswith("_share") else "money" if value.as_tuple().exponent == -2 else "number"
        )
    if isinstance(value, int) and not isinstance(value, bool):
        return "days" if name == "days_left" else "number"
    if isinstance(value, dt.date):
        return "date"
    return "small" if name == "version" else "wrapped" if name in _WRAPPED else "text"


def _cell(sheet: Any, row: int, column: int, value: object, style: str, formats: dict[str, Any]) -> None:
    if value is None:
        if style.startswith("edit"):
            sheet.write_blank(row, column, None, formats[style])
    elif isinstance(value, bool):
        sheet.write_string(row, column, "yes" if value else "no", formats[style])
    elif isinstance(value, Decimal | int):
        sheet.write_number(row, column, value, formats[style])
    elif isinstance(value, dt.date):
        sheet.write_datetime(row, column, dt.datetime.combine(value, dt.time()), formats[style])
    else:
        sheet.write_string(row, column, _fitting(str(value)), formats[style])


def _fitting(text: str) -> str:
    """Return what a cell can hold: not more than 32,767 characters, and none that XML does not know."""
    known = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    return known if len(known) <= _LONGEST_CELL else known[: _LONGEST_CELL - len(_CUT)] + _CUT


def _width(name: str, values: list[Any]) -> int:
    longest = max([len(name), *(len(str(value)) for value in values if value is not None)])
    told = any(value is not None for value in values) or name in EDITABLE
    return (_WIDTHS.get(name) if told else None) or min(max(longest + _ROOM, _NARROW), _WIDE)


def _make_room(sheet: Any, rows: list[tuple[Any, ...]], wrapped: list[tuple[int, int]]) -> None:
    """Give rows the height of their longest wrapped text: not every program does when it opens a file."""
    for number, row in enumerate(rows, start=1):
        lines = max(
            (-(-len(str(row[place] or "")) * 6 // (5 * width)) for place, width in wrapped), default=1
        )
        if lines > 1:
            sheet.set_row(number, _LINE * min(lines, _TALLEST))


def _help(
    sheet: Any, place: int, name: str, rows: int, editable: frozenset[str], formats: dict[str, Any]
) -> None:
    """Colour the days that are left; offer the statuses, and dates alone where a date is wanted."""
    if not rows:
        return
    if name == "days_left":
        # an empty cell is 0 to the rules that follow
        sheet.conditional_format(
            1, place, rows, place, {"type": "blanks", "format": None, "stop_if_true": True}
        )
        for limit, colour in ((0, "over"), (_SOON, "red"), (_NEAR, "amber")):
            sheet.conditional_format(1, place, rows, place, {"type": "cell", "criteria": "between", "minimum": -99999,
                                     "maximum": limit, "format": formats[colour], "stop_if_true": True})  # fmt: skip
    if name not in editable:
        return
    rule: dict[str, Any]
    if name == "status":
        rule = {
            "validate": "list",
            "source": list(SETTABLE),
            "error_title": "Status",
            "error_message": "Choose one of the list.",
        }
    elif name == "decision_date":
        rule = {"validate": "date", "criteria": ">", "value": dt.date(2000, 1, 1), "error_title": "Date",
                "error_message": "The day of the payer's answer, like 2026-07-01."}  # fmt: skip
    else:
        rule = {"validate": "length", "criteria": "<=", "value": LONGEST, "error_title": name.capitalize(),
                "error_message": f"At most {LONGEST} characters."}  # fmt: skip
    sheet.data_validation(1, place, rows, place, rule)


def _dictionary(sheet: Any, columns: dict[str, list[str]], formats: dict[str, Any]) -> None:
    """Each sheet with what it lists, and each column once, where it first stands."""
    for place, name in enumerate(("sheet", "column", "meaning")):
        sheet.write_string(0, place, name, formats["head"])
    number, told = 0, set[str]()
    for title, names in columns.items():
        description, meanings = descriptions()[SHEETS[title]]
        entries = [("", description), *((name, meanings[name]) for name in names if name not in told)]
        told |= {*names}
        for column, meaning in entries:
            number += 1
            sheet.write_string(number, 0, title)
            sheet.write_string(number, 1, column)
            sheet.write_string(number, 2, meaning)
    sheet.set_column(0, 1, 26)
    sheet.set_column(2, 2, 100)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, number, 2)
