"""A contract file as validated models: the format of the design page, and nothing it does not know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping  # noqa: TC003
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Literal

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from .money import parse_cents, parse_percent
from .practice import Texts  # noqa: TC001
from .toml_lines import Path  # noqa: TC001


def _cents(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"{value!r} is not an amount; write it like 31.50")  # noqa: TRY004  (pydantic reports these)
    return parse_cents(str(value))


def _percent(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"{value!r} is not a percentage; write it like 110")  # noqa: TRY004
    return parse_percent(value)


def _codes(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError('codes are a list of texts, like ["97110", "97140"]')  # noqa: TRY004
    if not all(isinstance(code, str) for code in value):
        raise ValueError('codes are texts in quotes, like ["97110", "97140"]')
    return tuple(code.strip().upper() for code in value)


Cents = Annotated[int, BeforeValidator(_cents)]
"""Integer cents, written as an amount."""
Percent = Annotated[int, BeforeValidator(_percent)]
"""Hundredths of a percent, written as a percentage."""
Codes = Annotated[tuple[str, ...], BeforeValidator(_codes)]

CRITERIA = (
    "payer_id",
    "payer_name",
    "class_of_contract",
    "filing_indicator",
    "group_number",
    "payee_npi",
    "payee_tin",
    "rendering_npi",
)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, populate_by_name=True)


class Match(_Table):
    """Which remittance lines the contract covers.

    Every criterion given must hold; its values are alternatives.
    """

    payer_id: Texts = ()
    payer_name: Texts = ()
    class_of_contract: Texts = ()
    filing_indicator: Texts = ()
    group_number: Texts = ()
    payee_npi: Texts = ()
    payee_tin: Texts = ()
    rendering_npi: Texts = ()

    def given(self) -> dict[str, tuple[str, ...]]:
        """Return the criteria that restrict, in the order of CRITERIA."""
        return {name: values for name in CRITERIA if (values := getattr(self, name))}


class FeeSchedule(_Table):
    """A table of rates in a file beside the contract.

    `sheet` names the sheet of a workbook (left out: the first).
    """

    basis: Literal["fee_schedule"]
    file: str
    sheet: str | None = None
    codes: Codes = ()


class PercentOfMedicare(_Table):
    """A percentage of the published Medicare unit amount, at the date of service or in a fixed year.

    `conversion_factor`: which factor of a year that has two ("clinician": by the clinician's QP status). Left
    out, a QP's line is expected between the two, because a contract at "110 % of Medicare" does not say
    which.
    """

    basis: Literal["percent_of_medicare"]
    percent: Percent
    year: Literal["date_of_service"] | int = "date_of_service"
    conversion_factor: Literal["qp", "non_qp", "clinician"] | None = None
    codes: Codes = ()

    @model_validator(mode="after")
    def _plausible_year(self) -> PercentOfMedicare:
        if isinstance(self.year, int) and not 1992 <= self.year <= 2100:
            raise ValueError(
                f'year {self.year} is not a fee-schedule year; write "date_of_service" or a year like 2025'
            )
        return self


class PercentOfCharge(_Table):
    """A percentage of the line's charge; units are in the charge already."""

    basis: Literal["percent_of_charge"]
    percent: Percent
    codes: Codes = ()


class PerVisit(_Table):
    """One amount a patient-day for all the lines it covers."""

    basis: Literal["per_visit"]
    amount: Cents
    codes: Codes = ()


class Medicare(_Table):
    """The Medicare fee schedule itself, with Medicare's own rules for clinicians and assistants."""

    basis: Literal["medicare"]
    codes: Codes = ()


Rate = Annotated[
    FeeSchedule | PercentOfMedicare | PercentOfCharge | PerVisit | Medicare, Field(discriminator="basis")
]


class Clauses(_Table):
    """The `[terms]` table. Left out: the smaller of charge and rate for each line, no reductions, no caps.

    `edits`: which pairs of codes may be denied beside each other. "ncci": Medicare's national edits; "own": those of
    the contract's [[edit]] tables and no others; left out: the [[edit]] tables, and of other pairs it is not said.
    `units_rule`: how minutes become units; left out, both rules are asked and only what both say is said.
    """

    lesser_of: Literal["line", "claim", "none"] = "line"
    multiple_procedure: Literal["none", "medicare", "percent"] = "none"
    multiple_procedure_percent: Percent | None = None
    assistant_percent: Percent | None = None
    sequestration: bool = False
    visit_maximum: Cents | None = None
    rounding: Literal["unit", "line"] = "unit"
    capitated: bool = False
    carve_out_codes: Codes = ()
    tolerance: Cents = 1
    edits: Literal["ncci", "own"] | None = None
    units_rule: Literal["eight_minute", "midpoint"] | None = None

    @model_validator(mode="after")
    def _percent_is_said(self) -> Clauses:
        if self.multiple_procedure == "percent" and self.multiple_procedure_percent is None:
            raise ValueError('multiple_procedure = "percent" needs multiple_procedure_percent, like 50')
        if self.carve_out_codes and not self.capitated:
            raise ValueError("carve_out_codes mean nothing unless capitated = true")
        return self


class DisputeWindow(_Table):
    """One level of dispute: how many days, of which kind, from which day.

    `reopened_by = "decision"`: a later decision on the claim opens the window anew; left out, the first one
    counts. `effective` and `until` are the first and last day to count from under this entry: a level whose
    length was amended stands twice under one name. `fallback`: no step after a lost level but what is left
    once the windows before it have closed.
    """

    level: str
    days: Annotated[int, Field(gt=0)]
    unit: Literal["calendar", "business"] = "calendar"
    from_: Literal["remittance", "receipt", "service", "decision"] = Field(default="remittance", alias="from")
    receipt_days: Annotated[int, Field(ge=0)] = 0
    reopened_by: Literal["decision"] | None = None
    effective: dt.date | None = None
    until: dt.date | None = None
    fallback: bool = False
    submit_to: str = ""
    source: str = ""

    @model_validator(mode="after")
    def _receipt(self) -> DisputeWindow:
        if self.receipt_days and self.from_ not in {"receipt", "decision"}:
            raise ValueError('receipt_days counts only with from = "receipt" or "decision"')
        if self.reopened_by and self.from_ == "service":
            raise ValueError('reopened_by means nothing with from = "service": the day of service stays')
        if self.effective and self.until and self.until < self.effective:
            raise ValueError(f"until ({self.until}) is before effective ({self.effective})")
        return self

    def counts_from(self, anchor: dt.date) -> bool:
        """Whether this entry is in force for a window that is counted from `anchor`."""
        return (self.effective or anchor) <= anchor <= (self.until or anchor)


class FilingLimit(_Table):
    """How long a claim, or a corrected one, may be sent: days after the service or the remittance."""

    days: Annotated[int, Field(gt=0)]
    unit: Literal["calendar", "business"] = "calendar"
    from_: Literal["service", "remittance"] = Field(default="service", alias="from")
    submit_to: str = ""
    source: str = ""


class PairEdit(_Table):
    """An edit of the payer's own: one pair of codes, or a `file` of them beside the contract.

    `column_2` is denied beside `column_1`. `indicator` 1: a modifier may set the edit aside; 0: none may.
    """

    file: str | None = None
    column_1: str | None = None
    column_2: str | None = None
    indicator: Literal["0", "1", 0, 1] | None = None
    effective: dt.date | None = None
    until: dt.date | None = None
    source: str = ""

    @model_validator(mode="after")
    def _pair_or_file(self) -> PairEdit:
        pair = [one is not None for one in (self.column_1, self.column_2, self.indicator)]
        if all(pair) if self.file is None else not any(pair):
            return self
        raise ValueError("an [[edit]] has either file, or column_1, column_2 and indicator (0 or 1)")


class ContractTerms(_Table):
    """One contract file. `effective` and `until` are the first and last dates of service."""

    contract: Annotated[str, Field(min_length=1)]
    payer: Annotated[str, Field(min_length=1)]
    plan: str = ""
    effective: dt.date
    until: dt.date | None = None
    source: str = ""
    match: Match = Match()
    rate: tuple[Rate, ...] = ()
    terms: Clauses = Clauses()
    dispute: tuple[DisputeWindow, ...] = ()
    filing: FilingLimit | None = None
    edit: tuple[PairEdit, ...] = ()

    @model_validator(mode="after")
    def _sane(self) -> ContractTerms:
        if self.until is not None and self.until < self.effective:
            raise ValueError(f"until ({self.until}) is before effective ({self.effective})")
        if not self.rate and not self.terms.capitated:
            raise ValueError("the contract has no [[rate]]; add one, or say capitated = true under [terms]")
        return self

    @model_validator(mode="after")
    def _levels_told_apart(self) -> ContractTerms:
        for index, later in enumerate(self.dispute):
            for earlier in self.dispute[:index]:
                if earlier.level == later.level and _same_day(earlier, later):
                    raise ValueError(
                        f"[[dispute]] level {later.level!r} stands twice for the same day; give the earlier one an"
                        " `until` before the later one's `effective`"
                    )
        return self


def _same_day(one: DisputeWindow, other: DisputeWindow) -> bool:
    first = max(one.effective or dt.date.min, other.effective or dt.date.min)
    return first <= min(one.until or dt.date.max, other.until or dt.date.max)


@dataclass(frozen=True)
class Contract:
    """A contract file as read: its name in the folder, its terms, and the line of each key."""

    file: str
    terms: ContractTerms
    lines: Mapping[Path, int] = field(default_factory=dict, compare=False, repr=False)
    builtin: bool = False

    def in_force(self, day: dt.date) -> bool:
        """Whether a service on `day` falls under the contract."""
        return self.terms.effective <= day and (self.terms.until is None or day <= self.terms.until)


FEE_ROW_SCHEMA: dict[str, pl.DataType] = {
    "contract_file": pl.String(),
    "rate_position": pl.Int32(),
    "schedule_file": pl.String(),
    "row": pl.Int32(),
    "code": pl.String(),
    "modifiers": pl.String(),
    "setting": pl.String(),
    "rate_cents": pl.Int64(),
    "effective": pl.Date(),
    "until": pl.Date(),
}
"""One row of a fee schedule.

`modifiers` sorted and joined with ':' (empty: none), `setting` empty: either, dates null: open.
"""


EDIT_ROW_SCHEMA: dict[str, pl.DataType] = {
    "contract_file": pl.String(),
    "edit_file": pl.String(),
    "row": pl.Int32(),
    "column_1": pl.String(),
    "column_2": pl.String(),
    "indicator": pl.String(),
    "effective": pl.Date(),
    "until": pl.Date(),
    "source": pl.String(),
}
"""One pair of a payer's own edits; `edit_file` and `row`: where it stands. Dates null: open."""


@dataclass(frozen=True)
class Terms:
    """Everything that was read from a contracts folder.

    `fee_rows` has FEE_ROW_SCHEMA; `rate_position` counts from 0. `edit_rows` has EDIT_ROW_SCHEMA.
    """

    contracts: tuple[Contract, ...] = ()
    fee_rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FEE_ROW_SCHEMA))
    edit_rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EDIT_ROW_SCHEMA))
