"""X12 835 remittances -> typed Polars tables: every element kept, every oddity named, no exception."""

from era_parser.parse import parse, parse_chunks
from era_parser.source import Refusal, RefusalCode, Remittances, Source

__all__ = ["Refusal", "RefusalCode", "Remittances", "Source", "parse", "parse_chunks"]
