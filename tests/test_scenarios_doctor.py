"""The doctor on reserves: what no first stage can do is proven by sums."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from allocator.doctor.finding import Finding
from allocator.doctor.reserves import reserve_findings
from allocator.instance import Instance
from tests.instance_cases import good_instance
from tests.scenario_cases import reserve_instance, reserve_tables


def found(policy: dict[str, Any] | None = None, **tables: pd.DataFrame) -> dict[str, Finding]:
    instance = Instance.from_frames(policy=policy or {}, **reserve_tables(**tables))
    return {one.code: one for one in reserve_findings(instance)}


def test_a_sound_case_has_no_findings() -> None:
    assert found() == {}


def test_nothing_is_said_without_tables_of_reserves() -> None:
    assert reserve_findings(good_instance()) == []


def test_out_of_reach_always_and_at_times() -> None:
    findings = found({"time_standard": 12.0})
    assert findings["W3904"].numbers["communities"] == 2
    assert "C1, C2" in findings["W3904"].what
    # C3 is left with W3, whose lanes are closed in the flood, where it needs rice.
    assert findings["W3905"].numbers == {"communities": 1, "worst": pytest.approx(0.2)}
    assert findings["W3905"].examples == ("C3: 20.0%",)


@pytest.mark.parametrize(
    ("policy", "share", "impossible"),
    [
        ({"coverage_minutes": 15, "coverage_share": 0.1}, None, False),
        ({"coverage_minutes": 15, "coverage_share": 0.2}, 200 / 1700, True),
        ({"coverage_minutes": 22, "coverage_share": 0.7}, None, False),
        ({"coverage_minutes": 22, "coverage_share": 0.75}, 1200 / 1700, True),
        ({"coverage_minutes": 22, "coverage_share": 0.1, "coverage_each": True}, 1200 / 1700, True),
        ({"coverage_minutes": 22, "coverage_item": "bed"}, None, False),
    ],
)
def test_coverage(policy: dict[str, Any], share: float | None, impossible: bool) -> None:
    findings = found(policy)
    assert ("E3901" in findings) is impossible
    if impossible:
        assert findings["E3901"].numbers["best_share"] == pytest.approx(share)


def test_floors() -> None:
    policy = {"time_standard": 30.0, "reserve_floor": 0.5}
    # In the wave and its twin C2 is left without a lane.
    assert found(policy)["E3902"].numbers["probability"] == pytest.approx(0.4)
    assert "E3902" not in found(policy | {"reserve_floor_probability": 0.6})
    assert "E3902" in found(policy | {"reserve_floor_probability": 0.61})


def test_days() -> None:
    assert "E3903" in found({"time_standard": 12.0, "reserve_days": 1.0})
    assert "E3903" not in found({"time_standard": 30.0, "reserve_days": 1.0})


def test_room() -> None:
    sizes = reserve_tables()["sizes"].assign(volume_m3=0.01)
    agreements = reserve_tables()["agreements"].assign(maximum=1.0)
    finding = found(sizes=sizes, agreements=agreements)["W3906"]
    assert finding.numbers["scenarios"] == 4
    assert "most in wave" in finding.what


def test_the_command_tells_both(tmp_path: Any) -> None:
    from click.testing import CliRunner

    from allocator.cli.main import cli
    from allocator.instance import save

    path = save(reserve_instance(coverage_minutes=1.0), tmp_path / "case")
    result = CliRunner().invoke(cli, ["doctor", str(path)])
    assert result.exit_code == 4
    assert "E3901" in result.stdout
