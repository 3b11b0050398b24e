"""What analysts are told: counted once, over the right denominators, on the right days."""

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import AS_OF
from warehouse import judge

EXPECTED = Path(__file__).parents[2] / "examples" / "expected.csv"
JUDGED = {"PAID_AS_EXPECTED", "UNDERPAID", "OVERPAID", "CHARGE_BELOW_RATE"}
UHC_AMENDED = dt.date(2026, 4, 1)
DISPUTE = "D-2B4363FAFE"


@pytest.fixture
def con(example: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The example's warehouse, to be changed and put back."""
    with example.cursor() as con:
        con.begin()
        yield con
        con.rollback()


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


def test_each_judgement_is_counted_once(example: duckdb.DuckDBPyConnection) -> None:
    lines = rows(
        example,
        "select count(*), sum(allowed_amount), sum(expected_amount), sum(shortfall_amount),"
        " count(distinct coalesce(judged_group, line_id::varchar)) from core.verdict"
        " where verdict in ('PAID_AS_EXPECTED', 'UNDERPAID', 'OVERPAID', 'CHARGE_BELOW_RATE')",
    )
    judged = rows(
        example,
        "select sum(line_count), sum(allowed_amount), sum(expected_amount), sum(shortfall_amount), count(*)"
        " from view.judgement",
    )
    assert judged == lines
    assert lines[0][4] < lines[0][0]


def test_what_is_short_is_what_is_owed_less_what_was_allowed(example: duckdb.DuckDBPyConnection) -> None:
    off = "from view.judgement where verdict = 'UNDERPAID' and shortfall_amount <> expected_amount - allowed_amount"
    assert rows(example, off) == []


def test_the_rate_is_that_of_the_answers_worked_out_by_hand(example: duckdb.DuckDBPyConnection) -> None:
    """Recounted from expected.csv: contracts without lines that are judged on a sum, places that are settled."""
    together = {
        row[0]
        for row in rows(example, "select distinct contract from core.verdict where judged_group is not null")
    }
    assert together == {"bcbstx-blue-choice", "gotham-community", "uhc-choice-plus"}
    judged: Counter[tuple[str, str]] = Counter()
    short: Counter[tuple[str, str]] = Counter()
    dollars: Counter[tuple[str, str]] = Counter()
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["contract"], row["procedure_code"])
            place_settled = row["locality"] or row["contract"] != "medicare"
            if row["verdict"] in JUDGED and row["contract"] not in together and place_settled:
                judged[key] += 1
                short[key] += row["verdict"] == "UNDERPAID"
                dollars[key] += Decimal(row["shortfall_amount"])  # type: ignore[assignment]
    told = rows(
        example,
        "select contract, procedure_code, judged_count, short_count, shortfall_amount from view.underpayment_rate"
        " where judged_count > 0",
    )
    assert {(row[0], row[1]): row[2:] for row in told if row[0] not in together} == {
        key: (count, short[key], dollars[key]) for key, count in judged.items()
    }


def test_a_visit_judged_on_its_sum_counts_once_and_under_no_code(example: duckdb.DuckDBPyConnection) -> None:
    """Gotham pays 82.00 a visit: 2 January 75.00 for two codes, 5 January 82.00 for three."""
    told = rows(
        example,
        "select judged_count, short_count, short_share, expected_amount, shortfall_amount from view.underpayment_rate"
        " where contract = 'gotham-community' and procedure_code is null",
    )
    assert told == [(2, 1, Decimal("0.5000"), Decimal("164.00"), Decimal("7.00"))]


def test_what_can_be_short_but_never_right_is_in_no_rate(example: duckdb.DuckDBPyConnection) -> None:
    """Home visits paid to the group, below both localities; one like them that is not below both abstains."""
    told = rows(
        example,
        "select sum(unsettled_short_count), sum(unsettled_shortfall_amount) from view.underpayment_rate",
    )
    assert told == [(2, Decimal("0.97"))]
    assert rows(
        example, "select sum(short_count + unsettled_short_count) from view.underpayment_rate"
    ) == rows(example, "select line_count from out.coverage where verdict = 'UNDERPAID'")


