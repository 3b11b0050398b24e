"""Findings: what is wrong or odd in a file that was read, each with its code, severity, place and advice."""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from era_parser.interchange import Body
from era_parser.pieces import Batch
from era_parser.segments import Segments

KEYS = ("source", "file_hash", "interchange", "payment", "claim", "line", "segment", "byte_offset")


class FindingCode(enum.StrEnum):
    """Every code a finding can have."""

    BYTE_ORDER_MARK = "BYTE_ORDER_MARK"
    """The file starts with a UTF-8 byte order mark; X12 knows none. Skipped."""
    NOT_UTF8 = "NOT_UTF8"
    """The bytes are not UTF-8 and were read as Latin-1; accented letters may be wrong."""
    PROSE_BEFORE_ISA = "PROSE_BEFORE_ISA"
    """Text stands before the first interchange; it is kept in `segment_note`."""
    NO_ISA = "NO_ISA"
    """The file starts at GS or ST; delimiters were inferred from the ST."""
    ISA_WIDTH = "ISA_WIDTH"
    """The ISA is not 106 bytes wide; delimiters were found by counting its separators (appendix B.1)."""
    COMPONENT_SEPARATOR = "COMPONENT_SEPARATOR"
    """The body uses another component separator than ISA16 states; the body's was used."""
    DELIMITERS_DIFFER = "DELIMITERS_DIFFER"
    """Interchanges of one file differ in their delimiters. Legal, yet a sign that files were joined."""
    LINE_WRAP = "LINE_WRAP"
    """Line breaks stand inside segments (a mainframe wrapped them); they were taken out."""
    BLANK_SEGMENT = "BLANK_SEGMENT"
    """Segment terminators follow one another with nothing between them; skipped."""
    UNTERMINATED = "UNTERMINATED"
    """The last segment has no terminator although the transaction before is whole."""
    OTHER_TRANSACTION = "OTHER_TRANSACTION"
    """A transaction that is not an 835; counted, not read."""
    UNKNOWN_SEGMENT = "UNKNOWN_SEGMENT"
    """A segment that the 835 does not have; kept verbatim in `segment_note`."""
    MISPLACED_SEGMENT = "MISPLACED_SEGMENT"
    """A segment of the 835 where it belongs to nothing (an SVC without claim); kept in `segment_note`."""
    REPEATED_SEGMENT = "REPEATED_SEGMENT"
    """A segment that may stand once in its loop stands there again (005010X221A1, repeats)."""
    SEGMENT_ORDER = "SEGMENT_ORDER"
    """A segment stands after one that the guide puts behind it (005010X221A1, 2.2.1)."""
    SEGMENT_NOT_IN_LOOP = "SEGMENT_NOT_IN_LOOP"
    """A segment of the 835 in a loop that does not have it (005010X221A1, 2.2.1); read all the same."""
    REQUIRED_SEGMENT = "REQUIRED_SEGMENT"
    """A loop lacks a segment that the guide requires."""
    REQUIRED_ELEMENT = "REQUIRED_ELEMENT"
    """A segment lacks an element that the guide requires and that money or identity hang on."""
    EXTRA_ELEMENT = "EXTRA_ELEMENT"
    """A segment has more elements or components than the guide knows; kept in `element_text`."""
    BAD_MONEY = "BAD_MONEY"
    """An amount is not a number with at most two decimals; null in its column, kept in `element_text`."""
    BAD_NUMBER = "BAD_NUMBER"
    """A count, quantity or rate is not a number of its type; null in its column, kept in `element_text`."""
    BAD_DATE = "BAD_DATE"
    """A date is not a day of the calendar as CCYYMMDD; null in its column, kept in `element_text`."""
    CODE_FORMAT = "CODE_FORMAT"
    """A code is not of its list's shape: claim status, group, CARC, RARC, procedure."""
    NPI_CHECK_DIGIT = "NPI_CHECK_DIGIT"
    """An NPI fails its check digit (Luhn over 80840 and the number, 45 CFR 162.406)."""
    LINE_BALANCE = "LINE_BALANCE"
    """SVC02 - sum of the line's CAS differs from SVC03 (005010X221A1, 1.10.2.1.1)."""
    CLAIM_BALANCE = "CLAIM_BALANCE"
    """CLP03 - sum of the claim's and its lines' CAS differs from CLP04 (005010X221A1, 1.10.2.1.2)."""
    PAYMENT_BALANCE = "PAYMENT_BALANCE"
    """BPR02 differs from sum of CLP04 - sum of PLB (005010X221A1, 1.10.2.1.3)."""
    PATIENT_RESPONSIBILITY = "PATIENT_RESPONSIBILITY"
    """CLP05 differs from the sum of the claim's PR adjustments; CLP05 is only what the payer states."""
    SEGMENT_COUNT = "SEGMENT_COUNT"
    """SE01 differs from the segments of the transaction, ST and SE with it."""
    TRANSACTION_COUNT = "TRANSACTION_COUNT"
    """GE01 differs from the transactions of the group."""
    GROUP_COUNT = "GROUP_COUNT"
    """IEA01 differs from the groups of the interchange."""
    CONTROL_NUMBER = "CONTROL_NUMBER"
    """A trailer's control number differs from its header's (ST02/SE02, GS06/GE02, ISA13/IEA02)."""
    MISSING_TRAILER = "MISSING_TRAILER"
    """An SE, GE or IEA is missing although what it closes is whole enough to read."""
    DUPLICATE_CONTROL_NUMBER = "DUPLICATE_CONTROL_NUMBER"
    """Two transactions of a group, or two interchanges of a file, have the same control number."""
    DUPLICATE_TRANSACTION = "DUPLICATE_TRANSACTION"
    """A transaction repeats an earlier one of the file: same trace, payer, amount, date and claims."""


