"""Numbers and dates read from their digits are what `values.typed` says of their texts."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from era_parser.interchange import Body, read_body
from era_parser.pieces import Batch, Piece
from era_parser.scan import scan
from era_parser.segments import Elements
from era_parser.source import Source
from era_parser.values import typed

number = st.one_of(
    st.text("0123456789.-+ e", max_size=12),
    st.decimals(-(10**9), 10**9, places=2).map(str),
    st.decimals(-1000, 1000, places=3).map(lambda d: format(d.normalize(), "f")),
    st.integers(-(10**10), 10**10).map(str),
    st.sampled_from(
        ["0", "-0", "0.00", "-0.00", "00", "0.5", ".5", "5.", "1.2.5", "-", "99999.99", "100000.01"]
    ),
)
date = st.one_of(
    st.dates().map(lambda day: day.strftime("%Y%m%d")),
    st.integers(0, 99999999).map(lambda n: f"{n:08d}"),
    st.sampled_from(["20240229", "20230229", "20241301", "20240100", "20240132", "2024010", "00000101"]),
)
QUICK = settings(max_examples=80, deadline=None, database=None)


def same(texts: list[str], kind: str, *, cents: bool) -> None:
    data = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260301*1200*^*00501*000000001*0*P*:~"
    body = read_body(Source("numbers", (data + "".join(f"AMT*AU*{text}~" for text in texts)).encode()))
    assert isinstance(body, Body)
    body.cents = cents
    cut = scan(Batch([Piece(body, 0, 0, body.start, body.end)]))
    rows = pl.Series(range(1, len(cut))).to_numpy()
    values, odd = Elements.of(cut, rows).spans(2).values(kind)
    wanted, wanted_odd = typed(
        pl.Series([text or None for text in texts], dtype=pl.String), kind, cents=cents
    )
    assert values.to_physical().to_list() == wanted.to_physical().to_list()
    assert odd.tolist() == wanted_odd.to_list()


@QUICK
@given(
    st.lists(number, min_size=1, max_size=30),
    st.sampled_from(["money", "quantity", "count", "rate"]),
    st.booleans(),
)
def test_numbers(texts: list[str], kind: str, cents: bool) -> None:
    same(texts, kind, cents=cents and kind == "money")


@QUICK
@given(st.lists(date, min_size=1, max_size=30))
def test_dates(texts: list[str]) -> None:
    same(texts, "date", cents=False)
