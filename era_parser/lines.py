"""Service lines: SVC with its composites."""

import polars as pl

from era_parser.elements import Fields, Reading, columns_of, fields
from era_parser.registry import tables
from era_parser.spans import Parts, components, nothing

MODIFIERS = (2, 5)
"""First and last component of a C003 that is a modifier."""
LAST = 7


def read_service_lines(reading: Reading) -> None:
    part = reading.part("SVC")
    if not len(part):
        return
    own = fields(reading, "SVC", 7)
    columns = columns_of(own, tables()["service_line"])
    columns.update(_procedure(own, 1, ""))
    columns.update(_procedure(own, 6, "billed_"))
    reading.add("service_line", part, columns)


def _procedure(own: Fields, number: int, prefix: str) -> dict[str, pl.Series]:
    """SVC01 or SVC06 (composite C003): qualifier, code, up to four modifiers, description, end of range."""
    names = [f"{prefix}procedure_qualifier", f"{prefix}procedure_code", f"{prefix}modifiers",
             f"{prefix}procedure_description", f"{prefix}procedure_range_end"]  # fmt: skip
    spans = own.spans(number)
    if not spans.sent.any():
        return dict.fromkeys(names, nothing(pl.String(), len(spans)))
    parts = components(spans)
    odd = parts.empty | (parts.count > LAST)
    if odd.any():
        own.reading.keep_text(own.part.filter(pl.Series(odd)), "SVC", number, spans.at(odd).texts())
    texts = [parts.part(n).texts() for n in (0, 1, 6, 7)]
    return dict(zip(names, [*texts[:2], _modifiers(own, parts), *texts[2:]], strict=True))


def _modifiers(own: Fields, parts: Parts) -> pl.Series:
    """Modifiers joined by a colon, those that are empty left out."""
    joined = parts.part(*MODIFIERS).texts()
    if own.reading.batch.component != ":":
        joined = joined.str.replace_all(own.reading.batch.component, ":", literal=True)
    if parts.empty.any():
        joined = joined.str.replace_all("::+", ":").str.strip_chars(":")
        joined = joined.to_frame("m").select(pl.when(pl.col("m") != "").then("m"))["m"]
    return joined
