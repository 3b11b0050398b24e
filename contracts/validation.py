"""Pydantic's complaints as Problems: file, line, and words that say what to do."""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel, ValidationError

from .problems import Problem, nearest
from .toml_lines import Path, line_of

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

_TAGS = frozenset({"fee_schedule", "percent_of_medicare", "percent_of_charge", "per_visit", "medicare"})


def problems_of(
    error: ValidationError, file: str, lines: Mapping[Path, int], model: type[BaseModel]
) -> list[Problem]:
    """One Problem for each complaint of `error`; `model` is asked for the keys that would have been known."""
    return [_problem(detail, file, dict(lines), model) for detail in error.errors()]


def _problem(detail: Any, file: str, lines: dict[Path, int], model: type[BaseModel]) -> Problem:
    location: tuple[str | int, ...] = detail["loc"]
    path = tuple(part for part in location if part not in _TAGS)
    return Problem(file, line_of(lines, path), _message(detail, location, path, model))


def _message(detail: Any, location: Path, path: Path, model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in path if isinstance(part, str)) or "the file"
    kind = detail["type"]
    if kind == "extra_forbidden":
        return f"unknown key {str(path[-1])!r}{nearest(str(path[-1]), _known_keys(model, location[:-1]))}"
    if kind == "missing":
        return f"{key} is missing; add it"
    if kind == "union_tag_not_found":
        return "rate has no basis; add one of " + ", ".join(sorted(_TAGS))
    if kind == "union_tag_invalid":
        tag = str(detail["ctx"]["tag"])
        return f"unknown basis {tag!r}{nearest(tag, sorted(_TAGS))}"
    if kind in {"literal_error", "enum"}:
        return f"{key} is {detail['input']!r}; it must be {detail['ctx']['expected']}"
    if kind == "string_type":
        return f"{key}: {detail['input']!r} is not a text; put it in quotes, so that its zeros stay"
    if kind.startswith("date"):
        return f"{key} is {str(detail['input'])!r}, not a date; write it like 2026-01-31"
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{key}: {message}" if path else message


def _known_keys(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that a table may have, by walking the models along `path`."""
    models = [model]
    for part in path:
        if isinstance(part, int) or part in _TAGS:
            models = [one for one in models if part not in _TAGS or _tag(one) == part] or models
            continue
        models = [inner for one in models for inner in _models_of(one, part)]
    return sorted({_name(one, field) for one in models for field in one.model_fields})


def _tag(model: type[BaseModel]) -> str | None:
    field = model.model_fields.get("basis")
    arguments = typing.get_args(field.annotation) if field else ()
    return str(arguments[0]) if arguments else None


def _name(model: type[BaseModel], field: str) -> str:
    return model.model_fields[field].alias or field


def _models_of(model: type[BaseModel], key: str) -> list[type[BaseModel]]:
    for field, info in model.model_fields.items():
        if key in {field, info.alias, info.validation_alias}:
            return _models_in(info.annotation)
    return []


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model for argument in typing.get_args(annotation) for model in _models_in(argument)]
