"""Read a plan: a folder this library wrote, or a planner's own tables."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.errors import UsageError
from allocator.instance.files import PLAN
from allocator.plan.folder import intact
from allocator.plan.goal import GoalResult
from allocator.plan.plan import Plan
from allocator.plan.sheets import read_table, read_workbook, table_in
from allocator.plan.status import Status
from allocator.plan.tables import DECISIONS, file_name, main_table, plan_tables

_ATTEMPTS = 5
OWN = Status("completed", "invalid", "none")
"""The status of a planner's own plan before the judge has seen it."""


def load_plan(path: str | Path) -> Plan:
    """Read the plan at `path`: a folder, a workbook with a sheet a table, or one table as CSV.

    A folder needs no more than shipments.csv, then nothing is stated about shortages, or than
    reserves.csv, then it is a plan of reserves without what happens in each scenario. Tables may
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
        action="Name a folder with plan.json, shipments.csv or reserves.csv, or a workbook or CSV",
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
        table = table_in(file)
        tables = {table: read_table(table, file)}
    return _own(tables, file)


def _own(tables: Mapping[str, pd.DataFrame], path: Path) -> Plan:
    """Return a planner's own plan."""
    chosen = {name: tables[name] for name in _meant(tables, path)}
    return Plan(_decision(tables, path), chosen, OWN, path=path)


def _decision(names: Container[str], path: Path) -> str:
    """Return the decision whose main table is there."""
    for decision in DECISIONS:
        if main_table(decision) in names:
            return decision
    raise no_plan(path)


def _meant(names: Container[str], path: Path) -> list[str]:
    """Return the tables that belong to the plan; others of the folder are somebody else's."""
    return [name for name in DECISIONS[_decision(names, path)] if name in names]


def _from_folder(folder: Path, target: Path) -> Plan:
    if not (folder / PLAN).exists():
        files = _files(folder)
        return _own({name: read_table(name, files[name]) for name in _meant(files, target)}, target)
    document, run = _read_json(folder / PLAN), _read_run(folder / "run.json")
    files = _files(folder)
    known = [name for name in DECISIONS.get(str(document.get("decision")), ()) if name in files]
    tables = {name: read_table(name, files[name]) for name in known}
    try:
        return _plan(document, tables, run, target)
    except (KeyError, TypeError, ValueError) as fault:
        raise _broken(folder / PLAN, str(fault)) from fault


def _files(folder: Path) -> dict[str, Path]:
    """Return the file of every table; a packed one may have been unpacked by hand."""
    found = {}
    for name in plan_tables():
        for file in (folder / file_name(name), folder / f"{name}.csv"):
            if file.exists():
                found[name] = file
    return found


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
