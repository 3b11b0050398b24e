"""Zips of strangers: names, links, bombs. Each is refused with a reason, and nothing of it is unpacked to disk."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

Desk = Any  # the class of the fixture stands in conftest.py, which no module imports


# ---- zips of strangers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../GPCI2025.csv", "leads out of its folder"),
        ("a/../../GPCI2025.csv", "leads out of its folder"),
        ("/etc/GPCI2025.csv", "leads out of its folder"),
        ("..\\GPCI2025.csv", "leads out of its folder"),
        ("C:\\GPCI2025.csv", "leads out of its folder"),
    ],
)
def test_names_that_lead_out(desk: Desk, name: str, words: str) -> None:
    assert words in desk.refused(desk.zipped("x.zip", {name: desk.data("GPCI2025.csv")}))


def test_links_passwords_and_doubles(desk: Desk) -> None:
    gpci = desk.data("GPCI2025.csv")
    link = zipfile.ZipInfo("GPCI2025.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(desk.home / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    locked = bytearray(desk.zipped("plain.zip", {"GPCI2025.csv": gpci}).read_bytes())
    locked[6] |= 1
    locked[locked.rindex(b"PK\1\2") + 8] |= 1
    desk.put("locked.zip", locked)
    desk.zipped("twice.zip", {"GPCI2025.csv": gpci, "gpci2025.CSV": gpci})
    for name, words in (("link", "has a link"), ("locked", "encrypted"), ("twice", "two members named")):
        assert words in desk.refused(desk.home / f"{name}.zip")


def test_no_file_at_all(desk: Desk) -> None:
    assert "cannot be read" in desk.refused(desk.home / "not there.zip")


@pytest.fixture
def zeros(desk: Desk) -> Path:
    return desk.zipped("zeros.zip", {"GPCI2025.csv": bytes(20_000_000)})  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"ratio": 100}, "beyond the limit (100 times)"),
        ({"ratio": 10**6, "member_bytes": 1_000_000}, "goes beyond the limit"),
        ({"ratio": 10**6, "total_bytes": 1_000_000}, "goes beyond the limit"),
        ({"download_bytes": 1_000}, "goes beyond the limit (1,000)"),
    ],
)
def test_bombs(desk: Desk, zeros: Path, limit: dict[str, int], words: str) -> None:
    """Each limit by itself."""
    assert words in desk.refused(zeros, rules=limited(desk, **limit))


def limited(desk: Desk, **limit: int) -> Any:
    return replace(desk.rules, limits=replace(desk.rules.limits, **limit))


def test_too_many_files(desk: Desk) -> None:
    many = desk.zipped("many.zip", {f"{number}.csv": b"" for number in range(9)})
    assert "number of files" in desk.refused(many, rules=limited(desk, members=8))


def test_a_size_that_is_a_lie(desk: Desk, zeros: Path) -> None:
    lying = bytearray(zeros.read_bytes())
    at = lying.rindex(b"PK\1\2") + 24
    lying[at : at + 4] = (100).to_bytes(4, "little")
    assert "is no readable zip" in desk.refused(desk.put("lying.zip", lying))


def nested(content: bytes, depth: int) -> bytes:
    name = "GPCI2025.csv"
    for _ in range(depth):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(name, content)
        content, name = out.getvalue(), "inner.zip"
    return content


def test_zips_in_zips(desk: Desk) -> None:
    """Two deep is taken, three is not."""
    gpci = desk.data("GPCI2025.csv")
    assert "too deep" in desk.refused(desk.put("three.zip", nested(gpci, 3)))
    assert len(desk.take(desk.put("two.zip", nested(gpci, 2))).taken) == 1


def test_a_workbook_may_be_a_bomb_too(desk: Desk) -> None:
    path = desk.zipped("GPCI2025.xlsx", {"xl/worksheets/sheet1.xml": bytes(20_000_000)})
    assert "beyond the limit (100 times)" in desk.refused(path, rules=limited(desk, ratio=100))
