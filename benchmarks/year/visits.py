"""Patients, their visits over the year, and what was billed for each."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from benchmarks.year.pricing import Line
from benchmarks.year.tables import HOME, View

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

FIRST, LAST = dt.date(2025, 7, 1), dt.date(2026, 6, 12)
"""First and last day of service; the year's last remittances follow by END."""
END = dt.date(2026, 7, 10)
A_SHARE = 100_000
"""More than a share of the year has of patients, or of visits."""


@dataclass(frozen=True)
class Site:
    """A place of service as remittances know it, and the locality that it truly has."""

    npi: str
    zip: str
    locality: str
    setting: str = "nonfacility"
    facility_code: str = "11"
    location: str = ""
    may_be: tuple[str, ...] = ()
    """The localities that a remittance leaves open."""


SITES = {
    "Dallas": Site("1000001002", "752010001", "04412-11"),
    "Fort Worth": Site("1000001010", "761020001", "04412-28"),
    "Manhattan": Site("1000001028", "100160001", "13202-01"),
    "Houston": Site("1000001036", "770020001", "04412-18", "facility", "22"),
}
HOME_OF = {"04412": "04412-11", "13202": "13202-01"}
CLINICIANS = {
    "Dallas": ("1000001051", "1000001069"),
    "Fort Worth": ("1000001077", "1000001101"),
    "Manhattan": ("1000001085", "1000001093"),
    "Houston": ("1000001119", "1000001127"),
}
QUALIFYING = {"1000001069", "1000001085", "1000001127"}

CHARGES = {"97110": 78, "97112": 82, "97116": 74, "97140": 75, "97530": 92, "97535": 84, "97035": 38, "97012": 40, "97032": 42,
           "97150": 48, "97161": 240, "97162": 255, "97163": 275, "97164": 160, "97165": 245, "97166": 260, "97167": 280,
           "97168": 165, "97760": 130, "G0283": 36, "92507": 190, "92526": 210, "92523": 520, "97129": 60, "98940": 68,
           "98941": 95, "98942": 124, "99213": 235, "99214": 330, "99203": 290, "90791": 420, "90832": 190, "90834": 260,
           "90837": 380, "97010": 20, "97799": 120}  # fmt: skip
LOW_CHARGES = {"97035": "12.00", "97032": "13.00", "97140": "26.50", "90832": "70.00"}
"""What the charge master of one site has wrong: less than most payers allow."""
EVALUATIONS = {"PT": ("97161", "97162", "97163"), "OT": ("97165", "97166", "97167"), "SLP": ("92523",), "PSY": ("90791",),
               "MD": ("99203",), "DC": ("98941",)}  # fmt: skip
TREATMENTS = {
    "PT": (
        "97110",
        "97112",
        "97140",
        "97530",
        "97116",
        "97035",
        "97012",
        "G0283",
        "97032",
        "97150",
        "97010",
        "97760",
    ),
    "OT": ("97530", "97535", "97110", "97112", "97140", "97760"),
    "SLP": ("92507", "92526"),
    "PSY": ("90834", "90837", "90832"),
    "MD": ("99213", "99214"),
    "DC": ("98940", "98941", "98942"),
}
UNTIMED = {"97012", "97150", "G0283", "97010", "92507", "92526"}
GP = {"PT": "GP", "OT": "GO", "SLP": "GN"}
NAMES = ("ABEL", "BOWEN", "CRUZ", "DALY", "EGAN", "FROST", "GRANT", "HALE", "IRVING", "JONES", "KEMP", "LANE", "MOSS",
         "NASH", "OWENS", "PRICE", "QUINN", "REED", "STONE", "TATE", "UPTON", "VANCE", "WELLS", "YORK")  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A payer's plan as `payers.toml` has it."""

    payer: str
    number: str
    contract: str
    class_of_contract: str
    filing: str
    group: str
    ambiguous: bool
    stated: float
    share: str
    cut_code: str
    separators: str
    sites: tuple[str, ...]
    weight: int


