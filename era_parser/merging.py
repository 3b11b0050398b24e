"""Pieces put together again: ordinals that run through each file, files refused after all, one row a file."""

import polars as pl

from era_parser.accounting import Ending, unaccounted_refusal, unreadable
from era_parser.interchange import Body
from era_parser.reading import Outcome
from era_parser.registry import tables
from era_parser.source import Refusal

Counts = dict[str, int]
TOLD = {"file_hash": pl.String(), "payment": pl.Int32(), "claims": pl.UInt32(), "fingerprint": pl.UInt64()}
FROM_ONE = ("interchange", "functional_group")
ORDINALS = ("segment", "interchange", "functional_group", "payment", "header", "claim")
COUNTS = {"segment": "segment_count", "interchange": "interchange_count", "payment": "payment_count",
          "claim": "claim_count", "line": "line_count", "other_transaction": "other_transaction_count",
          "other_segment": "other_segment_count"}  # fmt: skip


def refused(bodies: dict[int, Body], outcomes: list[Outcome]) -> dict[int, Refusal]:
    """Files that reading showed to be unreadable, by place."""
    ends: dict[int, Ending] = {}
    for outcome in outcomes:
        for place, ending in outcome.endings.items():
            ends[place] = ends[place].then(ending) if place in ends else ending
    lost = set().union(*(outcome.lost for outcome in outcomes))
    verdicts = {place: unreadable(body, ends.get(place, Ending())) for place, body in bodies.items()}
    gone = {place: refusal for place, refusal in verdicts.items() if refusal}
    return gone | {place: unaccounted_refusal(bodies[place]) for place in lost if place not in gone}


def merged(
    outcomes: list[Outcome], gone: set[int], before: dict[int, Counts] | None = None
) -> dict[str, pl.DataFrame]:
    """Tables of all files but the refused ones, with `source`, in the order of the sources.

    `before` is what files held before their first piece here, by place (see `carry`).
    """
    shifts = _shifts(outcomes, dict(before or {}))
    places = [piece.place for outcome in outcomes for piece in outcome.pieces]
    in_order = places == sorted(places)
    out = {}
    for name in [*tables(), "claims_told"]:
        frames = [
            _shifted(o.tables[name], o.pieces[0].place, shift)
            for o, shift in zip(outcomes, shifts, strict=True)
            if name in o.tables and len(o.tables[name])
        ]
        frame = pl.concat(frames) if len(frames) > 1 else frames[0] if frames else _empty(name)
        if not in_order:
            frame = frame.sort("source", maintain_order=True)
        if gone and any(piece.place in gone for o in outcomes for piece in o.pieces):
            frame = frame.filter(pl.col("source").is_in(sorted(gone)).not_())
        out[name] = frame
    return out


def _empty(name: str) -> pl.DataFrame:
    own = TOLD if name == "claims_told" else tables()[name].schema
    return pl.DataFrame(schema={"source": pl.Int32(), **own})


def _shifts(outcomes: list[Outcome], before: dict[int, Counts]) -> list[Counts]:
    """What to add to the ordinals of the first piece of each batch: what its file held before it."""
    shifts: list[Counts] = []
    for outcome in outcomes:
        first, last = outcome.pieces[0], outcome.pieces[-1]
        shifts.append(before.get(first.place, {}) if first.number else {})
        before[last.place] = carry(outcome, before.get(last.place, {}))
    return shifts


def carry(outcome: Outcome, before: Counts) -> Counts:
    """What the file of a batch's last piece held up to its end, `before` being what it held before the batch."""
    last = outcome.pieces[-1]
    carried = before if last.number and last is outcome.pieces[0] else {}
    counts = outcome.counts.row(-1, named=True)
    return {name: counts[name] + carried.get(name, 0) for name in ORDINALS}


def _shifted(frame: pl.DataFrame, place: int, shift: dict[str, int]) -> pl.DataFrame:
    """Ordinals of a batch, those of its first piece continued.

    Where no ISA or GS came yet, its number is 1.
    """
    columns = []
    mine = pl.col("source") == place
    for name in frame.columns:
        base = "segment" if name.endswith("_segment") else name
        if base not in ORDINALS:
            continue
        more = shift.get(base, 0)
        if more:
            own = pl.when(mine).then(pl.col(name) + more).otherwise(pl.col(name))
            columns.append(own.cast(pl.Int32).alias(name))
        elif base in FROM_ONE and frame[name].min() == 0:
            columns.append(pl.col(name).clip(lower_bound=1))
    return frame.with_columns(columns) if columns else frame


def prose_notes(notes: pl.DataFrame, bodies: dict[int, Body]) -> pl.DataFrame:
    """Keep what stands before the first segment of a file as a note without tag or ordinal."""
    prose = {place: body for place, body in bodies.items() if body.prose}
    if not prose:
        return notes
    rows = {
        "source": list(prose),
        "file_hash": [body.source.file_hash for body in prose.values()],
        "byte_offset": [body.prose_offset for body in prose.values()],
        "text": [body.prose for body in prose.values()],
    }
    frame = pl.DataFrame(rows, schema={name: notes.schema[name] for name in rows})
    return pl.concat([notes.clear(), frame, notes], how="diagonal").sort(
        "source", "byte_offset", maintain_order=True
    )


def file_table(bodies: dict[int, Body], counts: list[pl.DataFrame]) -> pl.DataFrame:
    """One row a file; `counts` are those of its pieces."""
    spec = tables()["file"]
    kept = list(bodies.items())
    delimiters = [body.spans[0].delimiters for body in bodies.values()]
    own = pl.DataFrame(
        {
            "source": [place for place, _ in kept],
            "file_hash": [body.source.file_hash for _, body in kept],
            "name": [body.source.name for _, body in kept],
            "byte_count": [len(body.source.data) for _, body in kept],
            "encoding": [body.encoding for _, body in kept],
            "guide": [body.guide for _, body in kept],
            "amount_style": ["cents" if body.cents else "shortest" for _, body in kept],
            "element_separator": [d.element.decode("latin-1") for d in delimiters],
            "component_separator": [d.component.decode("latin-1") for d in delimiters],
            "segment_terminator": [d.terminator.decode("latin-1") for d in delimiters],
        },
        schema={"source": pl.Int32(), **{name: spec.schema[name] for name in list(spec.schema)[:9]}},
    )
    if not kept:
        return spec.empty().with_columns(pl.lit(None, pl.Int32).alias("source"))
    total = pl.concat(counts).group_by("source").sum().rename(COUNTS)
    joined = own.join(total, on="source", how="left", maintain_order="left", validate="1:1")
    return joined.select("source", *[pl.col(name).cast(dtype) for name, dtype in spec.schema.items()])
