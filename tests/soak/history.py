"""What is by nature the history of nights: left out where a soaked home is held against a single clean run. All else counts.

The clean run has the same files, contracts, settings and reference, and what people entered (the journal's book `event`);
it does not know what earlier nights published (the book `published`).
"""

from __future__ import annotations

TABLES = {
    "era.file_seen": "one row an arrival: on which nights files came, how often, damaged or whole",
    "out.file": "shows era.file_seen",
    "out.publication": "hashes of the workbook, which shows out.file, out.closed and out.refused_edit",
    "out.refused_edit": "rows of workbooks that were not taken; the clean run is given what was taken",
    "life.published": "what each night published",
    "life.refused_edit": "as out.refused_edit",
    "life.rule_file": "under which contracts and tables each night published",
    "life.line": "names disputes of all lines that were ever published",
    "out.closed": "disputes that an earlier night published and that are settled since",
    "out.scorecard": "counts all disputes ever published",
}
"""Tables that are left out whole, with the reason."""

_FIRST = "what it was short by when a night published it first; the clean run publishes it first as it is in the end"
_SEEN = "the first night that published it"
_SINCE = "what later decisions brought since the first night that published it"
COLUMNS = {
    "era.file": {"name": "the name under which the file came first"},
    "out.conformance": {"source_file": "shows era.file.name"},
    "life.standing": {
        "first_seen_date": _SEEN,
        "first_shortfall_amount": _FIRST,
        "recovered_amount": _SINCE,
        "reopened_date": "the night on which it was short again",
    },
    "out.life": {
        "first_seen_date": _SEEN,
        "first_shortfall_amount": _FIRST,
        "recovered_amount": _SINCE,
        "recovered_date": _SINCE,
        "status_date": "the night since which it stands so",
        "reopened_date": "the night on which it was short again",
    },
    "out.dispute": {"first_seen_date": _SEEN, "recovered_amount": _SINCE},
}
"""Columns that are left out, by table, with the reason."""

_SETTLED = "disputes that an earlier night published and that are not short any more"
ROWS = {
    "life.standing": ("standing = 'short'", _SETTLED),
    "out.life": ("standing = 'short'", _SETTLED),
}
"""Rows that are compared where not all are, by table, with the reason for leaving out the others."""
