"""Proofs of thresholds, modifiers and shares of distinct pairs, and of a payer's letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.explain import UnknownDisputeError, one_row
from warehouse.lane_proof import LaneProof, Section, named_row, page, rule_of, segments_of, table_of

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


def prove_threshold(con: duckdb.DuckDBPyConnection, archive: Path, name: str) -> LaneProof:
    """A patient's year under a threshold: every line with the running sum. Raises UnknownDisputeError."""
    del archive  # lines are named by file and segment; each has a proof of its own
    row = named_row(con, "out.threshold", "threshold_id", name)
    lines = page(
        con, "threshold_line", {key: row[key] for key in ("patient_key", "service_year", "discipline")}
    )
    sums = [
        f"allowed ${row['counted_amount']} of ${row['threshold_amount']}: ${row['left_amount']} left",
        f"review at ${row['review_amount']}: ${row['left_to_review_amount']} left",
        f"above without KX: {row['without_kx_count']} lines, ${row['without_kx_amount']}",
        f"denied for want of KX: {row['denied_count']} lines, ${row['denied_charge_amount']} charged",
    ]
    about = f"Account {row['patient_account']}, {row['service_year']}, {row['discipline']}"
    return LaneProof(
        row["threshold_id"], f"threshold, {row['threshold_status']}", about,
        [
            *([Section("What to do", [row["what_to_do"]])] if row["what_to_do"] else []),
            rule_of("allowed amounts of the year count, the patient's share among them; above the threshold KX is wanted",
                    row["threshold_source"]),
            table_of("Line by line", lines, "The proof of one: shortpay explain PLACE"),
            Section("Sums", sums),
        ],
    )  # fmt: skip


def prove_modifier(con: duckdb.DuckDBPyConnection, archive: Path, name: str) -> LaneProof:
    """A line and what its modifiers say wrong. Raises UnknownDisputeError, ArchiveError."""
    row = named_row(con, "out.modifier", "modifier_id", name)
    whole_day = row["finding_code"] == "MIXED_DAY"
    lines = page(con, "modifier_line", {"line_id": row["line_id"], "whole_day": whole_day})
    shown = [
        {"code": one["code"], "modifiers": one["modifiers"] or "none", "verdict": one["verdict"]}
        for one in lines
    ]
    about = (
        f"Account {row['patient_account']}, claim {row['payer_claim_number']}, {row['procedure_code']}"
        f" on {row['service_date']}"
    )
    return LaneProof(
        row["modifier_id"], row["finding_code"], about,
        [
            Section("What was seen", [row["detail"]]),
            rule_of(*_parted(row["rule"])),
            table_of("Modifiers as billed", shown),
            segments_of(con, archive, lines),
        ],
    )  # fmt: skip


def prove_share(con: duckdb.DuckDBPyConnection, archive: Path, name: str) -> LaneProof:
    """How often a pair of codes was billed as distinct, day by day. Raises UnknownDisputeError."""
    del archive  # lines are named by file and segment; each has a proof of its own
    row = named_row(con, "out.distinct_share", "share_id", name)
    asked = {key: row[key] for key in ("rendering_npi", "procedure_code", "other_code", "quarter_date")}
    earlier = (
        f"{row['earlier_share']} of {row['earlier_day_count']} days"
        if row["earlier_day_count"]
        else "no days before"
    )
    return LaneProof(
        row["share_id"], "share of distinct pairs: a figure of risk, no verdict",
        f"{row['procedure_code']} and {row['other_code']}, clinician {row['rendering_npi'] or 'not named'},"
        f" quarter from {row['quarter_date']}",
        [
            rule_of("a pair is distinct where either line has 59 or an X modifier; nobody sets a limit", "docs/therapy.md [OWN]"),
            table_of("Day by day", page(con, "distinct_day", asked), "The proof of a line: shortpay explain PLACE"),
            Section("Share", [f"{row['distinct_count']} / {row['day_count']} days = {row['distinct_share']}",
                              f"the practice before: {earlier}"]),
        ],
    )  # fmt: skip


def prove_letter(con: duckdb.DuckDBPyConnection, archive: Path, name: str) -> LaneProof:
    """A payer's letter: what it started, and from where its days are counted. Raises UnknownDisputeError."""
    del archive  # a letter came by post
    letter = one_row(
        con, "select * from life.letter where letter_id = ? and kind is not null order by number limit 1",
        [name.upper()],
    )  # fmt: skip
    if letter is None:
        raise UnknownDisputeError(
            f"{name}: no letter has this number; see the column about_id of out.deadline"
        )
    steps = con.execute(
        "select due, deadline_date, days_left, what_to_do, envelope, window_source from out.deadline"
        " where about = 'letter' and about_id = ? order by deadline_date, due", [letter["letter_id"]],
    ).fetchall()  # fmt: skip
    answered = con.execute(
        "select min(answered_date) from life.letter where letter_id = ?", [letter["letter_id"]]
    ).fetchall()[0][0]
    said = f"dated {letter['letter_date']}" + (f", gives {letter['days']} days" if letter["days"] else "")
    sections = [Section("The letter", [said, f"written down on {letter['when_date']} by {letter['who']}"])]
    for due, date, left, what, envelope, source in steps:
        counted = f"by {date} ({left} days left): {(date - letter['letter_date']).days} days after its date"
        sections.append(Section(due, [counted, what, f"in the envelope: {envelope}", f"source: {source}"]))
    if not steps:
        sections.append(
            Section("Nothing is due", [f"answered on {answered}" if answered else "no days are known for it"])
        )
    about = [f"{word} {letter[key]}" for word, key in (("account", "patient_account"), ("claim", "payer_claim_number"),
                                                        ("amount $", "amount")) if letter[key] is not None]  # fmt: skip
    return LaneProof(
        letter["letter_id"],
        letter["kind"],
        ", ".join([letter["payer"] or "payer not said", *about]),
        sections,
    )


def _parted(rule: str) -> tuple[str, str | None]:
    """A rule as out.modifier has it: its source, a colon, the rule."""
    source, _, text = rule.partition(": ")
    return (text, source) if text else (rule, None)