@pytest.mark.parametrize(
    ("service", "month"),
    [
        ("2025-12-31", None),
        ("2026-01-01", -3),
        ("2026-02-28", -2),
        ("2026-03-01", -1),
        ("2026-03-31", -1),
        ("2026-04-01", 0),
        ("2026-04-30", 0),
        ("2026-05-01", 1),
        ("2026-09-30", 5),
        ("2026-10-01", None),
    ],
)
def test_months_are_whole_months_from_the_change(
    con: duckdb.DuckDBPyConnection, service: str, month: int | None
) -> None:
    con.execute("update core.verdict set service_date = ? where contract = 'uhc-choice-plus'", [service])
    told = con.execute(
        "select month_number from view.rate_trend where contract = 'uhc-choice-plus' and change_date = ?",
        [UHC_AMENDED],
    ).fetchall()
    assert told == ([] if month is None else [(month,)])


def test_a_schedule_row_that_begins_later_is_a_change_of_its_code_alone(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """One line of 97112 on 14 May; the contract's other codes keep their rates."""
    con.execute(
        "update terms.fee_schedule_row set effective = '2026-05-13'"
        " where contract = 'uhc-choice-plus' and procedure_code = '97112'"
    )
    told = rows(
        con, "select month_number, judged_count from view.rate_trend where change_date = '2026-05-13'"
    )
    assert told == [(0, 1)]


def test_a_new_medicare_factor_changes_what_follows_medicare_alone(con: duckdb.DuckDBPyConnection) -> None:
    """Aetna's evaluations (97161) are paid from the schedule of 2025, the five other lines from that of the day."""
    con.execute(
        "update terms.contract set contract_effective = '2025-01-01' where contract = 'aetna-preferred'"
    )
    con.execute(
        "update terms.rate_entry set contract_effective = '2025-01-01' where contract = 'aetna-preferred'"
    )
    told = rows(
        con,
        "select change_date, month_number, judged_count from view.rate_trend where contract = 'aetna-preferred'",
    )
    assert told == [(dt.date(2026, 1, 1), 0, 5)]


@pytest.mark.parametrize(
    ("days", "band"),
    [
        (0, "000-030"), (30, "000-030"), (31, "031-060"), (60, "031-060"), (61, "061-090"), (90, "061-090"),
        (91, "091-120"), (120, "091-120"), (121, "121-180"), (180, "121-180"), (181, "181-365"), (365, "181-365"),
        (366, "over 365"),
    ],
)  # fmt: skip
def test_ages_are_counted_to_the_as_of_date(con: duckdb.DuckDBPyConnection, days: int, band: str) -> None:
    day = AS_OF - dt.timedelta(days=days)
    con.execute("update out.dispute set service_date = ?", [day])
    assert rows(con, "select distinct service_age_days, service_age_band from view.ageing") == [(days, band)]
    con.execute("update out.dispute set remittance_date = service_date, service_date = null")
    assert rows(con, "select distinct remittance_age_band, service_age_band from view.ageing") == [
        (band, None)
    ]


def test_open_disputes_are_aged_and_fall_due_once(example: duckdb.DuckDBPyConnection) -> None:
    worklist = rows(example, "select count(*), sum(shortfall_amount) from out.worklist")
    assert rows(example, "select count(*), sum(shortfall_amount) from view.ageing where is_open") == worklist
    assert (
        rows(example, "select sum(dispute_count), sum(shortfall_amount) from view.deadline_week") == worklist
    )
    assert rows(example, "select count(*) from view.ageing where not is_open") == rows(
        example, "select count(*) from out.expired"
    )


def test_what_was_sent_no_longer_falls_due(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update out.dispute set days_left = null, status = 'sent' where payer = 'Cigna'")
    assert rows(con, "select * from view.deadline_week where payer = 'Cigna'") == []


def test_the_same_night_again_shows_the_same_changes(con: duckdb.DuckDBPyConnection) -> None:
    query = "from view.change order by night_date, dispute_id"
    before, nights = rows(con, query), rows(con, "from view.night order by night_date")
    judge.rank(con, AS_OF)
    assert rows(con, query) == before
    assert rows(con, "from view.night order by night_date") == nights


def test_a_second_run_of_a_day_is_compared_with_the_night_before(con: duckdb.DuckDBPyConnection) -> None:
    """Found on 29 June; set to reviewing and then to sent between two runs of 1 July; lost in a night to come."""
    for day, status in (("2026-07-01", "reviewing"), ("2026-07-01", "sent"), ("2026-07-02", "lost")):
        con.execute(
            "insert into life.published by name select * replace ((select max(number) + 1 from life.published) as number,"
            " $day::date as when_date, $status as status) from life.published where dispute_id = $dispute_id limit 1",
            {"day": day, "status": status, "dispute_id": DISPUTE},
        )
    told = con.execute(
        "select night_date, change, before_status, status from view.change where dispute_id = ? order by night_date",
        [DISPUTE],
    ).fetchall()
    assert told == [(dt.date(2026, 6, 29), "found", None, "new"), (AS_OF, "sent", "new", "sent")]


def test_a_new_deadline_is_told_and_what_was_only_written_down_again_is_not(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The dispute of 29 June once more on 30 June, with nothing changed but its rule set; then with another last day."""
    for day, more in (("2026-06-30", 0), ("2026-07-01", 30)):
        con.execute(
            "insert into life.published by name select * replace ((select max(number) + 1 from life.published) as number,"
            " $day::date as when_date, 'another' as rule_set, dispute_by + $more::integer as dispute_by) from life.published"
            " where dispute_id = $dispute_id limit 1",
            {"day": day, "more": more, "dispute_id": DISPUTE},
        )
    told = con.execute(
        "select night_date, change from view.change where dispute_id = ? order by all", [DISPUTE]
    )
    assert told.fetchall() == [(dt.date(2026, 6, 29), "found"), (AS_OF, "deadline")]


def test_what_the_last_night_changed(example: duckdb.DuckDBPyConnection) -> None:
    told = rows(
        example,
        "select change, procedure_code, before_standing, standing, before_shortfall_amount, shortfall_amount,"
        " newly_recovered_amount from view.change"
        " where night_date = (select as_of_date from out.edition) and change <> 'found' order by all",
    )
    assert told == [
        ("corrected", "97110", "short", "corrected", Decimal("8.00"), Decimal("0.00"), Decimal("0.00")),
        ("recovered", "97140", "short", "paid", Decimal("2.90"), Decimal("0.00"), Decimal("2.90")),
        ("recovered", "97530", "reversed", "short", Decimal("0.00"), Decimal("3.60"), Decimal("42.80")),
    ]


def test_nights_add_up_to_all_that_came_and_was_found(example: duckdb.DuckDBPyConnection) -> None:
    told = rows(
        example,
        "select sum(line_count), sum(paid_amount), sum(file_count + not_loaded_count), sum(found_count), sum(found_amount),"
        " sum(newly_recovered_amount) from view.night",
    )
    lines = rows(example, "select count(*), sum(paid_amount) from core.verdict")[0]
    files = rows(example, "select count(*) from out.file")[0]
    lives = rows(
        example, "select count(*), sum(first_shortfall_amount), sum(recovered_amount) from out.life"
    )[0]
    assert told == [(*lines, *files, *lives)]


def test_recovery_waits_are_kept_beside_recoveries(example: duckdb.DuckDBPyConnection) -> None:
    """Told short on 11 June, paid on 26 June; nobody waits for what is closed or expired."""
    paid = rows(
        example,
        "select distinct short_remittance_date, recovered_date, recovery_days, waiting_days from view.recovery"
        " where recovered_amount > 0",
    )
    assert paid == [(dt.date(2026, 6, 11), dt.date(2026, 6, 26), 15, None)]
    waiting = "select count(*) from view.recovery where waiting_days is not null"
    assert rows(example, waiting) == rows(
        example, "select count(*) from out.life where is_open and recovered_amount = 0"
    )


def test_abstained_lines_and_dollars_are_all_there(example: duckdb.DuckDBPyConnection) -> None:
    told = rows(
        example,
        "select verdict, sum(line_count), sum(charge_amount) from view.abstention group by all order by all",
    )
    assert told == rows(
        example, "select verdict, count(*), sum(charge_amount) from out.abstained group by all order by all"
    )
    assert (
        rows(example, r"from view.abstention where regexp_matches(reason_kind, '\d{4}-\d\d-\d\d|\d\.\d\d')")
        == []
    )


def test_causes_add_up_to_what_is_short(example: duckdb.DuckDBPyConnection) -> None:
    told = rows(example, "select sum(short_count), sum(shortfall_amount) from view.cause_mix")
    assert told == rows(
        example, "select line_count, shortfall_amount from out.coverage where verdict = 'UNDERPAID'"
    )
    assert (
        rows(
            example,
            "select payer from view.cause_mix group by payer having abs(sum(shortfall_share) - 1) > 0.0005",
        )
        == []
    )


def test_claims_less_provider_adjustments_is_what_was_sent(example: duckdb.DuckDBPyConnection) -> None:
    off = (
        "from view.cash_month where payment_amount <> claims_paid_amount - interest_amount - takeback_amount"
        " - forwarded_amount - refund_amount - withhold_amount - levy_amount - other_adjustment_amount"
        " + difference_amount or unbalanced_count > 0"
    )
    assert rows(example, off) == []
    twice = rows(
        example,
        "select payment_count, payment_amount from view.cash_month"
        " where payer_name = 'AETNA' and payment_month_date = '2026-01-01'",
    )
    assert twice == [(1, Decimal("432.54"))]


def test_allowed_is_paid_and_shared_whether_on_the_line_or_the_claim(
    example: duckdb.DuckDBPyConnection,
) -> None:
    """UnitedHealthcare took one copay of 30.00 from a whole claim and one of 25.00 from a line."""
    told = rows(
        example,
        "select allowed_by_payment_amount, paid_amount, deductible_amount, coinsurance_amount, copayment_amount"
        " from view.payer_mix where payer_name = 'UNITEDHEALTHCARE'",
    )
    assert told == [tuple(Decimal(text) for text in ("1876.85", "1719.95", "101.90", "0.00", "55.00"))]
    reductions = rows(
        example,
        "select sum(payment_reduction_amount) from core.comparable_line l join core.verdict v using (line_id)"
        " where v.verdict not in ('REVERSED', 'SUPERSEDED', 'PENDING', 'PREDETERMINATION', 'SECONDARY')",
    )
    assert (
        rows(
            example,
            "select sum(allowed_by_payment_amount - paid_amount - patient_share_amount) from view.payer_mix",
        )
        == reductions
    )


def test_a_site_is_paid_its_own_rates(example: duckdb.DuckDBPyConnection) -> None:
    off = "from view.site_payment where shortfall_amount > 0 and overpaid_count = 0 and allowed_amount >= expected_amount"
    assert rows(example, off) == []
    told = rows(example, "select sum(short_count), sum(shortfall_amount) from view.site_payment")
    settled = (
        "select count(*), sum(shortfall_amount) from view.judgement"
        " where verdict = 'UNDERPAID' and place_settled and procedure_code is not null"
    )
    assert told == rows(example, settled)


def test_what_our_own_charges_cost(example: duckdb.DuckDBPyConnection) -> None:
    """37.55 - 30.00 and 24.95 - 20.00 (UnitedHealthcare), 38.26 - 30.00 (Aetna)."""
    told = rows(example, "select procedure_code, forgone_amount from view.charge_below_rate order by all")
    assert told == [("97140", Decimal("7.55")), ("97150", Decimal("4.95")), ("97535", Decimal("8.26"))]