_ERROR = (
    "BAD_MONEY LINE_BALANCE CLAIM_BALANCE PAYMENT_BALANCE REQUIRED_ELEMENT "
    "DUPLICATE_TRANSACTION SEGMENT_COUNT"
)
_INFO = (
    "BYTE_ORDER_MARK NOT_UTF8 DELIMITERS_DIFFER OTHER_TRANSACTION SEGMENT_ORDER PATIENT_RESPONSIBILITY "
    "BLANK_SEGMENT"
)
ONCE_A_FILE = ("LINE_WRAP", "BLANK_SEGMENT")


def severity(code: FindingCode) -> str:
    """`error`: money or segments do not add up; `warning`: against the guide; `info`: odd, harmless."""
    return "error" if code in _ERROR.split() else "info" if code in _INFO.split() else "warning"


@dataclass(frozen=True)
class Read:
    """A batch after reading.

    Its segments and its tables, `source` being the place of the piece in the batch.
    """

    batch: Batch
    segments: Segments
    parts: dict[str, pl.DataFrame]
    tables: dict[str, pl.DataFrame]
    bad: list[pl.DataFrame]


@dataclass(frozen=True)
class Whole:
    """Whole files: their bodies and the finished tables."""

    bodies: list[Body]
    tables: dict[str, pl.DataFrame]


PieceCheck = Callable[[Read], Iterator[pl.DataFrame]]
FileCheck = Callable[[Whole], Iterator[pl.DataFrame]]


NONE = pl.DataFrame()


def found(
    code: FindingCode, rows: pl.DataFrame, message: str | pl.Expr, element: str | pl.Expr | None = None
) -> pl.DataFrame:
    """Give findings of one code, one a row of `rows`, which has those of KEYS that are known."""
    if rows.is_empty():
        return NONE
    place = [pl.col(key) for key in KEYS if key in rows.columns]
    return rows.select(
        *place,
        pl.lit(code.value).alias("code"),
        pl.lit(severity(code)).alias("severity"),
        (pl.lit(element, pl.String) if not isinstance(element, pl.Expr) else element).alias("element"),
        (pl.lit(message) if isinstance(message, str) else message).alias("message"),
    )
