"""Properties: what is written is read back equal, and no bytes make the parser raise."""

import random
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from era_parser import Source, parse
from era_parser.grammar import segment_tags
from era_parser.write import segments, write

FIXTURES = [
    path.read_bytes() for path in sorted((Path(__file__).parents[1] / "fixtures" / "835").glob("*/*.835"))
]
ISA = (
    "ISA*00*          *00*          *ZZ*EXAMPLEPAYER   "
    "*ZZ*EXAMPLERCVR    *260301*1200*^*00501*000000001*0*P*:"
)
HEAD = [ISA, "GS*HP*A*B*20260301*1200*1*X*005010X221A1", "ST*835*0001"]
TAIL = ["SE*9*0001", "GE*1*1", "IEA*1*000000001"]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)

text = st.text(
    st.characters(
        codec="utf-8", exclude_characters="*~\r\n", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]
    ),
    max_size=14,
)
money = st.one_of(
    st.decimals(-(10**9), 10**9, places=2).map(str),
    st.integers(-(10**6), 10**6).map(str),
    st.sampled_from(["--5", "1.005", ".5", "0.50"]),
)
date = st.one_of(st.dates().map(lambda day: day.strftime("%Y%m%d")), st.sampled_from(["20230230", "202401"]))
code = st.sampled_from(
    ["HC:97110", "HC:97110:GP:59", "HC", "HC::", "HC:1::59", "WO:X", "HC:1:2:3:4:5:NAME:9", "", ":"]
)
element = st.one_of(text, money, date, code)
inner_tags = [tag for tag in segment_tags() if tag not in ("ISA", "GS", "ST", "SE", "GE", "IEA")]
segment = st.tuples(st.sampled_from([*inner_tags, "ZZZ"]), st.lists(element, max_size=24)).map(
    lambda parts: "*".join([parts[0], *parts[1]])
)


@QUICK
@given(st.lists(segment, max_size=40))
def test_segments_come_back(body: list[str]) -> None:
    sent = [*HEAD, *body, *TAIL]
    source = Source("generated", "".join(text + "~\n" for text in sent).encode())
    read = parse([source])
    assert read.refusals == []
    assert list(segments(read.tables, source.file_hash).values()) == sent
    again = write(read.tables, source.file_hash).encode()
    assert again == source.data


def mutated(seed: int) -> bytes:
    """A fixture with a few bytes changed, cut, doubled, or swapped for delimiters."""
    chance = random.Random(seed)  # noqa: S311 - no secret hangs on it
    data = bytearray(chance.choice(FIXTURES))
    for _ in range(chance.choice([1, 2, 5, 30])):
        at = chance.randrange(len(data) + 1)
        until = at + chance.randrange(60)
        change = chance.randrange(6)
        if change == 0:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif change == 1:
            del data[at:until]
        elif change == 2:
            data[at:at] = data[at:until]
        elif change == 3:
            data[at:at] = bytes(chance.choices(b'*~:\n\r|^>\x00\x1d\x1e"\xff\xe9 A1-.', k=3))
        elif change == 4:
            data = bytearray(
                bytes(data).replace(bytes([chance.choice(b"*~:\n")]), bytes([chance.randrange(256)]))
            )
        else:
            data[at:] = chance.choice(FIXTURES)[: chance.randrange(400)]
    return bytes(data)


@QUICK
@given(st.lists(st.one_of(st.binary(max_size=300), st.integers(0).map(mutated)), min_size=1, max_size=3))
def test_no_bytes_make_it_raise(datas: list[bytes]) -> None:
    sources = [Source(str(n), data) for n, data in enumerate(datas)]
    read = parse(sources)
    told = read.tables["file"]["file_hash"].to_list() + [refusal.file_hash for refusal in read.refusals]
    assert sorted(told) == sorted({source.file_hash for source in sources})
    assert "UNACCOUNTED" not in [refusal.code for refusal in read.refusals]
