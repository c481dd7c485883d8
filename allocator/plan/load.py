"""Read a plan: a folder this library wrote, or a planner's own tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.errors import UsageError
from allocator.plan.folder import MARKER, intact
from allocator.plan.goal import GoalResult
from allocator.plan.plan import Plan
from allocator.plan.sheets import read_table, read_workbook
from allocator.plan.status import Status
from allocator.plan.tables import plan_tables

_ATTEMPTS = 5
OWN = Status("completed", "invalid", "none")
"""The status of a planner's own plan before the judge has seen it."""


def load_plan(path: str | Path) -> Plan:
    """Read the plan at `path`: a folder, a workbook with a sheet a table, or shipments as CSV.

    A folder needs no more than shipments.csv, then nothing is stated about shortages. Tables may
    have passed through a spreadsheet: byte order mark, `;`, decimal comma, GB18030, missing
    optional columns and extra columns are fine. OUT.prev is read when a crash left OUT missing.

    Raises:
        UsageError: E2121 when there is no plan, E2122 to E2126 for what cannot be read in it.
    """
    target = Path(path).absolute()
    for _ in range(_ATTEMPTS):
        folder = intact(target)
        if folder.is_file():
            return _from_file(folder)
        before = _identity(folder)
        try:
            plan = _from_folder(folder, target)
        except (UsageError, OSError):
            if before is not None and _identity(folder) == before:
                raise
            continue  # another run replaced the folder while it was read
        if _identity(folder) == before:
            return plan
    raise no_plan(target)


def no_plan(path: Path) -> UsageError:
    """Return the error that says there is no plan at `path`."""
    return UsageError.because(
        "There is no plan here",
        where=str(path),
        action="Name a folder with plan.json or shipments.csv, a workbook, or a CSV file",
        code="E2121",
    )


def _identity(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None


def _from_file(file: Path) -> Plan:
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        tables = read_workbook(file)
    else:
        tables = {"shipments": read_table("shipments", file)}
    if "shipments" not in tables:
        raise no_plan(file)
    return Plan("dispatch", tables, OWN, path=file)


def _from_folder(folder: Path, target: Path) -> Plan:
    tables = {name: read_table(name, file) for name, file in _files(folder).items()}
    if not (folder / MARKER).exists():
        if "shipments" not in tables:
            raise no_plan(target)
        return Plan("dispatch", tables, OWN, path=target)
    document, run = _read_json(folder / MARKER), _read_run(folder / "run.json")
    try:
        return _plan(document, tables, run, target)
    except (KeyError, TypeError, ValueError) as fault:
        raise _broken(folder / MARKER, str(fault)) from fault


def _files(folder: Path) -> dict[str, Path]:
    return {
        name: folder / f"{name}.csv" for name in plan_tables() if (folder / f"{name}.csv").exists()
    }


def _plan(
    document: dict[str, Any], tables: dict[str, pd.DataFrame], run: dict[str, Any], path: Path
) -> Plan:
    goals = [
        {key: value for key, value in goal.items() if key != "gap"} for goal in document["goals"]
    ]
    return Plan(
        decision=document["decision"],
        tables=tables,
        status=Status(**document["status"]),
        goals=tuple(GoalResult(**goal) for goal in goals),
        summary=document["summary"],
        run=run,
        path=path,
        instance=document["instance"],
    )


def _read_run(path: Path) -> dict[str, Any]:
    return _read_json(path) if path.exists() else {}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as fault:
        raise _broken(path, str(fault)) from fault
    if not isinstance(found, dict):
        raise _broken(path, "not an object")
    return found


def _broken(path: Path, why: str) -> UsageError:
    return UsageError.because(
        f"This is not the record of a plan: {why}",
        where=str(path),
        action="Restore the file, or remove it to have the tables read as a planner's own plan",
        code="E2122",
    )
