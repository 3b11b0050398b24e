"""Elements: what must be there, what its codes look like, check digits, values that could not be typed."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from era_parser.findings import FindingCode, PieceCheck, Read, found

REQUIRED = (  # table, column, element (005010X221A1, usage R of elements that money or identity hang on)
    ("payment", "handling_code", "BPR01"),
    ("payment", "payment_amount", "BPR02"),
    ("payment", "payment_method_code", "BPR04"),
    ("payment", "payment_date", "BPR16"),
    ("payment", "trace_number", "TRN02"),
    ("payment", "payer_identifier", "TRN03"),
    ("claim", "patient_control_number", "CLP01"),
    ("claim", "claim_status_code", "CLP02"),
    ("claim", "charge_amount", "CLP03"),
    ("claim", "paid_amount", "CLP04"),
    ("claim", "payer_claim_number", "CLP07"),
    ("service_line", "procedure_code", "SVC01"),
    ("service_line", "charge_amount", "SVC02"),
    ("service_line", "paid_amount", "SVC03"),
    ("adjustment", "group_code", "CAS01"),
    ("adjustment", "reason_code", "CAS02"),
    ("adjustment", "adjustment_amount", "CAS03"),
    ("provider_adjustment", "provider_id", "PLB01"),
    ("provider_adjustment", "reason_code", "PLB03"),
    ("provider_adjustment", "adjustment_amount", "PLB04"),
    ("amount", "amount", "AMT02"),
    ("date", "date", "DTM02"),
    ("reference", "reference_value", "REF02"),
    ("remark", "remark_code", "LQ02"),
)
SHAPES = (  # table, column, element, pattern, source
    ("claim", "claim_status_code", "CLP02", r"^(?:1|2|3|4|19|20|21|22|23|25)$"),
    ("adjustment", "group_code", "CAS01", r"^(?:CO|OA|PI|PR|CR)$"),
    ("adjustment", "reason_code", "CAS02", r"^(?:\d{1,3}|[A-Z]\d{1,2})$"),
    ("provider_adjustment", "reason_code", "PLB03", r"^[0-9A-Z]{2}$"),
    ("payment", "credit_debit_code", "BPR03", r"^[CD]$"),
)
SEGMENT_OF = {"payment_amount": "payment_segment"}


def bad_values(read: Read) -> Iterator[pl.DataFrame]:
    """Elements that could not be typed."""
    codes = {"money": FindingCode.BAD_MONEY, "date": FindingCode.BAD_DATE, "short_date": FindingCode.BAD_DATE}
    for frame in read.bad:
        code = codes.get(frame["kind"][0], FindingCode.BAD_NUMBER)
        what = {"BAD_MONEY": "an amount of at most two decimals", "BAD_DATE": "a date"}.get(code, "a number")
        message = f"not {what}; null in its column, text kept in element_text: ask the payer"
        yield found(code, frame, message, pl.col("element"))


def required_elements(read: Read) -> Iterator[pl.DataFrame]:
    """Elements that the guide requires are there; those sent but bad have a finding of their own."""
    bad = pl.concat([f.select("source", "segment", "element") for f in read.bad]) if read.bad else None
    for table, column, element in REQUIRED:
        frame = read.tables[table]
        if column not in frame.columns or not frame[column].null_count():
            continue
        rows = frame.filter(pl.col(column).is_null())
        if table == "payment":
            ordinal = "payment_segment" if element.startswith("BPR") else "trace_segment"
            rows = rows.filter(pl.col(ordinal).is_not_null()).with_columns(pl.col(ordinal).alias("segment"))
            rows = rows.drop("byte_offset")
        if bad is not None:
            rows = rows.join(
                bad.filter(pl.col("element").str.starts_with(element[:3])),
                on=["source", "segment"],
                how="anti",
            )
        message = f"{element} is required and not sent: ask the payer"
        yield found(FindingCode.REQUIRED_ELEMENT, rows.sort("source", "segment"), message, element)


def extra_elements(read: Read) -> Iterator[pl.DataFrame]:
    """Elements beyond those that the guide has."""
    limits = {
        "CLP": 14,
        "SVC": 7,
        "CAS": 19,
        "PLB": 14,
        "REF": 4,
        "DTM": 6,
        "AMT": 3,
        "QTY": 4,
        "NM1": 12,
        "N1": 6,
        "N3": 2,
        "N4": 7,
        "PER": 9,
        "LQ": 2,
        "LX": 1,
        "BPR": 21,
        "TRN": 4,
        "CUR": 3,
        "ST": 3,
        "SE": 2,
        "GS": 8,
        "GE": 2,
        "IEA": 2,
        "ISA": 16,
        "TS3": 24,
        "TS2": 19,
        "MIA": 24,
        "MOA": 9,
        "RDM": 5,
    }
    limit = pl.col("tag").replace_strict(limits, default=99, return_dtype=pl.Int32)
    rows = read.tables["element_text"].filter((pl.col("text") != "") & (pl.col("element") > limit))
    message = "the guide has no such element; kept in element_text: see what it says"
    name = pl.format("{}{}", "tag", pl.col("element").cast(pl.String).str.zfill(2))
    yield found(FindingCode.EXTRA_ELEMENT, rows, message, name)


def code_shapes(read: Read) -> Iterator[pl.DataFrame]:
    """Codes look like codes of their list; an unknown code of the right shape is no finding (lists age)."""
    for table, column, element, pattern in SHAPES:
        frame = read.tables[table]
        if column in frame.columns:
            rows = _misshapen(frame, column, pattern)
            yield found(
                FindingCode.CODE_FORMAT, rows, f"{element} is not a code of its list: ask the payer", element
            )
    remarks = read.tables["remark"]
    rows = _misshapen(remarks, "remark_code", r"^(?:M|MA|N)\d{1,4}$")
    rows = rows.filter(pl.col("remark_qualifier") != "RX")
    yield found(FindingCode.CODE_FORMAT, rows, "not the shape of a remark code (RARC): ask the payer", "LQ02")
    lines = read.tables["service_line"]
    rows = _misshapen(
        lines.filter(pl.col("procedure_qualifier") == "HC"), "procedure_code", r"^[0-9A-Z]\d{3}[0-9A-Z]$"
    )
    yield found(FindingCode.CODE_FORMAT, rows, "not the shape of a HCPCS code: ask the payer", "SVC01")


def _misshapen(frame: pl.DataFrame, column: str, pattern: str) -> pl.DataFrame:
    """Rows whose code does not match; judged once a distinct code."""
    values = frame[column].drop_nulls().unique()
    wrong = values.filter(values.str.contains(pattern).not_())
    return frame.filter(pl.col(column).is_in(wrong.to_list())) if len(wrong) else frame.clear()


def npi_check_digits(read: Read) -> Iterator[pl.DataFrame]:
    """NPIs (id qualifier XX, REF*HPI) are ten digits with a right check digit (45 CFR 162.406)."""
    parties = read.tables["party"].filter(pl.col("id_qualifier") == "XX")
    references = read.tables["reference"].filter(pl.col("reference_qualifier") == "HPI")
    message = "not a valid NPI (ten digits with check digit): tell the payer"
    for frame, column, element in ((parties, "id", None), (references, "reference_value", "REF02")):
        wrong = wrong_npis(frame[column].drop_nulls().unique())
        name: str | pl.Expr | None = element
        if element is None:
            name = pl.when(pl.col("party_tag") == "N1").then(pl.lit("N104")).otherwise(pl.lit("NM109"))
        yield found(
            FindingCode.NPI_CHECK_DIGIT, frame.filter(pl.col(column).is_in(wrong.to_list())), message, name
        )


def wrong_npis(values: pl.Series) -> pl.Series:
    """Those of the values that are not NPIs: Luhn over 80840 and the ten digits, whose prefix adds 24."""
    ten_digits = values.str.contains(r"^\d{10}$")
    numbers = values.filter(ten_digits).cast(pl.Int64).to_numpy()
    total = np.full(len(numbers), 24)
    for place in range(10):
        digit = numbers // 10**place % 10
        total += digit if place % 2 == 0 else 2 * digit - 9 * (digit > 4)
    return pl.concat(
        [values.filter(~ten_digits), values.filter(ten_digits).filter(pl.Series(total % 10 != 0))]
    )


CHECKS: list[PieceCheck] = [bad_values, required_elements, extra_elements, code_shapes, npi_check_digits]
