"""The practice as `shortpay.toml` describes it.

Where services are rendered, and what its clinicians are to Medicare.
"""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003  (read at run time, like every annotation here)
from pathlib import Path  # noqa: TC003
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from .bounded import read_bounded_text
from .problems import Problem, TermsError
from .toml_lines import key_lines
from .toml_text import NotTomlError, parse_toml
from .validation import problems_of

_ZIP = re.compile(r"^(\d{5})(?:-?(\d{4}))?$")
_NPI = re.compile(r"^\d{10}$")

Setting = Literal["nonfacility", "facility"]


def _texts(value: object) -> object:
    """A single text where a list is wanted is a list of one."""
    return [value] if isinstance(value, str) else value


Profession = Literal[
    "physician",
    "physical_therapist",
    "occupational_therapist",
    "speech_language_pathologist",
    "chiropractor",
    "clinical_psychologist",
    "nurse_midwife",
    "nurse_practitioner",
    "physician_assistant",
    "clinical_nurse_specialist",
    "clinical_social_worker",
]
"""Professions whose share of the Medicare schedule is known: data/practitioner_percent.csv."""

Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class Site(BaseModel):
    """A place where services are rendered.

    Every criterion given must hold; one left empty does not restrict.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str
    zip: str
    setting: Setting = "nonfacility"
    payee_npi: Texts = ()
    payee_tin: Texts = ()
    rendering_npi: Texts = ()
    location_number: Texts = ()

    @field_validator("zip")
    @classmethod
    def _known_zip(cls, value: str) -> str:
        if not _ZIP.match(value):
            raise ValueError(f"{value!r} is not a ZIP; write five digits, or five and four like 75201-1234")
        return value


class Clinician(BaseModel):
    """What one clinician is to Medicare.

    `qp_years`: payment years as a qualifying APM participant. `profession`: decides the share of the schedule;
    left out, the full one, unless the practice has clinicians who are paid less (then a range).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    npi: str
    qp_years: tuple[int, ...] = ()
    participating: bool = True
    profession: Profession | None = None
    name: str = ""

    @field_validator("npi")
    @classmethod
    def _known_npi(cls, value: str) -> str:
        if not _NPI.match(value):
            raise ValueError("an NPI has ten digits")
        return value


class Practice(BaseModel):
    """The practice: its sites and clinicians. ``Practice()`` is one that says nothing about itself."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    name: str = ""
    sites: tuple[Site, ...] = Field(default=(), validation_alias="site")
    clinicians: tuple[Clinician, ...] = Field(default=(), validation_alias="clinician")

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Practice:
        """Return the practice of a parsed `shortpay.toml` (other sections are left alone).

        Raises pydantic's ValidationError.
        """
        practice = settings.get("practice", {})
        return cls.model_validate(
            {
                "name": practice.get("name", ""),
                "site": settings.get("site", []),
                "clinician": settings.get("clinician", []),
            }
        )


def read_practice(path: Path) -> Practice:
    """Read the practice from a `shortpay.toml`. Raises TermsError with every problem, each with its line."""
    try:
        text = read_bounded_text(path)
        settings = parse_toml(text)
    except (OSError, UnicodeDecodeError, NotTomlError) as error:
        raise TermsError([Problem(path.name, None, f"cannot be read: {error}")]) from error
    try:
        return Practice.from_settings(settings)
    except ValidationError as error:
        raise TermsError(problems_of(error, path.name, key_lines(text), Practice)) from error


def split_zip(value: str) -> tuple[str, str] | None:
    """ZIP and +4 (empty where absent) of ``75201``, ``75201-1234`` or ``752011234``.

    None where it is none of these.
    """
    match = _ZIP.match(value.strip())
    return (match.group(1), match.group(2) or "") if match else None
