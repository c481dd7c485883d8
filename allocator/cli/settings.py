"""Settings of a run: flags before environment before the user's file before defaults.

Run settings (limits, solver) may stand in all three. Policy keys may come from flags and the
environment and go before policy.toml; they have no place in the user's file, so that what an
instance asks for never depends on whose machine it is.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from allocator.errors import Fault, UsageError

PREFIX = "ALLOCATOR_"
NOT_SETTINGS = ("ALLOCATOR_CONFIG", "ALLOCATOR_DATA", "ALLOCATOR_DEBUG", "ALLOCATOR_REQUIRE_DATA")
_FACTORS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def seconds(value: object) -> float:
    """Read a duration: 90, 90s, 15m or 1h; ValueError when it is none, or not above 0."""
    found = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([a-z]*)\s*", str(value).lower())
    if not found or found[2] not in _FACTORS:
        raise ValueError("a number of seconds above 0, or such as 15m or 1h")
    length = float(found[1]) * _FACTORS[found[2]]
    if not length > 0:
        raise ValueError("a number of seconds above 0, or such as 15m or 1h")
    return length


def _whole(least: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not re.fullmatch(r"\d+", str(value).strip()) or int(str(value)) < least:
            raise ValueError(f"a whole number of {least} or more")
        return int(str(value))

    return read


def _gap(value: object) -> float:
    try:
        share = float(str(value))
    except ValueError:
        share = math.nan
    if not 0 <= share < 1:
        raise ValueError("a share of at least 0 and below 1, such as 0.01")
    return share


RUN_SETTINGS: Mapping[str, Callable[[object], Any]] = {
    "time_limit": seconds,
    "work_limit": _whole(1),
    "gap": _gap,
    "seed": _whole(0),
    "workers": _whole(1),
    "solver": str,
}


def run_settings(flags: Mapping[str, object]) -> dict[str, Any]:
    """Return the run settings in force; those nobody gave are left out.

    Raises:
        UsageError: E2301 unknown keys, E2302 wrong values, E2303 an unreadable user file; all at
            once.
    """
    faults: list[Fault] = []
    sources = (
        _user_file(faults),
        _environment(RUN_SETTINGS),
        {f"--{key.replace('_', '-')}": (key, value) for key, value in flags.items()},
    )
    chosen: dict[str, Any] = {}
    for source in sources:
        for where, (key, value) in source.items():
            if value is None:
                continue
            try:
                chosen[key] = RUN_SETTINGS[key](value)
            except ValueError as error:
                faults.append(_fault("E2302", where, value, f"{key} must be {error}"))
    faults += _unknown_variables()
    if faults:
        raise UsageError(*faults)
    return chosen


def policy_settings(
    assignments: tuple[str, ...], flags: Mapping[str, str | None]
) -> dict[str, Any]:
    """Return the policy keys changed by the environment, by KEY=VALUE texts and by flags.

    Raises:
        UsageError: With every fault; codes are those of policy.toml (E14xx), E2304 without `=`.
    """
    from allocator.instance.schema import settings

    faults: list[Fault] = []
    given: dict[str, tuple[str, str]] = {}
    for where, (key, value) in _environment(settings()).items():
        given[key] = (where, value)
    for text in assignments:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not key:
            faults.append(_fault("E2304", "--set", text, "write KEY=VALUE"))
        given[key] = ("--set", value)
    given |= {
        key: (f"--{key.replace('_', '-')}", value)
        for key, value in flags.items()
        if value is not None
    }
    typed: dict[str, Any] = {}
    for key, (where, value) in given.items() if not faults else ():
        typed |= _typed(key, value, where, faults)
    if faults:
        raise UsageError(*faults)
    return typed


def _typed(key: str, value: str, where: str, faults: list[Fault]) -> dict[str, Any]:
    """Read one policy key as policy.toml would say it; faults are noted."""
    from allocator.instance.faultlog import FaultLog
    from allocator.instance.policy_cells import policy_from_cells
    from allocator.instance.policy_read import read_policy
    from allocator.instance.schema import settings

    log = FaultLog()
    listed = key in settings() and settings()[key].type in ("list", "table")
    text = value.replace(",", "|") if listed else value
    policy = policy_from_cells([("key", "value"), (key, text)], where, log)
    read_policy(policy if key != "give_up" else {}, where, log)
    if where != "--set":
        log.faults = [replace(fault, where=where) for fault in log.faults]
    faults += log.faults
    return dict(policy)


def _environment(keys: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    found = {}
    for key in keys:
        name = PREFIX + key.upper()
        if os.environ.get(name, "").strip():
            found[name] = (key, os.environ[name].strip())
    return found


def _unknown_variables() -> list[Fault]:
    from allocator.instance.schema import settings

    known = [PREFIX + key.upper() for key in (*RUN_SETTINGS, *settings())] + list(NOT_SETTINGS)
    strangers = [name for name in os.environ if name.startswith(PREFIX) and name not in known]
    return [
        _fault("E2301", f"environment:{name}", "", "the setting is unknown", _close(name, known))
        for name in sorted(strangers)
    ]


def user_file() -> Path:
    """Return the path of the user's file: ALLOCATOR_CONFIG, or config.toml in the usual place."""
    given = os.environ.get("ALLOCATOR_CONFIG", "").strip()
    return Path(given) if given else Path(click.get_app_dir("allocator")) / "config.toml"


def _user_file(faults: list[Fault]) -> dict[str, tuple[str, Any]]:
    path = user_file()
    if not path.is_file():
        if os.environ.get("ALLOCATOR_CONFIG", "").strip():
            faults.append(_fault("E2303", str(path), "", "there is no such settings file"))
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        faults.append(_fault("E2303", str(path), "", f"the file cannot be read: {error}"))
        return {}
    for key in content:
        if key not in RUN_SETTINGS:
            rule = f"the setting is unknown here; known are {', '.join(RUN_SETTINGS)}"
            faults.append(_fault("E2301", f"{path}:{key}", "", rule, _close(key, RUN_SETTINGS)))
    return {f"{path}:{key}": (key, content[key]) for key in content if key in RUN_SETTINGS}


def _close(word: str, known: object) -> str:
    names = [str(name) for name in known]  # type: ignore[attr-defined]
    return next(iter(get_close_matches(word, names, n=1)), "")


def _fault(code: str, where: str, value: object, rule: str, suggestion: str = "") -> Fault:
    shown = "" if value in ("", None) else str(value)
    return Fault(code, "error", where, shown, rule, "correct it or leave it out", suggestion)
