"""CMS's own files as normalised reference tables."""

from __future__ import annotations

from .entries import Report
from .files import LOCALITY_COUNT, Loaded, conversion_factors, read_gpci, read_pprrvu, read_zip5, read_zip9
from .loading import load
from .rules import Rules, cms_rules, known_releases, parse_rules

__all__ = [
    "LOCALITY_COUNT",
    "Loaded",
    "Report",
    "Rules",
    "cms_rules",
    "conversion_factors",
    "known_releases",
    "load",
    "parse_rules",
    "read_gpci",
    "read_pprrvu",
    "read_zip5",
    "read_zip9",
]
