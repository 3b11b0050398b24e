"""What decisions rest on: listed, kept, brought back; and what has no part in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from contracts import TermsError, read_practice, read_reference, read_terms, terms_frames
from tests.conftest import EXAMPLES
from tests.warehouse.replay.homes import example_home
from warehouse.archive import ArchiveError
from warehouse.rule_set import (
    RuleFile,
    RuleSet,
    bring_rules_back,
    keep_rules,
    read_rules,
    rules_archive,
    unchanged_since,
)

if TYPE_CHECKING:
    from pathlib import Path

    from flows.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return example_home(tmp_path / "home")


def keep(home: Home) -> RuleSet:
    return keep_rules(home.rules, home.folder("archive"))


def test_a_set_comes_back_as_it_was_read(home: Home) -> None:
    """Although every file is gone: contracts, schedules (csv and xlsx), tables, sites."""
    kept = keep(home)
    for name in ("contracts", "reference"):
        shutil.rmtree(home.folder(name))
    home.settings.unlink()
    back = bring_rules_back(home.folder("archive"), kept)
    terms = read_terms(EXAMPLES / "contracts")
    assert {name: frame.to_dicts() for name, frame in terms_frames(back.terms).items()} == {
        name: frame.to_dicts() for name, frame in terms_frames(terms).items()
    }
    reference = read_reference(EXAMPLES / "reference")
    for kind, frame in reference.frames().items():
        assert back.reference.frames()[kind].equals(frame), kind
    assert back.practice == read_practice(EXAMPLES / "shortpay.toml")


def test_the_same_files_are_the_same_set_and_kept_once(home: Home) -> None:
    first = keep(home)
    files = sorted(rules_archive(home.folder("archive")).rglob("*.gz"))
    assert keep(home) == first == read_rules(home.rules).files
    assert sorted(rules_archive(home.folder("archive")).rglob("*.gz")) == files
    assert len(files) == len({one.sha256 for one in first.files if one.folder != "program"})


def test_what_no_price_reads_makes_no_other_set(home: Home) -> None:
    """A letter beside the contracts, a schedule that no contract names, a download, the schedule of nights."""
    first = keep(home)
    (home.folder("contracts") / "letter.txt").write_text("hello")
    (home.folder("contracts") / "uhc-1999.csv").write_text("code,rate\n97110,1\n")
    (home.folder("reference") / "RVU26A.zip").write_bytes(b"PK")
    home.settings.write_text(home.settings.read_text() + "\n[conformance]\nminutes = 1\n")
    assert keep(home).name == first.name


@pytest.mark.parametrize(
    ("folder", "file", "kind", "path"),
    [
        ("contracts", "uhc-choice-plus-2026.csv", "contracts", "uhc-choice-plus-2026.csv"),
        ("contracts", "cigna-oap.toml", "contracts", "cigna-oap.toml"),
        ("reference", "gpci.csv", "reference", "gpci.csv"),
        (".", "shortpay.toml", "settings", "practice.json"),
    ],
)
def test_a_change_that_prices_read_makes_another_set(
    home: Home, folder: str, file: str, kind: str, path: str
) -> None:
    first = keep(home)
    place = home.path / folder / file
    changed = (
        place.read_text().replace("75201", "75202") if file == "shortpay.toml" else place.read_text() + "\n"
    )
    assert changed != place.read_text()
    place.write_text(changed)
    later = keep(home)
    assert later.name != first.name
    assert {(one.folder, one.path) for one in {*later.files} ^ {*first.files}} == {(kind, path)}


def test_a_file_written_while_it_is_read_stops_the_night(home: Home) -> None:
    stamp = home.rules.stamp()
    unchanged_since(home.rules, stamp)
    path = home.folder("contracts") / "cigna-oap.toml"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(TermsError, match=r"contracts/cigna-oap\.toml: changed while it was read"):
        unchanged_since(home.rules, stamp)


def test_a_list_that_was_tampered_with_writes_nowhere_else(home: Home, tmp_path: Path) -> None:
    kept = keep(home)
    (one,) = (one for one in kept.files if one.path == "cigna-oap.toml")
    evil = RuleSet((*kept.files, RuleFile("contracts", "../../../outside.toml", one.sha256, one.byte_count)))
    with pytest.raises(ArchiveError, match="no path inside its folder"):
        bring_rules_back(home.folder("archive"), evil)
    assert not list(tmp_path.rglob("outside.toml"))


def test_nothing_recorded_is_said(home: Home) -> None:
    with pytest.raises(ArchiveError, match="not recorded"):
        bring_rules_back(home.folder("archive"), RuleSet())
