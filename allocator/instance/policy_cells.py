"""The policy as two columns of a sheet: key and value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allocator.instance.faultlog import FaultLog
from allocator.instance.numbers import FALSE_WORDS, TRUE_WORDS, parse_number
from allocator.instance.schema import settings
from allocator.instance.text import cell_text


def policy_from_cells(
    rows: Sequence[tuple[Any, ...]], label: str, log: FaultLog
) -> Mapping[str, Any]:
    """Return the policy as policy.toml would say it; blank values are left to their default."""
    policy: dict[str, Any] = {}
    for number, row in enumerate(rows[1:], start=2):
        key = cell_text(row[0]).strip() if row else ""
        text = cell_text(row[1]).strip() if len(row) > 1 else ""
        if key in policy:
            log.add("E1408", f"{label}!A{number}", "the key stands twice", "keep one", key)
        if key and text:
            policy[key] = _value(key, text)
    return policy


def policy_to_cells(policy: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the rows of the sheet, the header first."""
    return [("key", "value"), *((key, _cell(value)) for key, value in policy.items())]


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return "|".join(value)
    if isinstance(value, Mapping):
        return "|".join(f"{name}={share!r}" for name, share in value.items())
    return value


def _value(key: str, text: str) -> Any:
    """Return what the text of a cell means for this key; a wrong text stays for the checks."""
    kind = settings()[key].type if key in settings() else "string"
    if kind == "boolean" and text.casefold() in (*TRUE_WORDS, *FALSE_WORDS):
        return text.casefold() in TRUE_WORDS
    if kind in ("number", "integer"):
        number = parse_number(text)
        return number if number == number else text
    if kind == "list":
        return [part.strip() for part in text.split("|")]
    if kind == "table":
        return dict(_share(part) for part in text.split("|"))
    return text


def _share(part: str) -> tuple[str, Any]:
    name, _, share = part.partition("=")
    number = parse_number(share)
    return name.strip(), number if number == number else share.strip()
