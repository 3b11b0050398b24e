"""Proofs of what encounters show: units that were not billed, risks, and a row of an encounter file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from warehouse.encounters.store import LOADED
from warehouse.lane_proof import (
    STEP_COLUMNS,
    LaneProof,
    Section,
    archived,
    named_row,
    page,
    rule_of,
    segments_of,
    table_of,
)

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import duckdb

Row = dict[str, Any]
_UNITS = (
    "minutes make units by the rule that the contract names (units_rule); where it names none, both are asked and only"
    " what both say is said"
)
_UNIT_SOURCE = "Pub. 100-04 ch. 5 s. 20.2 C (eight minutes); docs/encounters.md"


def prove_units(con: duckdb.DuckDBPyConnection, archive: Path, name: str) -> LaneProof:
    """Units of a day that were not billed. Raises UnknownDisputeError, ArchiveError."""
    row = named_row(con, "out.under_billed", "under_billed_id", name)
    patient, date = _day(con, row)
    worth = (
        row["price_problem"] or f"${row['unbilled_amount']} more for the day under contract {row['contract']}"
    )
    by = f"file by {row['file_by']} ({row['days_left']} days left)" if row["file_by"] else "no last day known"
    return LaneProof(
        row["under_billed_id"], f"units not billed, {row['standing']}", _about(row),
        [
            Section("What to do", [f"{row['units_by_code']}: {row['advice']}", by]),
            rule_of(_UNITS, _UNIT_SOURCE),
            *_behind(con, archive, patient, date),
            *_price(con, patient, date, worth),
            *([Section("Not sourced", [row["unproven"]])] if row["unproven"] else []),
        ],
    )  # fmt: skip


def prove_risk(con: duckdb.DuckDBPyConnection, archive: Path, name: str) -> LaneProof:
    """A row of the compliance list. Raises UnknownDisputeError, ArchiveError."""
    row = named_row(con, "out.compliance", "risk_id", name)
    patient, date = _day(con, row)
    worth = f"${row['risk_amount']} was paid for them" if row["risk_amount"] is not None else ""
    return LaneProof(
        row["risk_id"], f"{row['risk_code']}: a risk, no verdict", _about(row),
        [
            Section("What was seen", [row["detail"], *([worth] if worth else [])]),
            rule_of(row["rule"], row["source"]),
            *_behind_risk(con, archive, row, patient, date),
            *(_price(con, patient, date, worth) if worth else []),
        ],
    )  # fmt: skip


def encounter_file(con: duckdb.DuckDBPyConnection, name: str) -> tuple[str, int] | None:
    """Return hash and row of an encounter file's row that is named FILE:ROW; None where no such file came."""
    source_file, _, number = name.rpartition(":")
    if not (source_file and number.isdecimal() and len(number) < 10):
        return None
    found = con.execute(
        "select file_hash from era.file_seen where name = ? and outcome = ? order by arrival desc limit 1",
        [source_file, LOADED],
    ).fetchall()
    return (found[0][0], int(number)) if found else None


def prove_row(con: duckdb.DuckDBPyConnection, archive: Path, name: str, place: tuple[str, int]) -> LaneProof:
    """A row of an encounter file: its findings, and how the patient's day stands. Raises ArchiveError."""
    file_hash, number = place
    findings = page(con, "encounter_finding", {"file_hash": file_hash, "row_number": number})
    said = Section("Findings", [f"{one['finding_code']}: {one['message']}" for one in findings] or ["none"])
    found = con.execute(
        "select patient, service_date, patient_account from core.encounter where file_hash = ? and row_number = ?",
        [file_hash, number],
    ).fetchall()
    if not found:
        archived(archive, file_hash)
        gone = "the row was not taken, or a later file replaced its day"
        return LaneProof(name, "row of an encounter file", gone, [said])
    ((patient, date, account),) = found
    about = _about({"patient_account": account, "service_date": date, "payer": None})
    return LaneProof(name, "row of an encounter file", about, [said, *_behind(con, archive, patient, date)])


def _about(row: Row) -> str:
    return f"Account {row['patient_account']}, {row['service_date']}" + (
        f", {row['payer']}" if row["payer"] else ""
    )


