"""Histories of tests/cases/ledger: the short form that a biller writes, and the 835 files it stands for.

The grammar is in tests/cases/ledger/README.md. Every account, claim number and trace carries the number of its
case, so that all histories can be judged in one warehouse.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "cases" / "ledger"
SERVICE = "2026-03-02"
PAYERS = {
    # name of N1*PR, REF*2U, CLP06, TRN03
    "PLAN": ("EXAMPLE PLAN", "PLAN1", "12", "1990000101"),
    "MA": ("EXAMPLE ADVANTAGE", "MAPLN", "16", "1990000102"),
    "VISIT": ("EXAMPLE VISITS", "VISIT", "12", "1990000103"),
    "HALF": ("EXAMPLE HALVES", "HALFP", "12", "1990000106"),
    "GOLD": ("EXAMPLE GOLD", "GOLDP", "12", "1990000107"),
    "GOLDHALF": ("EXAMPLE GOLD HALVES", "GOLDH", "12", "1990000108"),
    "MOST": ("EXAMPLE MAXIMUM", "MOSTP", "12", "1990000109"),
    "MEDICARE": ("MEDICARE JH", "04412", "MB", "1990000104"),
    "OTHER": ("NOBODY KNOWS", "NOBDY", "12", "1990000105"),
}
PAYEE = ("N1*PE*LARKSPUR THERAPY GROUP", "N3*1 SAMPLE STREET", "N4*DALLAS*TX*752010000")


@dataclass
class Payment:
    """One ST*835 as it will be written; `claims` and `adjustments` are segments and amounts."""

    options: dict[str, str]
    paid_on: str
    claims: list[str] = field(default_factory=list)
    providers: list[tuple[str, str, Decimal]] = field(default_factory=list)
    total: Decimal = Decimal(0)


@dataclass
class File:
    """One interchange, and the night on which it is loaded."""

    name: str
    night: int
    options: dict[str, str]
    payments: list[Payment] = field(default_factory=list)
    claim_count: int = 0


@dataclass
class Case:
    """One history with what is expected of it."""

    number: int
    theme: str
    row: dict[str, object]
    files: list[File]

    @property
    def name(self) -> str:
        return f"{self.theme}: {self.row['title']}"

    @property
    def prefix(self) -> str:
        """What the names of its files begin with."""
        return f"case{self.number:03d}-"

    def source_name(self, file: str) -> str:
        return f"{self.prefix}{file}.835"


def cases(folder: Path = FOLDER) -> list[Case]:
    """Read every history of a folder, numbered in order of theme and place."""
    rows = [
        (path.stem, row)
        for path in sorted(folder.glob("*.toml"))
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]
    return [
        Case(number, theme, row, read_history(number, str(row["history"])))
        for number, (theme, row) in enumerate(rows, start=1)
    ]


def read_history(number: int, text: str) -> list[File]:
    """Read the short form; an unknown word in it is an error of the case."""
    reader = _Reader(number)
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        getattr(reader, f"read_{word.lower()}")(rest)
    reader.close_claim()
    return reader.files


class _Reader:
    def __init__(self, number: int) -> None:
        self.number = number
        self.files: list[File] = []
        self.claim: list[str] | None = None
        self.claim_options: dict[str, str] = {}
        self.lines = 0

    def own(self, name: str) -> str:
        """Make a number of the case its own, so that no other history has it; `!0` stays as it is."""
        if name.startswith("!"):
            return name[1:]
        return f"{name}Q{self.number:06d}"

    @property
    def payment(self) -> Payment:
        return self.files[-1].payments[-1]

    def read_file(self, rest: str) -> None:
        words, options = _split(rest)
        self.close_claim()
        night = int(options.pop("night", len(self.files) + 1))
        self.files.append(File(words[0], night, options))
        self.read_pay(" ".join(words[1:]), options)

    def read_pay(self, rest: str, options: dict[str, str] | None = None) -> None:
        words, own = _split(rest)
        self.close_claim()
        file = self.files[-1]
        merged = file.options | own | (options or {})
        default = file.name if not file.payments else f"{file.name}{len(file.payments) + 1}"
        merged["trace"] = self.own(
            f"T{merged.get('trace', default) if options or 'trace' in own else default}"
        )
        file.payments.append(Payment(merged, words[0]))

    def read_clp(self, rest: str) -> None:
        head, adjustments = _adjustments(rest)
        (account, number, status, charge, paid), options = _split(head)
        self.close_claim()
        self.payment.total += Decimal(paid)
        self.files[-1].claim_count += 1
        self.lines = 0
        self.claim_options = options
        patient = options.get("patient", account)
        payer = PAYERS[self.payment.options.get("payer", "PLAN")]
        parts = [
            "CLP",
            self.own(account),
            status,
            charge,
            paid,
            options.get("pr", ""),
            options.get("ind", payer[2]),
        ]
        parts += [
            "" if number == "-" else self.own(number),
            options.get("pos", "11"),
            options.get("freq", ""),
        ]
        self.claim = ["*".join(parts).rstrip("*"), *adjustments]
        self.claim.append(
            f"NM1*QC*1*{patient}*{options.get('first', 'PAT')}****MI*{self.own(options.get('id', patient))}"
        )
        if "corrected" in options:
            self.claim.append(f"NM1*74*1******C*{self.own(options['corrected'])}")
        if "moa" in options:
            self.claim.append(f"MOA***{options['moa']}")
        if "f8" in options:
            self.claim.append(f"REF*F8*{self.own(options['f8'])}")
        if "ce" in options:
            self.claim.append(f"REF*CE*{options['ce']}")
        for name, qualifier in (("from", "232"), ("to", "233")):
            if name in options:
                self.claim.append(f"DTM*{qualifier}*{options[name].replace('-', '')}")

    def read_svc(self, rest: str) -> None:
        head, adjustments = _adjustments(rest)
        (code, charge, paid), options = _split(head)
        assert self.claim is not None
        self.lines += 1
        billed = f"HC:{options['billed']}" if "billed" in options else ""
        parts = ["SVC", f"HC:{code}", charge, paid, "", options.get("u", ""), billed, options.get("bu", "")]
        self.claim.append("*".join(parts).rstrip("*"))
        on, until = options.get("on", SERVICE).replace("-", ""), options.get("until", "").replace("-", "")
        if until:
            self.claim += [f"DTM*150*{on}", f"DTM*151*{until}"]
        elif on != "none":
            self.claim.append(f"DTM*472*{on}")
        self.claim += adjustments
        reference = options.get("ref", str(self.lines))
        if reference != "-":
            self.claim.append(f"REF*6R*{self.own(reference)}")
        if "b6" in options:
            self.claim.append(f"AMT*B6*{options['b6']}")
        if "rarc" in options:
            self.claim.append(f"LQ*HE*{options['rarc']}")

    def read_plb(self, rest: str) -> None:
        code, _, rest = rest.partition(" ")
        reference, _, amount = rest.rpartition(" ")
        self.close_claim()
        pattern = r"\{(\w+)\}" if "{" in reference else r"^(\w+)$"
        owned = re.sub(pattern, lambda found: self.own(found[1]), reference)
        self.payment.providers.append((code, owned, Decimal(amount)))

    def close_claim(self) -> None:
        if self.claim is not None:
            self.payment.claims += self.claim
            self.claim = None


def _split(text: str) -> tuple[list[str], dict[str, str]]:
    words = text.split()
    return [w for w in words if "=" not in w], dict(w.split("=", 1) for w in words if "=" in w)


def _adjustments(text: str) -> tuple[str, list[str]]:
    head, *rest = [part.strip() for part in text.split(" | ")]
    found = []
    for part in rest:
        code, amount = part.split()
        found.append(f"CAS*{code.replace('-', '*', 1)}*{'' if amount == '-' else amount}".rstrip("*"))
    return head, found


def edi(file: File) -> bytes:
    """Write the file as a payer would: balanced envelopes, amounts as given."""
    sent = dt.date.fromisoformat(file.options.get("sent", file.payments[0].paid_on))
    number = f"{int(file.options.get('isa', '1')):09d}"
    stamp = sent.strftime("%Y%m%d")
    out = [
        f"ISA*00*          *00*          *ZZ*{'SENDER':<15}*ZZ*{'RECEIVER':<15}*{stamp[2:]}*0700*^*00501*{number}*0*P*:",
        f"GS*HP*SENDER*RECEIVER*{stamp}*0700*1*X*005010X221A1",
    ]
    for place, payment in enumerate(file.payments, start=1):
        body = _transaction(payment, place)
        out += [*body, f"SE*{len(body) + 1}*{place:04d}"]
    out += [f"GE*{len(file.payments)}*1", f"IEA*1*{number}"]
    return "".join(f"{segment}~\n" for segment in out).encode()


def _payee(options: dict[str, str]) -> str:
    return (
        f"{PAYEE[0]}*FI*{options['tin']}"
        if "tin" in options
        else f"{PAYEE[0]}*XX*{options.get('npi', '1000000012')}"
    )


def _transaction(payment: Payment, place: int) -> list[str]:
    options = payment.options
    name, number, _, company = PAYERS[options.get("payer", "PLAN")]
    company = options.get("trn03", company)
    stamp = payment.paid_on.replace("-", "")
    total = options.get("bpr", str(payment.total - sum((a for _, _, a in payment.providers), Decimal(0))))
    body = [
        f"ST*835*{place:04d}",
        f"BPR*I*{total}*C*ACH*CCP*01*999999992*DA*1*{company}**01*999999992*DA*2*{stamp}",
        f"TRN*1*{options['trace']}*{company}",
        *([f"CUR*PR*{options['cur']}"] if "cur" in options else []),
        f"DTM*405*{stamp}",
        f"N1*PR*{options.get('name', name).replace('_', ' ')}",
        "N3*PO BOX 1",
        "N4*DALLAS*TX*752010000",
        f"REF*2U*{options.get('id', number)}",
        _payee(options),
        *PAYEE[1:],
        *([f"REF*TJ*{options['tj']}"] if "tj" in options else []),
        "LX*1",
        *payment.claims,
    ]
    return body + [
        f"PLB*1000000012*20261231*{code}:{reference}*{amount}"
        for code, reference, amount in payment.providers
    ]
