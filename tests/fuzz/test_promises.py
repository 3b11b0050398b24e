"""The fuzzer's promises hold for every fixture, for what it once found, and for a few spoiled files."""

import random
from pathlib import Path

import pytest

from era_parser import Source, parse
from tests.fuzz import promises

FOUND = Path(__file__).parents[1] / "fixtures" / "fuzz"


def test_they_hold_for_all_fixtures() -> None:
    promises.hold(promises.seeds())


@pytest.mark.parametrize("path", sorted(FOUND.iterdir()), ids=lambda path: path.name)
def test_they_hold_for_what_was_found(path: Path) -> None:
    promises.hold([path.read_bytes()])


def test_they_hold_for_spoiled_files() -> None:
    chance = random.Random(835)  # noqa: S311  (no secret hangs on it)
    for _ in range(4):
        promises.hold(
            [promises.spoiled(chance.choice(promises.seeds()), chance, bytes.upper) for _ in range(12)]
        )


def test_a_broken_promise_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A good file that is not read as expected, as if its neighbours had changed it."""
    other = Source.from_path(promises.FIXTURES / "pass" / "reversal.835")
    monkeypatch.setattr(promises, "_good", lambda: parse([other]))
    with pytest.raises(promises.BrokenPromiseError, match="neighbours"):
        promises.hold([])