def _day(con: duckdb.DuckDBPyConnection, row: Row) -> tuple[str, dt.date]:
    """Return patient and day of a row that names its place in an encounter file."""
    ((patient, date),) = con.execute(
        "select patient, service_date from core.encounter where file_hash = ? and row_number = ?",
        [row["file_hash"], row["row_number"]],
    ).fetchall()
    return patient, date


def _behind(con: duckdb.DuckDBPyConnection, archive: Path, patient: str, date: dt.date) -> list[Section]:
    """Rows of the encounters, units and remittance lines of a patient's day."""
    asked = {"patient": patient, "service_date": date}
    units = page(con, "unit_of_day", asked)
    return [
        _rows(con, archive, [(patient, date)]),
        *([table_of("Units by the minutes", units)] if units else []),
        segments_of(con, archive, page(con, "remitted_line", asked)),
    ]


def _behind_risk(
    con: duckdb.DuckDBPyConnection, archive: Path, row: Row, patient: str, date: dt.date
) -> list[Section]:
    """What a risk was seen in: the patient's day, or the days and patients that it is about."""
    match row["risk_code"]:
        case "UNSPECIFIED_DIAGNOSIS":
            code = row["detail"].split(" ", 1)[0]
            dates = con.execute(
                "select distinct service_date from core.encounter where patient = ? order by 1", [patient]
            ).fetchall()
            return [_rows(con, archive, [(patient, day) for (day,) in dates], code)]
        case "NEAR_IDENTICAL_NOTES":
            ((other,),) = con.execute(
                "select similar_date from core.encounter_flag where patient = ? and service_date = ?",
                [patient, date],
            ).fetchall()
            return [_rows(con, archive, [(patient, other), (patient, date)])]
        case "CLINICIAN_OVERLAP":
            others = con.execute(
                "select distinct o.patient from core.encounter l join core.encounter o on o.service_date = l.service_date"
                " and coalesce(o.clinician_npi, upper(trim(o.clinician))) = coalesce(l.clinician_npi, upper(trim(l.clinician)))"
                " and o.start_minute < l.stop_minute and l.start_minute < o.stop_minute"
                " where l.file_hash = ? and l.row_number = ? order by 1",
                [row["file_hash"], row["row_number"]],
            ).fetchall()
            return [_rows(con, archive, [(other, date) for (other,) in others])]
    return _behind(con, archive, patient, date)


def _rows(
    con: duckdb.DuckDBPyConnection, archive: Path, days: list[tuple[str, Any]], diagnosis: str | None = None
) -> Section:
    """The rows of encounter files behind days of patients; what their notes say is not printed."""
    asked = {
        "patients": [one for one, _ in days],
        "dates": [date for _, date in days],
        "diagnosis": diagnosis,
    }
    rows = page(con, "encounter_row", asked)
    for file_hash in sorted({row["file_hash"] for row in rows}):
        archived(archive, file_hash)
    shown = [{**row, "flags": row["flags"] or None} for row in rows]
    return table_of("What the encounters say", shown, leave=("file_hash",))


def _price(con: duckdb.DuckDBPyConnection, patient: str, date: dt.date, worth: str) -> list[Section]:
    """The day's price as billed and by the minutes, step by step."""
    found = con.execute(
        "select priced_as, concat(procedure_code, ': ', operation), detail, source,"
        " (after_cents * 0.01::decimal(3,2))::decimal(18,2) from core.encounter_step"
        " where patient = ? and service_date = ? order by priced_as desc, line_order, procedure_code, step",
        [patient, date],
    ).fetchall()
    totals = con.execute(
        "select (billed_cents * 0.01::decimal(3,2))::decimal(18,2), (by_minutes_cents * 0.01::decimal(3,2))::decimal(18,2),"
        " ((by_minutes_cents - billed_cents) * 0.01::decimal(3,2))::decimal(18,2) from core.encounter_price"
        " where patient = ? and service_date = ? and price_problem is null", [patient, date],
    ).fetchall()  # fmt: skip
    sections = [
        Section(title, [], STEP_COLUMNS, [row[1:] for row in found if row[0] == priced])
        for priced, title in (
            ("billed", "Price of the day as billed"),
            ("by the minutes", "Price of the day by the minutes"),
        )
    ]
    summed = [f"by the minutes ${after} - as billed ${before} = ${more}" for before, after, more in totals]
    return [*(one for one in sections if one.rows), Section("Worth", [*summed, re.sub(r"\s+", " ", worth)])]
