"""Every instance in the repository is a valid Data Package, and says what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

INSTANCES = Path(__file__).resolve().parents[1] / "instances"
SHIPPED = sorted(path.parent for path in INSTANCES.rglob("datapackage.json"))
NAMES = [path.relative_to(INSTANCES).as_posix() for path in SHIPPED]


def test_the_shipped_instances_are_these() -> None:
    assert NAMES == [
        "shanghai-2022/district",
        "shanghai-2022/jiedao",
        "shanghai-2022-reserves",
        "tiny",
        "wuhan-2020-beds",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("folder", SHIPPED, ids=NAMES)
def test_frictionless_finds_nothing(folder: Path) -> None:
    # In a process of its own: the tool itself warns, and here warnings are errors.
    command = [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"]
    environment = dict(os.environ, PYTHONWARNINGS="ignore")
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment, timeout=300
    )
    report = json.loads(done.stdout)
    assert report["valid"], report["tasks"]
    assert report["stats"]["errors"] == 0
    assert len(report["tasks"]) == len(list(folder.rglob("*.csv*")))


@pytest.mark.parametrize("folder", SHIPPED, ids=NAMES)
def test_there_is_a_readme(folder: Path) -> None:
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("folder", SHIPPED, ids=NAMES)
def test_every_table_of_the_folder_is_in_the_package(folder: Path) -> None:
    document = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    named = {resource["path"] for resource in document["resources"]}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.csv*")}
    assert named == there
