"""Threads hang together by the keys that decisions share, however long the chain: held against a plain union-find."""

from __future__ import annotations

import random

import duckdb
import pytest

from warehouse.database import model_sql

CLAIM = """
create table core.claim (
    file_hash varchar, claim integer, remittance_date date, interchange_date date, interchange_time varchar,
    trace_number varchar, payer_key varchar, payee_key varchar, patient_account varchar, payer_claim_number varchar,
    resent boolean, is_reversal boolean, claim_status_code varchar, claim_service_date date, services varchar, line_count integer)
"""
FILL = """
insert into core.claim by name
select 'f' as file_hash, range::integer as claim, date '2026-03-02' as remittance_date, 'A' || range as patient_account,
       false as resent, false as is_reversal, '1' as claim_status_code, 1 as line_count
from range(?)
"""
Keys = list[tuple[int, int]]
"""Pairs of decision and key."""


def threads(count: int, keys: Keys) -> set[frozenset[int]]:
    """The decisions of each thread, as the model has them."""
    with duckdb.connect() as con:
        con.execute("create schema core")
        con.execute(CLAIM)
        con.execute(FILL, [count])
        con.execute("create table core.claim_key (ledger_key ubigint, file_hash varchar, claim integer)")
        con.execute(
            "insert into core.claim_key select unnest($keys), 'f', unnest($claims)",
            {"keys": [key for _, key in keys], "claims": [claim for claim, _ in keys]},
        )
        found = con.execute(
            f"select list(claim) from ({model_sql('core.thread')}) group by thread"  # noqa: S608
        ).fetchall()
    return {frozenset(members) for (members,) in found}


def united(count: int, keys: Keys) -> set[frozenset[int]]:
    """The same, worked out by hand."""
    parent = list(range(count))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    first: dict[int, int] = {}
    for claim, key in keys:
        parent[root(claim)] = root(first.setdefault(key, claim))
    members: dict[int, set[int]] = {}
    for one in range(count):
        members.setdefault(root(one), set()).add(one)
    return {frozenset(each) for each in members.values()}


@pytest.mark.parametrize("seed", range(6))
def test_threads_are_what_keys_connect(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (no secret hangs on it)
    count, density = 400, chance.choice([0.3, 0.6, 1.0, 2.0])
    keys = [(chance.randrange(count), chance.randrange(count)) for _ in range(int(count * density))]
    assert threads(count, keys) == united(count, keys)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("one key", [(one, 0) for one in range(3_000)]),
        ("a chain", [(one + step, one) for one in range(2_999) for step in (0, 1)]),
        ("two chains in turn", [(one + step, one) for one in range(2_998) for step in (0, 2)]),
        ("no key", []),
    ],
)
def test_of_many_decisions_none_is_lost(name: str, keys: Keys) -> None:
    assert threads(3_000, keys) == united(3_000, keys)
