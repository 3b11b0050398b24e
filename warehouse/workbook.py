"""The posters' workbook: worklist first, then payers, what expired, what could not be judged, cash and coverage."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import xlsxwriter

from warehouse.registry import descriptions

if TYPE_CHECKING:
    import duckdb

SHEETS = {
    "Worklist": "out.worklist",
    "Projects": "out.project",
    "Payers": "out.payer",
    "Expired": "out.expired",
    "Abstained": "out.abstained",
    "Cash": "out.cash",
    "Coverage": "out.coverage",
    "Files": "out.file",
}
_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001  (a fixed stamp: the same rows give the same bytes)
_NARROW, _WIDE, _ROOM = 9, 44, 2
_SOON, _NEAR = 14, 45
ROWS = 5_000
"""Lines that a sheet beside the worklist shows at most; all of them are in shortpay.duckdb."""
LARGEST = {
    "out.abstained": f" order by charge_amount desc nulls last, file_hash, claim, line limit {ROWS}",
    "out.cash": f" order by abs(difference_amount) desc nulls last, remittance_date desc, file_hash, payment limit {ROWS}",
    "out.file": f" order by arrival desc limit {ROWS}",
}
_HIDDEN = frozenset({"file_hash"})


def workbook(con: duckdb.DuckDBPyConnection, as_of: dt.date) -> bytes:
    """Return the workbook's bytes; the same tables and date give the same bytes.

    Text from remittances is written as text and never becomes a formula or a link.
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
    formats = {
        "head": book.add_format(
            {"bold": True, "bg_color": "#1F3B57", "font_color": "white", "valign": "top"}
        ),
        "money": book.add_format({"num_format": "$#,##0.00"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
        "text": book.add_format({"num_format": "@"}),
        "red": book.add_format({"bg_color": "#F8CBAD"}),
        "amber": book.add_format({"bg_color": "#FFE699"}),
    }
    for title, table in SHEETS.items():
        _sheet(book.add_worksheet(title), con, table, formats)
    _dictionary(book.add_worksheet("Dictionary"), formats)
    book.close()
    return out.getvalue()


def _sheet(sheet: Any, con: duckdb.DuckDBPyConnection, table: str, formats: dict[str, Any]) -> None:
    total = con.execute(f"select count(*) from {table}").fetchall()[0][0]
    cursor = con.execute(
        f"select * from {table}" + (LARGEST[table] if table in LARGEST and total > ROWS else "")
    )
    described = cursor.description or []
    kept = [(i, column[0]) for i, column in enumerate(described) if column[0] not in _HIDDEN]
    rows = cursor.fetchall()
    for place, (_, name) in enumerate(kept):
        sheet.write_string(0, place, name, formats["head"])
    for number, row in enumerate(rows, start=1):
        for place, (i, _) in enumerate(kept):
            _cell(sheet, number, place, row[i], formats)
    if total > len(rows):
        more = f"{total - len(rows):,} more in {table} of shortpay.duckdb; these are the largest"
        sheet.write_string(len(rows) + 1, 0, more)
    for place, (i, name) in enumerate(kept):
        longest = max([len(name)] + [len(str(row[i] or "")) for row in rows])
        sheet.set_column(place, place, min(max(longest + _ROOM, _NARROW), _WIDE))
        if name == "days_left" and rows:
            _colour_days(sheet, place, len(rows), formats)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    if kept:
        sheet.autofilter(0, 0, max(len(rows), 1), len(kept) - 1)


def _cell(sheet: Any, row: int, column: int, value: object, formats: dict[str, Any]) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_string(row, column, "yes" if value else "no")
    elif isinstance(value, Decimal):
        money = value.as_tuple().exponent == -2
        sheet.write_number(row, column, value, formats["money"] if money else None)
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    elif isinstance(value, dt.date):
        sheet.write_datetime(row, column, dt.datetime.combine(value, dt.time()), formats["date"])
    else:
        sheet.write_string(row, column, str(value), formats["text"])


def _colour_days(sheet: Any, column: int, rows: int, formats: dict[str, Any]) -> None:
    for limit, name in ((_SOON, "red"), (_NEAR, "amber")):
        sheet.conditional_format(
            1,
            column,
            rows,
            column,
            {"type": "cell", "criteria": "<=", "value": limit, "format": formats[name], "stop_if_true": True},
        )


def _dictionary(sheet: Any, formats: dict[str, Any]) -> None:
    for place, name in enumerate(("table", "column", "meaning")):
        sheet.write_string(0, place, name, formats["head"])
    columns = descriptions()["out.worklist"][1]
    number = 0
    for table in SHEETS.values():
        number += 1
        sheet.write_string(number, 0, table)
        sheet.write_string(number, 2, descriptions()[table][0])
    for name, meaning in columns.items():
        number += 1
        sheet.write_string(number, 1, name)
        sheet.write_string(number, 2, meaning)
    sheet.set_column(0, 1, 26)
    sheet.set_column(2, 2, 90)
    sheet.freeze_panes(1, 0)
