"""From standing encounters to units, risks and findings: the models in their order, and the repricer between them."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from contracts import LINE_SCHEMA
from warehouse.database import build, look, model_sql, store

from .findings import ADVICE
from .notes import element_names, settings
from .price import CHANGED, PRICE_SCHEMA, STEP_SCHEMA_OF_DAY, price_days
from .store import findings, score_notes, stand
from .units import judge_units, with_filing

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    import duckdb

    from contracts import Practice, Reference, Terms

_DATA = files("warehouse.encounters") / "data"
PUBLISHED = (
    "out.unit",
    "out.under_billed",
    "out.compliance",
    "out.region_pair",
    "out.encounter_day",
    "out.encounter_finding",
)
VIEWS = (
    "view.lane_worth",
    "view.denial_mix",
    "view.unit_month",
    "view.compliance_mix",
    "view.threshold_mix",
)
"""What analysts ask of the lanes beside the disputes."""


def weigh(
    con: duckdb.DuckDBPyConnection,
    encounters: duckdb.DuckDBPyConnection,
    terms: Terms,
    reference: Reference,
    practice: Practice,
) -> int:
    """Hold all standing encounters against what was decided; return how many patient-days there are.

    `encounters` is the store with the notes; what passes from it into the warehouse are rows without them.
    """
    rows = stand(encounters)
    patients = con.sql(model_sql("encounter.patient")).pl()
    store(con, "core.encounter_finding_read", findings(encounters))
    with _registered(con, {"encounter_row": rows, "encounter_patient": patients, **_tables()}):
        build(con, "core.encounter")
        known = con.sql("select distinct patient_account, patient from core.encounter order by all").pl()
        store(con, "core.encounter_note", score_notes(encounters, known))
        for model in ("core.billed_unit", "core.encounter_day", "core.unit_asked", "core.region_pair"):
            build(con, model)
        build(con, "core.encounter_flag", {"plan_days": settings()["plan_days"]})
        units = with_filing(judge_units(con.sql("from core.unit_asked").pl()))
        store(con, "core.encounter_unit", units.select(_UNIT))
        totals, steps = _priced(con, units, terms, reference, practice)
        store(con, "core.encounter_price", totals)
        store(con, "core.encounter_step", steps)
    return int(con.execute("select count(*) from core.encounter_flag").fetchall()[0][0])


def show(con: duckdb.DuckDBPyConnection, as_of: dt.date) -> None:
    """Make what people read of encounters, as of a day."""
    patients = con.sql(model_sql("encounter.patient")).pl()
    values = {"as_of": as_of} | settings()
    with _registered(con, {"encounter_patient": patients, **_tables()}):
        for model in PUBLISHED:
            sql = model_sql(model)
            build(con, model, {name: value for name, value in values.items() if f"${name}" in sql} or None)


def look_at_lanes(con: duckdb.DuckDBPyConnection) -> None:
    """Make the views over all lanes beside the disputes: those of encounters, and those that `judge.rank` made."""
    for view in VIEWS:
        look(con, view)


_UNIT = (
    "patient", "patient_account", "service_date", "procedure_code", "minutes", "day_minutes", "billed_units",
    "eight_minute_units", "midpoint_units", "units_rule", "standing", "unit_difference", "reason", "unproven",
    "payer", "contract", "file_by", "source_file", "row_number", "file_hash",
)  # fmt: skip


def _priced(
    con: duckdb.DuckDBPyConnection,
    units: pl.DataFrame,
    terms: Terms,
    reference: Reference,
    practice: Practice,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    if units.filter(pl.col("standing").is_in(CHANGED)).is_empty():
        return pl.DataFrame(schema=PRICE_SCHEMA), pl.DataFrame(schema=STEP_SCHEMA_OF_DAY)
    priced, days = model_sql("core.line_to_price"), model_sql("encounter.line_of_day")
    lines = con.sql(
        f"select l.*, d.patient from ({priced}) l join ({days}) d on d.line_id = l.line_id order by l.line_id"
    ).pl()
    typed = lines.cast({name: kind for name, kind in LINE_SCHEMA.items() if name in lines.columns})
    charges = con.sql(model_sql("encounter.usual_charge")).pl()
    return price_days(units, typed, charges, terms, reference, practice)


def _tables() -> dict[str, pl.DataFrame]:
    """The rules that are data, under the names that the models use."""
    names = element_names()
    return {
        "contiguous_region": _read("contiguous_region"),
        "unspecified_diagnosis": _read("unspecified_diagnosis"),
        "risk_rule": _read("risk"),
        "documentation_element": pl.DataFrame({"element": names, "position": list(range(len(names)))}),
        "encounter_advice": pl.DataFrame(
            [(code.value, message) for code, message in ADVICE.items()],
            schema=["finding_code", "message"], orient="row",
        ),
    }  # fmt: skip


def _read(name: str) -> pl.DataFrame:
    return pl.read_csv((_DATA / f"{name}.csv").read_bytes(), infer_schema=False)


@contextmanager
def _registered(con: duckdb.DuckDBPyConnection, frames: dict[str, pl.DataFrame]) -> Iterator[None]:
    """Let models see frames by name for a while."""
    for name, frame in frames.items():
        con.register(name, frame)
    try:
        yield
    finally:
        for name in frames:
            con.unregister(name)
