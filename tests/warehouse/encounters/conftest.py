"""All encounter cases, judged once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.warehouse.encounters.histories import judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb


@pytest.fixture(scope="session")
def encounters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    con = judged(tmp_path_factory.mktemp("encounters"))
    yield con
    con.close()
