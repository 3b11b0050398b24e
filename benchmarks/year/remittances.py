"""Decisions into 835 files: one file a payer and pay day, one payment a payee, balanced to the cent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.year.decisions import NOTHING, Adjustment, DecidedLine, Decision, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.year.visits import Plan

_A_SHARE = 10_000
"""More than a share of the year has of files."""
Segment = list[str]
Carried = dict[tuple[str, str], tuple[Decimal, str]]
"""By payer and payee: what the last payment left over, and under which number."""


@dataclass(frozen=True)
class Told:
    """The truth of a line and where it stands: file, claim and line as counted from 1 (line 0: a claim without)."""

    file: str
    claim: int
    line: int
    decision: Decision
    service: DecidedLine
    truth: Truth


@dataclass
class Remittance:
    """One file. `day`: the payment's date and the night on which it comes."""

    name: str
    day: dt.date
    text: str
    told: list[Told] = field(default_factory=list)
    refused: bool = False
    """Whether it cannot be read and must go to quarantine."""

    @property
    def data(self) -> bytes:
        return self.text.encode()


def amount(value: Decimal) -> str:
    """An amount as X12 writes it: no trailing zeros after the point."""
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def remittances(decisions: Iterable[Decision], share: int = 0) -> Iterator[Remittance]:
    """All files of the year, by payer and day. What a payment would owe the payer is carried to its next one.

    Files of another share than the first bear its number.
    """
    by_file: dict[tuple[str, dt.date], list[Decision]] = {}
    recovered: dict[tuple[str, dt.date], list[Decision]] = {}
    for decision in decisions:
        payer = decision.visit.patient.plan.payer
        by_file.setdefault((payer, decision.day), []).append(decision)
        if decision.taken_back_on is not None:
            by_file.setdefault((payer, decision.taken_back_on), [])
            recovered.setdefault((payer, decision.taken_back_on), []).append(decision)
    carried: Carried = {}
    for number, ((payer, day), found) in enumerate(
        sorted(by_file.items(), key=lambda item: (item[0][1], item[0][0])), start=1 + share * _A_SHARE
    ):
        name = f"{payer.replace(' ', '_')}_{day:%Y%m%d}{f'_{share}' if share else ''}.835"
        yield _file(name, number, day, found, recovered.get((payer, day), []), carried)


def _file(
    name: str,
    number: int,
    day: dt.date,
    found: list[Decision],
    recovered: list[Decision],
    carried: Carried,
) -> Remittance:
    every = [*found, *recovered]
    plan = every[0].visit.patient.plan
    file = Remittance(name, day, "")
    body: list[Segment] = []
    payees = sorted({one.visit.patient.site.npi for one in every})
    for place, npi in enumerate(payees, start=1):
        own = [one for one in found if one.visit.patient.site.npi == npi]
        own.sort(key=lambda one: (one.claim_number, one.status != "22"))
        back = [one for one in recovered if one.visit.patient.site.npi == npi]
        body += _payment(file, place, f"{number:05d}{place}", plan, day, own, back, carried)
    file.text = written(body, plan, day, number, len(payees))
    return file


def written(body: list[Segment], plan: Plan, day: dt.date, number: int, payments: int) -> str:
    """The interchange around the payments."""
    element, terminator, component = tuple(plan.separators)
    sender = plan.payer.replace(" ", "")[:15].upper()
    head = [
        ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{sender:<15}", "ZZ", f"{'QUARRY':<15}", f"{day:%y%m%d}", "0330", "^",
         "00501", f"{number:09d}", "0", "P", component],
        ["GS", "HP", sender, "QUARRY", f"{day:%Y%m%d}", "0330", str(number), "X", "005010X221A1"],
    ]  # fmt: skip
    tail = [["GE", str(payments), str(number)], ["IEA", "1", f"{number:09d}"]]
    end = terminator if terminator == "\n" else f"{terminator}\n"
    return "".join(f"{element.join(segment)}{end}" for segment in (*head, *body, *tail)).replace(
        "\x1f", component
    )


