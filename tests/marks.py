"""Remittances, damaged ones, file names and workbooks in which every field that can hold a text carries a mark of its own.

A mark is a made-up name (ZQXNAAAB) or number (7719900001) that stands nowhere else, so that one search tells
whether anything of a remittance got out.
"""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import openpyxl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENVELOPE = """\
ISA*00*{N}  *00*{D}*ZZ*{D}     *ZZ*{D}     *260611*0211*^*00501*{K}*0*P*:~
GS*HP*{N}*{N}*20260611*0211*{D}*X*005010X221A1~
"""
HEAD = """\
ST*835*{D}~
BPR*I*{total}*C*ACH*CCP*01*{D}*DA*{D}*{D}*{D}*01*{D}*DA*{D}*20260611~
NTE*{N}*{N}~
TRN*1*{D}*{D}*{N}~
CUR*PR*USD~
REF*EV*{D}~
REF*F2*{N}~
DTM*405*20260611~
N1*PR*UNITEDHEALTHCARE {N}*XV*{D}~
N3*{N}*{N}~
N4*{N}*TX*752010001~
REF*2U*87726~
REF*NF*{D}~
PER*CX*{N}*TE*{D}*EM*{N}@{N}.EXAMPLE~
PER*BL*{N}*TE*{D}~
N1*PE*{N}*XX*1000000012~
N3*{N}*{N}~
N4*{N}*TX*752010001~
REF*TJ*{D}~
REF*PQ*{D}~
RDM*BM*{N}*{D}~
LX*1~
TS3*{D}*11*20261231*1*160~
"""
CLAIM = """\
CLP*{N}{D}*1*160*96.3*4*12*{D}*11*1~
NM1*QC*1*{N}*{N}*{N}*{N}*{N}*MI*{D}~
NM1*IL*1*{N}*{N}*{N}**{N}*MI*{D}~
NM1*74*1*{N}*{N}****C*{D}~
NM1*82*1*{N}*{N}****XX*1000000053~
NM1*TT*2*{N}*****PI*{D}~
NM1*PR*2*{N}*****PI*{D}~
NM1*GB*1*{N}*{N}****MI*{D}~
MOA***MA01*{N}~
REF*CE*CHOICE+~
REF*1L*{D}~
REF*EA*{D}~
REF*SY*{D}~
REF*F8*{D}~
DTM*232*20260512~
DTM*050*20260601~
PER*CX*{N}*TE*{D}~
AMT*AU*160~
SVC*HC:97110:GP*80*{paid}*{N}*2~
DTM*472*20260512~
CAS*CO*45*{cut}~
CAS*PR*3*2~
REF*6R*{N}{D}~
REF*LU*{D}~
REF*HPI*1000000053~
AMT*B6*{b6}~
LQ*HE*{N}~
SVC*HC:97140:GP:{N}*80*48.15**1**HC:97140:GP::::{N}*1~
DTM*472*20260512~
CAS*CO*45*29.85*1*{N}*0*0~
CAS*PR*3*2~
REF*6R*{D}~
DTM*232*{N}~
AMT*{N}*1~
AMT*KH*{N}~
ZZZ*{N}*{D}~
"""
TAIL = """\
PLB*{D}*20261231*WO:{D}{N}*1*{N}:{D}*0~
SE*1*{D}~
GE*1*{D}~
IEA*1*{K}~
"""


@dataclass
class Marks:
    """Hands out marks and remembers them."""

    names: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    first: int = 0

    def __post_init__(self) -> None:
        self._counter = itertools.count(self.first)

    @property
    def all(self) -> list[str]:
        return self.names + self.numbers

    def name(self) -> str:
        count, letters = next(self._counter), ""
        for _ in range(4):
            count, letter = divmod(count, 26)
            letters = chr(65 + letter) + letters
        self.names.append(f"ZQXN{letters}")
        return self.names[-1]

    def number(self, width: int = 10) -> str:
        self.numbers.append(f"77199{next(self._counter):0{width - 5}}")
        return self.numbers[-1]

    def planted(self, template: str, **known: str) -> str:
        """Put a fresh mark into every {N} (name), {D} (number) and {K} (number of nine digits)."""
        makers: dict[str, Callable[[], str]] = {"N": self.name, "D": self.number, "K": lambda: self.number(9)}
        text = re.sub(r"\{([NDK])\}", lambda found: makers[found[1]](), template)
        return text.format(**known).replace("\n", "")


def remittance(marks: Marks, claims: int = 3, paid: str = "48.15") -> bytes:
    """A remittance that is read, disputed under the example's contract and marked in every text."""
    body = "".join(
        marks.planted(CLAIM, paid=paid, cut=f"{78 - float(paid):.2f}", b6=f"{float(paid) + 2:.2f}")
        for _ in range(claims)
    )
    head = marks.planted(ENVELOPE + HEAD, total=f"{claims * 96.3 - 1:.2f}")
    return (head + body + marks.planted(TAIL)).encode()


def drop_all(inbox: Path, marks: Marks) -> list[str]:
    """Fill an inbox: a good file, damaged and foreign ones, their names marked too, and a workbook with notes.

    Return the accounts of the good one.
    """
    good = remittance(marks, 2)
    whole = marks.planted("PATIENT {N} {D}").encode()
    files = {
        f"{marks.name()} {marks.number()}.835": good,
        f"{marks.name()}.835": remittance(marks, 2)[:-1200],
        f"{marks.name()}.txt": whole + b" Dear Ms " + marks.name().encode(),
        f"{marks.name()}'; drop table era.claim; --.835": remittance(marks, 1).replace(b"ST*835", b"ST*837"),
        f"[red]{marks.name()}\x1b[31m\n.835": remittance(marks, 1).replace(b"GS*HP*", b"GS*HP*", 1),
        f"{marks.name()}.xlsx": marks.planted("{N}{D}").encode(),
        f"worklist {marks.name()}.xlsx": workbook(marks),
    }
    for name, data in files.items():
        (inbox / name).write_bytes(data)
    return re.findall(r"CLP\*([^*]+)", good.decode())


def drop_encounters(folder: Path, accounts: list[str], marks: Marks, notes: Marks) -> None:
    """Fill the folder of encounters: visits of these accounts, each cell marked; one file is damaged, one foreign."""
    header = "account,date,code,minutes,region,clinician,assistant,diagnosis,payer,note,exported\n"
    rows = "".join(
        f"{account},2026-05-12,97110,45,"
        + marks.planted("lumbar,{N},{N},{N},{N},")
        + f'"{" ".join(notes.name() for _ in range(12))}",{marks.name()}\n'
        for account in accounts
    )
    bad = "".join(
        marks.planted("{N},{N},{N},{N},{N},{N},{N},{N},{N}") + f",={notes.name()}\n" for _ in range(2)
    )
    (folder / f"{marks.name()}.csv").write_text(header + rows + bad)
    (folder / f"{marks.name()}.xlsx").write_bytes(b"PK\x03\x04" + marks.name().encode())
    (folder / f"{marks.name()}.txt").write_text(f"{notes.name()}\n")


def workbook(marks: Marks) -> bytes:
    """A worklist with notes; no dispute of it is known, so that each row is refused with what stood in it."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["dispute_id", "version", "status", "assignee", "note", "decision_date"])
    for _ in range(3):
        dispute = f"D-{marks.number()}"
        book.active.append([dispute, marks.number(), marks.name(), marks.name(), marks.name(), marks.name()])
    book.properties.lastModifiedBy = marks.name()
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
