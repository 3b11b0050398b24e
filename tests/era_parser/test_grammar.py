"""grammar.csv against the maps of both guides that pyx12 carries: same segments, usage, repeats, qualifiers."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import pyx12

from era_parser.grammar import rules

MAPS = {"5010": "835.5010.X221.A1.xml", "4010": "835.4010.X091.A1.xml"}
LOOPS = {"ISA_LOOP": "ENVELOPE", "GS_LOOP": "ENVELOPE", "FOOTER": "SUMMARY"}
TRANSACTION = {"ST": "HEADER", "SE": "SUMMARY"}
LOOP_ITSELF = {"GS", "LX", "SVC"}
"""Openers whose map entry speaks of the segment in its loop; ours speak of the loop, which may be absent or repeat."""
OURS_ALONE = {"ISA", "GS", "ST", "BPR", "TRN", "CUR", "RDM"}
"""Their first element is no qualifier of ours."""

Entry = tuple[str, str, tuple[str, ...], str, int | None]


def entries(guide: str) -> set[Entry]:
    found: set[Entry] = set()
    root = ET.parse(Path(pyx12.__file__).parent / "map" / MAPS[guide]).getroot()  # noqa: S314 - the library's own file

    def walk(node: ET.Element, name: str) -> None:
        for child in node:
            tag = child.get("xid") or ""
            if child.tag == "loop":
                walk(child, tag)
            elif child.tag == "segment" and tag != "TA1":
                first = child.find("element/[seq='01']")
                codes = (
                    [code.text or "" for code in first.findall("valid_codes/code")]
                    if first is not None
                    else []
                )
                usage = {"R": "required", "S": "situational"}[child.findtext("usage") or ""]
                most = child.findtext("max_use")
                loop = TRANSACTION.get(tag, LOOPS.get(name, name))
                qualifiers = () if tag in OURS_ALONE else tuple(sorted(codes))
                found.add((loop, tag, qualifiers, usage, None if most in (None, ">1") else int(most)))

    walk(root, "")
    return {entry for entry in found if entry[1] not in LOOP_ITSELF}


@pytest.mark.parametrize("guide", MAPS)
def test_grammar_is_the_guide(guide: str) -> None:
    own = {
        (rule.loop, rule.segment, tuple(sorted(rule.qualifiers)), rule.usage, rule.repeats)
        for rule in rules()
        if rule.guide in ("", guide) and rule.segment not in LOOP_ITSELF
    }
    assert own ^ entries(guide) == set()


@pytest.mark.parametrize("guide", MAPS)
def test_rows_stand_in_the_order_of_the_guide(guide: str) -> None:
    """Positions rise in each loop; the older guide numbers by tens of what the newer one does."""
    places: dict[str, list[int]] = {}
    for rule in rules():
        if rule.guide in ("", guide) and rule.section.startswith("2.3.1"):
            position = int(rule.section.rpartition("/")[2]) * (10 if rule.guide == "4010" else 1)
            places.setdefault(rule.loop, []).append(position)
    assert places == {loop: sorted(own) for loop, own in places.items()}
