"""The frame of the command line: help, versions, failures, the JSON envelope."""

from __future__ import annotations

import json

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from allocator import __version__
from allocator.cli.envelope import Reply, run_command
from allocator.cli.lazy import LazyGroup, Verb
from allocator.cli.main import VERBS, cli
from allocator.errors import Fault, InstanceError

WARNING = Fault("W1001", "warning", "needs.csv:2", "", "a doubtful row", "look at it")
BROKEN = {
    "fault": InstanceError.because("a bad row", where="needs.csv:3"),
    "defect": ZeroDivisionError("by zero"),
    "stop": KeyboardInterrupt(),
    "misuse": click.BadParameter("no such folder"),
    "full": OSError(28, "No space left on device"),
    "memory": MemoryError(),
}


@click.command()
@click.argument("how")
@run_command
def probe(how: str) -> Reply:
    """Answer or fail as asked."""
    if how in BROKEN:
        raise BROKEN[how]
    code = 6 if how == "violations" else 0
    data = {"people": np.int64(3), "city": "上海"}
    return Reply("fine", data, warnings=(WARNING,), exit_code=code)


group = LazyGroup(
    name="allocator",
    verbs={
        "probe": Verb(f"{__name__}:probe", "Probe."),
        "absent": Verb("allocator.cli.absent:absent", "Listed, not there."),
    },
)


def call(*words: str) -> Result:
    return CliRunner().invoke(group, list(words))


def test_help_lists_every_verb_after_the_examples() -> None:
    text = CliRunner().invoke(cli, ["--help"]).stdout
    assert text.index("Examples:") < text.index("Commands:")
    assert all(f"  {verb} " in text for verb in VERBS)


def test_version() -> None:
    assert CliRunner().invoke(cli, ["--version"]).stdout.split()[-1] == __version__


def test_results_go_to_stdout_and_warnings_to_stderr() -> None:
    result = call("probe", "well")
    assert (result.exit_code, result.stdout) == (0, "fine\n")
    assert result.stderr.startswith("warning: W1001 needs.csv:2: a doubtful row")


def test_the_envelope_of_a_success() -> None:
    result = call("probe", "well", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "schema_version": "1",
        "tool_version": __version__,
        "command": "probe",
        "status": "ok",
        "data": {"people": 3, "city": "上海"},
        "warnings": [WARNING.as_dict()],
        "errors": [],
    }


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (["probe", "fault"], 3, "E1000"),
        (["probe", "defect"], 1, "E9001"),
        (["probe", "full"], 5, "E5013"),
        (["probe", "memory"], 5, "E5013"),
        (["probe", "stop"], 130, "E8001"),
        (["probe", "misuse"], 2, "E2001"),
        (["probe", "well", "--wrong"], 2, "E2001"),
        (["probe"], 2, "E2001"),
        (["prob"], 2, "E2001"),
        (["absent"], 1, "E9003"),
    ],
)
def test_every_failure_has_its_exit_code_and_envelope(
    words: list[str], exit_code: int, code: str
) -> None:
    spoken, written = call(*words), call(*words, "--json")
    assert (spoken.exit_code, written.exit_code) == (exit_code, exit_code)
    assert spoken.stdout == ""
    assert "Traceback" not in spoken.stderr
    document = json.loads(written.stdout)
    assert (document["status"], document["errors"][0]["code"]) == ("error", code)


def test_a_reply_may_carry_an_exit_code() -> None:
    result = call("probe", "violations", "--json")
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (6, "error")


def test_the_traceback_is_shown_on_demand() -> None:
    assert "ZeroDivisionError" in call("probe", "defect", "--debug").stderr
    assert "Traceback" in call("probe", "defect", "--debug").stderr


def test_an_unknown_verb_gets_a_suggestion() -> None:
    assert "Did you mean 'probe'?" in call("prob").stderr
