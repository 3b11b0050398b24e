"""The descriptions of all tables and columns: what COMMENTs and the data dictionary are made of."""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files

from era_parser import registry as era_registry

Descriptions = dict[str, tuple[str, dict[str, str]]]
"""`schema.table` -> (description, column -> description)."""


@functools.cache
def descriptions() -> Descriptions:
    """All tables by name. The columns of core and out share one meaning everywhere (one quantity, one name)."""
    found: Descriptions = {
        f"era.{spec.name}": (spec.description, {column.name: column.description for column in spec.columns})
        for spec in era_registry.tables().values()
    }
    terms = tomllib.loads((files("contracts") / "registry.toml").read_text(encoding="utf-8"))
    for name, table in terms["table"].items():
        columns = {column: entry["description"] for column, entry in table["columns"].items()}
        found[f"terms.{name}"] = (table["description"], columns)
    own = tomllib.loads((files("warehouse") / "registry.toml").read_text(encoding="utf-8"))
    for name, table in own["table"].items():
        found[name] = (table["description"], own["column"] | table.get("column", {}))
    return found
