"""Everything found in one place, before it is checked: tables, policy and name."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from allocator.errors import InstanceError
from allocator.instance.faultlog import FaultLog, nearest
from allocator.instance.files import Files, check_inside, gunzip
from allocator.instance.read_csv import read_csv, utf8
from allocator.instance.schema import BULK_TABLES, tables
from allocator.instance.source import Source

SCENARIO_TABLES = ("scenarios", "overlays", *BULK_TABLES)
_ENDINGS = (".csv", ".csv.gz")


@dataclass
class Bundle:
    """Raw tables, the raw policy, the name and what was wrong so far.

    `broken` names tables that are there but could not be read; what refers to them is not
    called unknown.
    """

    log: FaultLog = field(default_factory=FaultLog)
    sources: dict[str, Source] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    policy: Mapping[str, Any] = field(default_factory=dict)
    policy_label: str = "policy.toml"
    name: str = ""


def bundle_files(files: Files) -> Bundle:
    """Read the tables, policy.toml and datapackage.json of a folder or zip."""
    bundle = Bundle()
    names = files.names()
    package = _package(files, names, bundle)
    bundle.name = str(package.get("title") or package.get("name") or "")
    paths = _table_paths(names, package, bundle)
    for table, found in paths.items():
        if len(found) > 1:
            rule = f"the table {table} is given by {len(found)} files"
            bundle.log.add("E1512", files.label, rule, "keep one of them", ", ".join(found))
        _read_table(files, table, found[0], bundle)
    if "policy.toml" in names:
        bundle.policy = _policy(files, bundle)
    _suggest_files(names, paths, bundle)
    return bundle


def _table_paths(
    names: list[str], package: Mapping[str, Any], bundle: Bundle
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    listed = _resource_paths(package, bundle)
    for table in tables():
        folders = ("", "scenarios/") if table in SCENARIO_TABLES else ("",)
        usual = [f"{folder}{table}{end}" for folder in folders for end in _ENDINGS]
        wanted = dict.fromkeys([*usual, *listed.get(table, [])])
        present = [name for name in wanted if name in names]
        if present:
            found[table] = present
        elif table in listed:
            rule = "datapackage.json lists a file that is not there"
            action = "add the file or take it off the list"
            bundle.log.add("E1504", "datapackage.json", rule, action, listed[table][0])
    return found


def _resource_paths(package: Mapping[str, Any], bundle: Bundle) -> dict[str, list[str]]:
    listed: dict[str, list[str]] = {}
    resources = package.get("resources", [])
    if not isinstance(resources, list):
        _tell_package("resources must be a list", bundle)
        return listed
    for resource in resources:
        path = resource.get("path", "") if isinstance(resource, dict) else None
        if not isinstance(path, str):
            _tell_package("every resource needs a path of one file", bundle)
            continue
        try:
            check_inside(path, "datapackage.json")
        except InstanceError as error:
            bundle.log.faults += error.faults
            continue
        table = str(resource.get("name", ""))
        if table in tables() and path:
            listed.setdefault(table, []).append(str(PurePosixPath(path)))
    return listed


def _package(files: Files, names: list[str], bundle: Bundle) -> Mapping[str, Any]:
    if "datapackage.json" not in names:
        return {}
    try:
        data = utf8(files.read("datapackage.json"), "datapackage.json", bundle.log)
        package = json.loads(data) if data is not None else {}
    except InstanceError as error:
        bundle.log.faults += error.faults
        return {}
    except (ValueError, RecursionError) as error:
        _tell_package(f"the file must be JSON: {error}", bundle)
        return {}
    if not isinstance(package, dict):
        _tell_package("the file must hold one JSON object", bundle)
        return {}
    return package


def _tell_package(rule: str, bundle: Bundle) -> None:
    action = "correct the file or remove it: an instance can do without"
    bundle.log.add("E1510", "datapackage.json", rule, action)


def _read_table(files: Files, table: str, name: str, bundle: Bundle) -> None:
    try:
        data = files.read(name)
        if name.endswith(".gz"):
            data = gunzip(data, name)
    except InstanceError as error:
        bundle.log.faults += error.faults
        bundle.broken.add(table)
        return
    source = read_csv(table, data, name, bundle.log)
    if source is None:
        bundle.broken.add(table)
    else:
        bundle.sources[table] = source


def _policy(files: Files, bundle: Bundle) -> Mapping[str, Any]:
    try:
        data = utf8(files.read("policy.toml"), "policy.toml", bundle.log)
        return tomllib.loads(data.decode("utf-8")) if data is not None else {}
    except InstanceError as error:
        bundle.log.faults += error.faults
    except (ValueError, RecursionError) as error:
        rule = f"the file must be TOML: {error}"
        bundle.log.add("E1401", "policy.toml", rule, "correct the line named")
    return {}


def _suggest_files(names: list[str], paths: Mapping[str, list[str]], bundle: Bundle) -> None:
    """Warn of files that look like a table or the policy with a wrong name."""
    used = {name for found in paths.values() for name in found}
    wanted = [f"{table}.csv" for table in tables() if table not in paths]
    wanted += [] if "policy.toml" in names else ["policy.toml"]
    for name in names:
        plain = name.removeprefix("scenarios/").removesuffix(".gz")
        close = nearest(plain, wanted) if name not in used else ""
        if close and "/" not in plain and name != "policy.toml":
            rule = "the file is no table of an instance and is not read"
            bundle.log.add("W1102", name, rule, "rename the file if it was meant", name, close)
