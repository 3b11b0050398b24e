"""Segments -> the tables of the registry, one function a kind of segment."""

from era_parser.adjustments import read_adjustments, read_provider_adjustments, read_remarks
from era_parser.elements import Reading, columns_of, fields
from era_parser.envelope import read_interchanges, read_notes, read_trailers
from era_parser.lines import read_service_lines
from era_parser.parties import read_parties, read_payments, read_summaries
from era_parser.registry import tables

WHOLE = ("GS", "LX", "CLP", "AMT", "QTY", "REF", "DTM", "PER", "RDM")


def read_tables(reading: Reading) -> None:
    """Fill all tables of a batch but file and finding."""
    read_interchanges(reading)
    for spec in tables().values():
        if spec.segment in WHOLE:
            _whole(reading, spec.name, spec.segment)
    read_payments(reading)
    read_summaries(reading)
    read_service_lines(reading)
    read_adjustments(reading)
    read_provider_adjustments(reading)
    read_remarks(reading)
    read_parties(reading)
    read_trailers(reading)
    read_notes(reading)


def _whole(reading: Reading, name: str, tag: str) -> None:
    """Give a table whose columns are the elements of one segment."""
    part = reading.part(tag)
    if len(part):
        spec = tables()[name]
        reading.add(name, part, columns_of(fields(reading, tag, len(spec.elements(tag))), spec))
