"""`allocator alternatives`: a curve of judged plans that no other beats."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from allocator.cli.main import cli
from allocator.errors import NoPlanError, UsageError
from allocator.limits import Limits
from allocator.models.route import exposure
from allocator.runs import route_weighed
from allocator.runs.route_weighed import weigh

TINY = Path(__file__).parents[1] / "instances" / "tiny"


def quiet(event: object) -> None:
    """Tell nobody."""


def test_the_curve_is_judged_written_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["alternatives", str(TINY), "--work-limit", "3", "--points", "2", "--router", "rule"]
    result = CliRunner().invoke(cli, [*words, "--out", "curve", "--quiet", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["data"]
    values = [(one["distance"], one["exposure"]) for one in found["curve"]]
    assert values == sorted(values)
    assert all(b[1] < a[1] for a, b in pairwise(values))
    checked = CliRunner().invoke(cli, ["check", found["paths"][0]])
    assert checked.exit_code == 0, checked.output


def test_prices_of_rules_are_told_in_words() -> None:
    words = ["alternatives", str(TINY), "--work-limit", "3", "--points", "1", "--prices"]
    told = CliRunner().invoke(cli, [*words, "--quiet"])
    assert told.exit_code == 0, told.output
    assert "1 plan, stops worth 650 left behind" in told.stdout
    assert "650 less          85 more" in told.stdout  # the rest of the third place
    found = json.loads(CliRunner().invoke(cli, [*words, "--quiet", "--json"]).stdout)["data"]
    by_rule = {one["rule"]: one for one in found["prices"]}
    assert list(by_rule) == ["decontamination", "duty", "lockdown"]
    for one in by_rule.values():
        gains = [value for name, value in one.items() if name != "rule" and abs(value) > 1e-6]
        assert not gains or gains[0] > 0


def test_ctrl_c_while_rules_are_priced_keeps_the_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(route_weighed, "prices", stopped)
    found = weigh(TINY, None, 1, Limits(work=2), quiet, points=1, rules=True, router="rule")
    assert found.stopped
    assert found.plans
    assert not len(found.prices)


def test_unknown_terms_are_refused() -> None:
    with pytest.raises(UsageError, match="E2357"):
        weigh(TINY, None, 1, Limits(work=1), quiet, ("distance", "beauty"))


def test_ctrl_c_keeps_the_plans_found(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = exposure.curve

    def stopped(*arguments: object) -> None:
        plain(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(exposure, "curve", stopped)
    found = weigh(TINY, None, 1, Limits(work=2), quiet, points=1, router="rule")
    assert found.stopped
    assert found.plans

    def at_once(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exposure, "curve", at_once)
    with pytest.raises(Exception, match="E5021") as caught:
        weigh(TINY, None, 1, Limits(work=2), quiet)
    assert not isinstance(caught.value, NoPlanError)
