"""Adjustments: CAS at claim and line level, PLB at provider level, remark codes."""

import polars as pl

from era_parser.elements import Reading, columns_of, elements, value_of
from era_parser.registry import tables
from era_parser.segments import split_elements


def read_adjustments(reading: Reading) -> None:
    part = reading.part("CAS")
    if not len(part):
        return
    frame = elements(reading, "CAS", 19)
    rows = []
    for position in range(1, 7):
        first = 3 * position - 1
        texts = [frame[f"e{first + n}"] for n in range(3)]
        sent = texts[0].is_not_null() | texts[1].is_not_null() | texts[2].is_not_null()
        if position > 1 and not sent.any():
            continue
        amount = value_of(reading, part, "CAS", first + 1, texts[1], "money")
        quantity = value_of(reading, part, "CAS", first + 2, texts[2], "quantity")
        triplet = part.drop("text").with_columns(
            pl.lit(position, pl.Int32).alias("position"),
            frame["e1"].alias("group_code"),
            texts[0].alias("reason_code"),
            amount.alias("adjustment_amount"),
            quantity.alias("adjustment_quantity"),
        )
        rows.append(triplet if position == 1 else triplet.filter(sent))
    all_rows = pl.concat(rows).sort("source", "segment", "position") if len(rows) > 1 else rows[0]
    names = ("position", "group_code", "reason_code", "adjustment_amount", "adjustment_quantity")
    reading.add("adjustment", all_rows, {name: pl.col(name) for name in names})


def read_provider_adjustments(reading: Reading) -> None:
    part = reading.part("PLB")
    if not len(part):
        return
    frame = elements(reading, "PLB", 14)
    fiscal = value_of(reading, part, "PLB", 2, frame["e2"], "date")
    rows = []
    for position in range(1, 7):
        code, text = frame[f"e{2 * position + 1}"], frame[f"e{2 * position + 2}"]
        sent = code.is_not_null() | text.is_not_null()
        parts = _reason(reading, part, 2 * position + 1, code)
        amount = value_of(reading, part, "PLB", 2 * position + 2, text, "money")
        pair = part.drop("text").with_columns(
            frame["e1"].alias("provider_id"),
            fiscal.alias("fiscal_date"),
            pl.lit(position, pl.Int32).alias("position"),
            parts["c0"].alias("reason_code"),
            parts["c1"].alias("reference_id"),
            amount.alias("adjustment_amount"),
        )
        rows.append(pair if position == 1 else pair.filter(sent))
    names = ("provider_id", "fiscal_date", "position", "reason_code", "reference_id", "adjustment_amount")
    all_rows = pl.concat(rows).sort("source", "segment", "position")
    reading.add("provider_adjustment", all_rows, {name: pl.col(name) for name in names})


def _reason(reading: Reading, part: pl.DataFrame, number: int, text: pl.Series) -> pl.DataFrame:
    """PLB03 and kin (composite C042): reason and reference."""
    component = reading.batch.component
    parts = split_elements(text.fill_null(""), component, reading.batch.terminator, 3)
    odd = (parts["c2"].is_not_null() | text.str.ends_with(component)).fill_null(value=False)
    if odd.any():
        reading.keep_text(part.filter(odd), "PLB", number, text.filter(odd))
    return parts


def read_remarks(reading: Reading) -> None:
    part = reading.part("LQ")
    if len(part):
        frame = elements(reading, "LQ", 2)
        columns: dict[str, pl.Series | pl.Expr] = {
            "remark_qualifier": frame["e1"],
            "remark_code": frame["e2"],
            "position": pl.lit(1, pl.Int32),
        }
        reading.add("remark", part, columns)
    for table, tag, places in (
        ("inpatient", "MIA", (5, 20, 21, 22, 23)),
        ("outpatient", "MOA", (3, 4, 5, 6, 7)),
    ):
        part = reading.part(tag)
        if not len(part):
            continue
        spec = tables()[table]
        frame = elements(reading, tag, len(spec.elements(tag)))
        reading.add(table, part, columns_of(reading, spec, tag, part, frame))
        for position, number in enumerate(places, 1):
            code = frame[f"e{number}"]
            sent = code.is_not_null()
            if sent.any():
                columns = {"remark_qualifier": pl.lit(tag), "remark_code": code.filter(sent),
                           "position": pl.lit(position, pl.Int32)}  # fmt: skip
                reading.add("remark", part.filter(sent), columns)