def _payment(
    file: Remittance, place: int, trace: str, plan: Plan, day: dt.date, own: list[Decision], back: list[Decision],
    carried: Carried,
) -> list[Segment]:  # fmt: skip
    site = (own or back)[0].visit.patient.site
    control = f"{place:04d}"
    provider = _provider_adjustments(trace, own, back, carried.pop((plan.payer, site.npi), None))
    total = sum((one.paid for one in own), NOTHING) - sum((value for _, value in provider), NOTHING)
    if total < 0:
        provider.append((f"FB\x1f{trace}", total))
        carried[plan.payer, site.npi] = (-total, trace)
        total = NOTHING
    date = f"{day:%Y%m%d}"
    method = "ACH" if total else "NON"
    bank = (
        ["CCP", "01", "999999992", "DA", "123456", "1990000001", "", "01", "999999992", "DA", "654321"]
        if total
        else [""] * 11
    )
    segments = [
        ["ST", "835", control],
        ["BPR", "I" if total else "H", amount(total), "C", method, *bank, date],
        ["TRN", "1", f"T{trace}", "1990000001"],
        ["DTM", "405", date],
        ["N1", "PR", plan.payer, *(["XV", plan.number] if plan.number.isdigit() and len(plan.number) > 5 else [])],
        ["N3", "PO BOX 1"], ["N4", "ANYTOWN", "TX", "750000000"],
        *([["REF", "2U", plan.number]] if plan.number else []),
        ["PER", "BL", "PROVIDER SERVICES", "TE", "8005550100"],
        ["N1", "PE", "QUARRY STREET CLINICS", "XX", site.npi],
        ["N3", "1 QUARRY STREET"], ["N4", "TOWN", "NY" if site.zip.startswith("1") else "TX", site.zip],
        ["REF", "TJ", "990000001"],
    ]  # fmt: skip
    if own:
        segments.append(["LX", "1"])
    for decision in own:
        segments += _claim(file, decision)
    if provider:
        year_end = f"{day:%Y}1231"
        segments.append(
            ["PLB", site.npi, year_end, *(part for name, value in provider for part in (name, amount(value)))]
        )
    segments.append(["SE", str(len(segments) + 1), control])
    return segments


def _provider_adjustments(
    trace: str, own: list[Decision], back: list[Decision], carried: tuple[Decimal, str] | None
) -> list[tuple[str, Decimal]]:
    found = [(f"WO\x1f{one.claim_number}", one.taken_back) for one in back]
    interest = sum((one.interest for one in own), NOTHING)
    if interest:
        found.append((f"L6\x1fINT{trace}", -interest))
    if carried is not None:
        found.append((f"FB\x1f{carried[1]}", carried[0]))
    return found[:6]


def _claim(file: Remittance, decision: Decision) -> list[Segment]:
    patient = decision.visit.patient
    plan, site = patient.plan, patient.site
    claim = file.told[-1].claim + 1 if file.told else 1
    last, first = patient.name
    day = f"{decision.visit.day:%Y%m%d}"
    share = amount(decision.patient_share) if decision.patient_share else ""
    account = decision.lines[0].control.rsplit("-", 1)[0]
    segments = [
        ["CLP", account, decision.status, amount(decision.charge), amount(decision.paid), share, plan.filing,
         decision.claim_number, site.facility_code, "1"],
        *_adjustments(decision.adjustments),
        ["NM1", "QC", "1", last, first, "", "", "", "MI", patient.member],
        ["NM1", "82", "1", "ADAMS", "ANN", "", "", "", "XX", patient.clinician],
        *([["REF", "1L", plan.group]] if plan.group else []),
        *([["REF", "F8", decision.original_number]] if decision.original_number else []),
        *([["REF", "CE", plan.class_of_contract]] if plan.class_of_contract else []),
        *([["REF", "LU", site.location]] if site.location else []),
        ["DTM", "232", day],
        ["DTM", "233", day],
        *([["AMT", "I", amount(decision.interest)]] if decision.interest else []),
    ]  # fmt: skip
    if decision.without_lines:
        segments[1:1] = _adjustments(decision.lines[0].adjustments)
        file.told.append(Told(file.name, claim, 0, decision, decision.lines[0], decision.lines[0].truth))
        return segments
    for number, line in enumerate(decision.lines, start=1):
        segments += _line(line, day)
        file.told.append(Told(file.name, claim, number, decision, line, line.truth))
    return segments


def _line(line: DecidedLine, day: str) -> list[Segment]:
    service = [
        "SVC",
        "\x1f".join(("HC", line.code, *line.modifiers)),
        amount(line.charge),
        amount(line.paid),
        "",
        str(line.units),
    ]
    if line.billed_units or line.billed_code:
        billed = "\x1f".join(("HC", line.billed_code or line.code, *line.modifiers))
        service += [billed, str(line.billed_units or line.units)]
    return [
        service,
        ["DTM", "472", day],
        *_adjustments(line.adjustments),
        ["REF", "6R", line.control],
        *([["AMT", "B6", amount(line.stated)]] if line.stated is not None else []),
        *(["LQ", "HE", remark] for remark in line.remarks),
    ]


def _adjustments(found: Iterable[Adjustment]) -> list[Segment]:
    """One CAS a group, up to six triplets."""
    groups: dict[str, list[Adjustment]] = {}
    for one in found:
        if one.amount:
            groups.setdefault(one.group, []).append(one)
    segments = []
    for group, own in groups.items():
        segment = ["CAS", group]
        for place, one in enumerate(own):
            segment += [one.reason, amount(one.amount), *([""] if place < len(own) - 1 else [])]
        segments.append(segment)
    return segments
