"""The list of solvers."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from allocator.cli.main import cli
from allocator.engine.pulp_bridge import pulp_solver
from allocator.engine.solvers import solvers


def test_what_comes_with_the_package_can_be_used() -> None:
    found = {solver.name: solver for solver in solvers()}
    for name in ("highs", "pulp:HiGHS", "pulp:PULP_CBC_CMD"):
        assert found[name].available, name
    assert found["highs"].version == version("highspy")
    assert found["pulp:PULP_CBC_CMD"].version.startswith("2.")


def test_what_is_there_comes_first_and_what_is_missing_has_no_version() -> None:
    there = [solver.available for solver in solvers()]
    assert there == sorted(there, reverse=True)
    assert not any(solver.version for solver in solvers() if not solver.available)


@pytest.mark.filterwarnings("ignore:PULP_CBC_CMD is deprecated:DeprecationWarning")
def test_every_solver_of_pulp_that_is_there_can_be_made(tmp_path: Path) -> None:
    for solver in solvers():
        if solver.available and solver.name.startswith("pulp:"):
            assert pulp_solver(solver.name, 1.0, 0.0, tmp_path / "log").available()


def test_the_command_lists_them() -> None:
    text = CliRunner().invoke(cli, ["solvers"]).output
    assert "pulp:PULP_CBC_CMD" in text
    assert "not installed" not in text
    assert "not installed" in CliRunner().invoke(cli, ["solvers", "--all"]).output
    answer = json.loads(CliRunner().invoke(cli, ["solvers", "--json"]).output)
    assert answer["data"]["solvers"][0]["name"] == "highs"