@dataclass(frozen=True)
class Patient:
    number: int
    plan: Plan
    site: Site
    disciplines: tuple[str, ...]
    clinician: str
    low_charges: bool

    @property
    def member(self) -> str:
        return f"M{self.number:07d}"

    @property
    def name(self) -> tuple[str, str]:
        return NAMES[self.number % len(NAMES)], NAMES[self.number // len(NAMES) % len(NAMES)]


@dataclass(frozen=True)
class Visit:
    """One patient on one day; lines are numbered over the day's claims."""

    number: int
    patient: Patient
    day: dt.date
    lines: tuple[Line, ...]

    @property
    def view(self) -> View:
        site = self.patient.site
        qualifying = self.patient.clinician in QUALIFYING
        return View.of(self.day, site.locality, site.setting, qualifying=qualifying)

    @property
    def claims(self) -> tuple[int, ...]:
        return tuple(sorted({line.claim for line in self.lines}))


@cache
def plans() -> tuple[Plan, ...]:
    found = tomllib.loads((HOME.parent / "payers.toml").read_text(encoding="utf-8"))
    return tuple(_plan(payer, plan) for payer in found["payer"] for plan in payer["plan"])


def _plan(payer: dict[str, Any], plan: dict[str, Any]) -> Plan:
    return Plan(
        payer=payer["name"],
        number=payer.get("number", ""),
        contract=plan.get("contract", ""),
        class_of_contract=plan.get("class", ""),
        filing=plan["filing"],
        group=plan.get("group", ""),
        ambiguous=plan.get("ambiguous", False),
        stated=payer["stated"],
        share=payer["share"],
        cut_code=payer.get("cut_code", "45"),
        separators=payer.get("separators", "*~:"),
        sites=tuple(payer["sites"]),
        weight=plan["weight"],
    )


def visits(count: int, rng: random.Random, share: int = 0) -> Iterator[Visit]:
    """Visits with about `count` lines in all, patient by patient, numbered apart from those of other shares."""
    written, number, patients = 0, share * A_SHARE, share * A_SHARE
    while written < count:
        patients += 1
        patient = _patient(patients, rng)
        day = FIRST + dt.timedelta(days=rng.randrange((LAST - FIRST).days - 7))
        for turn in range(rng.randint(3, 14)):
            while day.weekday() > 4:
                day += dt.timedelta(days=1)
            if day > LAST or written >= count:
                break
            number += 1
            visit = _visit(number, patient, day, rng, first=turn == 0)
            written += len(visit.lines)
            yield visit
            day += dt.timedelta(days=rng.randint(2, 6))


def _patient(number: int, rng: random.Random) -> Patient:
    plan = rng.choices(plans(), [plan.weight for plan in plans()])[0]
    place = rng.choice([name for name in plan.sites if name != "Home" or rng.random() < 0.25])
    home = SITES["Dallas" if plan.number == "04412" else "Manhattan"]
    if place == "Home":
        site = Site(
            "1000001044",
            home.zip,
            home.locality,
            facility_code="12",
            location="HV",
            may_be=tuple(HOME_OF.values()),
        )
        clinicians = CLINICIANS["Dallas" if plan.number == "04412" else "Manhattan"]
    else:
        site, clinicians = SITES[place], CLINICIANS[place]
    kinds: list[tuple[str, ...]] = [("MD",), ("DC",)] if site.setting == "facility" else _kinds(plan)
    low = place == "Fort Worth" and rng.random() < 0.15
    return Patient(number, plan, site, rng.choice(kinds), rng.choice(clinicians), low)


def _kinds(plan: Plan) -> list[tuple[str, ...]]:
    if plan.contract.startswith("hawthorn"):
        return [("PT",), ("OT",)]
    often = {("PT",): 9, ("OT",): 3, ("PT", "OT"): 3, ("SLP",): 1, ("PSY",): 2, ("MD",): 1, ("DC",): 1}
    return [kinds for kinds, times in often.items() for _ in range(times)]


def _visit(number: int, patient: Patient, day: dt.date, rng: random.Random, *, first: bool) -> Visit:
    lines: list[Line] = []
    for claim, kind in enumerate(patient.disciplines, start=1):
        for code in _codes(kind, rng, first=first):
            lines.append(_line(len(lines) + 1, code, kind, claim, patient, rng))
    return Visit(number, patient, day, tuple(lines))


def _codes(kind: str, rng: random.Random, *, first: bool) -> list[str]:
    codes = [rng.choice(EVALUATIONS[kind])] if first else []
    several = rng.randint(2, 4) if kind in {"PT", "OT"} else 1
    if not first or kind in {"PT", "OT"}:
        codes += rng.sample(TREATMENTS[kind], several - len(codes) if first else several)
    if rng.random() < 0.004:
        codes.append("97799")
    return codes


def _line(number: int, code: str, kind: str, claim: int, patient: Patient, rng: random.Random) -> Line:
    timed = code in TREATMENTS.get(kind, ()) and kind in {"PT", "OT"} and code not in UNTIMED
    units = rng.choices((1, 2, 3, 4), (55, 33, 9, 3))[0] if timed else 1
    modifiers = [GP[kind]] if kind in GP else []
    if kind in {"PT", "OT"} and code not in EVALUATIONS[kind] and rng.random() < 0.08:
        modifiers.append("CQ" if kind == "PT" else "CO")
    elif rng.random() < 0.05 and code in {"97116", "97530", "97112", "90834", "90837"}:
        modifiers.append("95")
    charge = (
        Decimal(LOW_CHARGES[code]) if patient.low_charges and code in LOW_CHARGES else Decimal(CHARGES[code])
    )
    if kind in GP and patient.plan.filing == "MB" and {"CQ", "CO"} & set(modifiers):
        charge = Decimal(CHARGES[code])  # what Medicare owes an assistant on a low charge is not proven
    return Line(number, code, tuple(modifiers), units, charge * units, claim)
