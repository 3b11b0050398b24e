"""The arrows between the rooms: data travels forward only."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"era_parser": set(), "contracts": set(), "warehouse": {"era_parser", "contracts"}} | {
    "flows": {"era_parser", "contracts", "warehouse"}
}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_what_comes_before_it(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        assert (imported(path) & set(ROOMS)) - {room} <= ROOMS[room], path


def test_nothing_records_an_address_or_a_machine_path() -> None:
    hosts = ("https://", "http://", "file:", "@ git")
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert not [host for host in hosts if host in text]
