"""docs/queries.md says what its queries say."""

import re
from pathlib import Path

import duckdb
import pytest

from warehouse.encounters.models import VIEWS as LANE_VIEWS
from warehouse.judge import VIEWS
from warehouse.queries import queries, with_results

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "queries.md").read_text(encoding="utf-8")


def test_the_results_printed_are_those_of_the_example(example: duckdb.DuckDBPyConnection) -> None:
    assert with_results(PAGE, example) == PAGE, "run make queries, and read what changed"


def test_a_result_that_is_off_is_noticed_and_the_text_after_it_stays(
    example: duckdb.DuckDBPyConnection,
) -> None:
    query = "```sql\nselect payer_name, payment_amount from out.cash where payment_amount = 116.66;\n```\n"
    page = f"{query}\nWhat it means.\n\n{query}"
    result = "\n| payer_name | payment_amount |\n| --- | --: |\n| HUMANA INC | 116.66 |\n"
    right = f"{query}{result}\nWhat it means.\n\n{query}{result}"
    assert with_results(page, example) == right
    assert with_results(right.replace("| 116.66 |", "| 116.67 |"), example) == right


def test_there_are_ten_and_more_and_each_says_its_order() -> None:
    assert len(re.findall(r"^## \d+\. ", PAGE, re.MULTILINE)) >= 10
    assert [query for query in queries(PAGE) if "order by" not in query] == []


def test_every_section_says_what_misleads() -> None:
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert [section for section in sections if "\nWhat misleads:\n" not in section] == []


def test_every_view_is_shown_at_work() -> None:
    assert {view for view in (*VIEWS, *LANE_VIEWS) if view not in PAGE} == set()


@pytest.mark.parametrize("query", queries((ROOT / "README.md").read_text(encoding="utf-8")))
def test_the_queries_of_the_readme_run(example: duckdb.DuckDBPyConnection, query: str) -> None:
    example.execute(query).fetchall()
