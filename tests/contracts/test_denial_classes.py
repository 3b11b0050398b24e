"""The tables of denials: complete, sourced, and never an appeal where none is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from contracts import (
    STRATEGIES,
    TermsError,
    adjustment_classes,
    denial_classes,
    denial_kinds,
    edit_rulings,
    read_terms,
    terms_frames,
)
from contracts.sources import contract_files

if TYPE_CHECKING:
    from pathlib import Path

CONTRACT = """\
contract  = "plan"
payer     = "Plan"
effective = 2026-01-01
[match]
payer_id = ["P1"]
[[rate]]
basis = "percent_of_charge"
percent = 60
"""


def test_every_kind_and_ruling_can_be_acted_on() -> None:
    for table in (denial_kinds(), edit_rulings()):
        assert set(table["strategy"]) <= set(STRATEGIES)
        assert set(table["route"]) <= {"claim", "dispute", "none"}
        for column in ("contains", "argument", "source"):
            assert table[column].str.len_chars().min() > 0  # type: ignore[operator]
        nothing = table.filter(pl.col("strategy").is_in(["not_recoverable", "patient_liability", "wait"]))
        assert set(nothing["route"]) == {"none"}


def test_every_class_is_of_a_known_kind_with_a_source() -> None:
    classes = denial_classes()
    assert set(classes["kind"]) == set(denial_kinds()["kind"])
    assert classes["source"].str.len_chars().min() > 0  # type: ignore[operator]
    key = ["group_code", "reason_code", "remark_code", "under", "lacks_modifier", "effective"]
    assert not classes.select(key).is_duplicated().any()


def test_codes_that_refuse_are_classed_or_asked_for() -> None:
    """What is left to ask for is written here: codes that say nothing by themselves, or nothing to a therapy practice."""
    refusing = adjustment_classes().filter(pl.col("class").is_in(["denial", "bundling", "non_covered"]))
    left = set(refusing["reason_code"]) - set(denial_classes()["reason_code"])
    asked = {"46", "47", "48", "78", "89", "95", "102", "106", "108", "134", "168", "211"}
    assert left == asked | {"P7", "P9", "P13", "P20", "P21"}
    assert denial_classes().filter(pl.col("reason_code") == "*", pl.col("remark_code") == "")[
        "kind"
    ].to_list() == ["unclassified"]


@pytest.mark.parametrize("code", ["16", "4", "5", "11", "146", "182"])
def test_what_is_put_right_is_never_appealed(code: str) -> None:
    rows = denial_classes().filter(pl.col("reason_code") == code).join(denial_kinds(), on="kind")
    assert set(rows["strategy"]) == {"correct_and_resubmit"}


def test_a_contract_states_its_own_edits_and_limits(tmp_path: Path) -> None:
    more = (
        '[filing]\ndays = 95\nsource = "p. 9"\n[[edit]]\ncolumn_1 = "97530"\ncolumn_2 = "97140"\nindicator = 1\n'
        '[[edit]]\nfile = "own.csv"\nsource = "policy 8"\n'
    )
    (tmp_path / "plan.toml").write_text(CONTRACT + more)
    (tmp_path / "own.csv").write_text("column_1,column_2,indicator,until\n97110,97112,0,2026-12-31\n")
    frames = terms_frames(read_terms(tmp_path))
    own = frames["contract_edit"].filter(pl.col("contract") == "plan")
    assert own.select("source_file", "column_1", "column_2", "modifier_indicator", "source").rows() == [
        ("own.csv", "97110", "97112", "0", "policy 8"),
        ("plan.toml", "97530", "97140", "1", ""),
    ]
    (limit,) = frames["filing_limit"].filter(pl.col("contract") == "plan").to_dicts()
    assert (limit["days"], limit["counted_from"], limit["source_line"]) == (95, "service", 9)
    assert contract_files(tmp_path) == ["own.csv", "plan.toml"]  # what a decision rests on is kept


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[[edit]]\ncolumn_1 = "97530"\n', "either file, or column_1"),
        ('[[edit]]\ncolumn_1 = "9753"\ncolumn_2 = "97140"\nindicator = 1\n', "column_1 is '9753'"),
        ('[[edit]]\nfile = "../own.csv"\n', "outside the contracts folder"),
        ('[[edit]]\nfile = "none.csv"\n', "cannot be read as a table"),
        ('[[edit]]\nfile = "own.csv"\n', "indicator is '9'"),
        ("[filing]\ndays = 0\n", "days"),
        ('[terms]\nedits = "mine"\n', "edits"),
    ],
)
def test_what_is_wrong_in_them(tmp_path: Path, more: str, words: str) -> None:
    (tmp_path / "plan.toml").write_text(CONTRACT + more)
    (tmp_path / "own.csv").write_text("column_1,column_2,indicator\n97110,97112,9\n")
    with pytest.raises(TermsError) as error:
        read_terms(tmp_path)
    assert words in str(error.value)
