"""CMS's own files as normalised reference tables."""

from __future__ import annotations

from .files import LOCALITY_COUNT, Loaded, conversion_factors, read_gpci, read_pprrvu, read_zip5, read_zip9

__all__ = [
    "LOCALITY_COUNT",
    "Loaded",
    "conversion_factors",
    "read_gpci",
    "read_pprrvu",
    "read_zip5",
    "read_zip9",
]
