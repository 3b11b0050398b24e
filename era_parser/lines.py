"""Service lines: SVC with its composites."""

import polars as pl

from era_parser.elements import Reading, columns_of, elements
from era_parser.registry import tables
from era_parser.segments import split_elements


def read_service_lines(reading: Reading) -> None:
    part = reading.part("SVC")
    if not len(part):
        return
    frame = elements(reading, "SVC", 7)
    columns = columns_of(reading, tables()["service_line"], "SVC", part, frame)
    columns.update(_procedure(reading, part, 1, frame["e1"], ""))
    columns.update(_procedure(reading, part, 6, frame["e6"], "billed_"))
    reading.add("service_line", part, columns)


def _procedure(
    reading: Reading, part: pl.DataFrame, number: int, text: pl.Series, prefix: str
) -> dict[str, pl.Series]:
    """SVC01 or SVC06 (composite C003): qualifier, code, up to four modifiers, description, end of range."""
    names = [f"{prefix}procedure_qualifier", f"{prefix}procedure_code", f"{prefix}modifiers",
             f"{prefix}procedure_description", f"{prefix}procedure_range_end"]  # fmt: skip
    if text.null_count() == len(text):
        return dict.fromkeys(names, text)
    component = reading.batch.component
    count = int(text.str.count_matches(component, literal=True).max() or 0)  # type: ignore[arg-type]
    parts = split_elements(text.fill_null(""), component, reading.batch.terminator, max(count + 1, 2))
    parts = parts.with_columns(pl.lit(None, pl.String).alias(f"c{n}") for n in range(parts.width, 8))
    modifiers = parts.select(
        pl.concat_str([f"c{n}" for n in range(2, 6)], separator=":", ignore_nulls=True)
    ).to_series()
    odd = (
        text.str.contains(component * 2, literal=True)
        | text.str.ends_with(component)
        | text.str.starts_with(component)
        | pl.Series([count > 7]).new_from_index(0, len(text))
    ).fill_null(value=False)
    if odd.any():
        reading.keep_text(part.filter(odd), "SVC", number, text.filter(odd))
    modifiers = parts.select(pl.when(modifiers != "").then(modifiers)).to_series()
    return dict(zip(names, [parts["c0"], parts["c1"], modifiers, parts["c6"], parts["c7"]], strict=True))
