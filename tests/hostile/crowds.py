"""Remittances in which everything may be about everything: one claim number, one name, one day for all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURE = Path(__file__).parents[1] / "fixtures" / "835" / "pass" / "one-claim.835"
ONE = FIXTURE.read_text().replace("\n", "")
HEAD = ONE[: ONE.index("CLP*")].replace("80001", "PLAN1")
END = ONE[ONE.index("SE*24") :]
CODES = ("97140", "97530", "97124", "97110", "97112")
DAY = "DTM*472*20260201~"
SHARE = "CAS*CO*45*70~CAS*PR*1*10~"


def claim(account: str, number: str, charge: int = 100, paid: int = 20, status: int = 1) -> str:
    return f"CLP*{account}*{status}*{charge}*{paid}*15*12*{number}*11*1~"


def patient(number: str = "Z000000001", last: str = "ALDER") -> str:
    return f"NM1*QC*1*{last}*ANA~" if not number else f"NM1*QC*1*{last}*ANA****MI*{number}~"


def line(code: str = "97110", day: str = DAY, charge: int = 100) -> str:
    """30 are allowed where the plan's rate is 40: what is not left in doubt is short."""
    return f"SVC*HC:{code}:GP*{charge}*20**1~{day}CAS*CO*45*{charge - 30}~CAS*PR*1*10~"


REFUSED = f"SVC*HC:97110:GP*100*0**1~{DAY}CAS*CO*97*100~"
TAKEN = f"SVC*HC:97110:GP*-100*-20**1~{DAY}CAS*CO*45*-70~CAS*PR*1*-10~"


def of_winter(number: int) -> str:
    return f"DTM*472*2026{1 + number % 2:02}{1 + number % 28:02}~"


SHAPES: dict[str, Callable[[int], str]] = {
    # the shape of an ordinary file, to hold the others against
    "claims of their own": lambda n: "".join(
        claim(f"A{i}", f"I{i}") + patient(f"Z{i:09}") + line() for i in range(n)
    ),
    "one claim number": lambda n: "".join(claim("A", "I", 100 + i) + patient() + line(charge=100 + i) for i in range(n)),
    "one claim number without dates": lambda n: "".join(
        claim("A", "I", 100 + i) + patient() + line(day=of_winter(i) if i % 2 else "", charge=100 + i) for i in range(n)
    ),
    "one claim number for all accounts": lambda n: "".join(
        claim(f"A{i}", "I") + patient() + line() for i in range(n)
    ),
    "each claim names the one before": lambda n: "".join(
        claim("A", f"I{i}") + f"REF*F8*I{i - 1}~" + patient() + line() for i in range(n)
    ),
    "each claim number under two accounts": lambda n: "".join(
        claim(f"A{i // 2}", f"I{(i + 1) // 2}", 100 + i) + patient() + line(charge=100 + i) for i in range(n)
    ),
    "one patient-day": lambda n: "".join(claim(f"A{i}", f"I{i}") + patient() + line() for i in range(n)),
    "one patient-day, half of it refused": lambda n: "".join(
        claim(f"A{i}", f"I{i}", paid=20 if i % 2 else 0) + patient() + (line(CODES[i % 5]) if i % 2 else REFUSED)
        for i in range(n)
    ),
    "one claim of many lines": lambda n: claim("A", "I", 100 * n, 20 * n) + patient() + line() * n,
    "two claims of many lines": lambda n: (claim("A", "I", 50 * n, 10 * n) + patient() + line() * (n // 2)) * 2,
    "reversals of one claim": lambda n: (
        (claim("A", "I") + patient() + line() + claim("A", "I", -100, -20, 22) + patient() + TAKEN) * (n // 2)
    ),
    "reversals of single lines": lambda n: "".join(
        claim("A", f"I{i}", 200, 40) + patient() + line() * 2
        if i % 2 == 0
        else claim("A", f"I{i - 1}", -100, -20, 22) + patient() + TAKEN
        for i in range(n)
    ),
    "one name, half without a number": lambda n: "".join(
        claim(f"A{i}", f"I{i}") + patient(f"Z0000000{i}" if i % 2 else "") + line() for i in range(n)
    ),
    "one name, numbers that begin alike": lambda n: "".join(
        claim(f"A{i}", f"I{i}") + patient("Z0000000" + "0" * (i % 60)) + line() for i in range(n)
    ),
    "one account for all patients": lambda n: "".join(
        claim("A", f"I{i}") + patient(f"Z{i:09}", f"N{chr(65 + i % 26)}{chr(65 + i // 26 % 26)}") + line()
        for i in range(n)
    ),
    "one patient, half of the lines without a date": lambda n: "".join(
        claim(f"A{i}", f"I{i}") + patient() + line(day=of_winter(i) if i % 2 else "") for i in range(n)
    ),
    "lines of any day of seven years": lambda n: (
        claim("A", "I", 100 * (n // 2), 20 * (n // 2)) + patient()
        + line(day="DTM*150*20200101~DTM*151*20261231~") * (n // 2)
        + "".join(claim(f"B{i}", f"J{i}") + patient() + line(day=of_winter(i)) for i in range(n // 2))
    ),
    "one patient under two numbers, no dates under the first": lambda n: (
        "".join(claim(f"A{i}", f"I{i}") + patient() + line(day="") for i in range(n))
        + claim("B", "J1") + patient() + line() + claim("B", "J2") + patient("Z000000002") + line("97140")
    ),
    "two numbers that begin alike, the one with a single line": lambda n: (
        "".join(claim(f"A{i}", f"I{i}") + patient("Z00000001") + line() for i in range(n - 1))
        + claim("B", "J") + patient("Z0000000100") + line("97140")
    ),
    "takebacks that name one claim": lambda n: (
        "".join(claim("A", f"I{i}") + patient(f"Z{i:09}") + line() for i in range(n))
        + "PLB*1234567893*20261231*WO:A*1*FB:A*-1~" * n
    ),
}  # fmt: skip
"""A body of about so many claims or lines, by name."""


def remittance(body: str, trace: str = "EFT0001", tag: str = "") -> bytes:
    """One transaction with this body, in an envelope; its counts and its payment are not its own.

    `tag` goes before all accounts, numbers and names, so that crowds of several kinds can be told apart.
    """
    for mark in ("CLP*", "15*12*", "REF*F8*", "WO:", "FB:", "MI*", "QC*1*"):
        body = body.replace(mark, mark + tag)
    return (HEAD.replace("EFT0001", trace) + body + END).encode()
