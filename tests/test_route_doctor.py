"""The doctor on routes: what no vehicle can do for the needs of a period."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.cli.main import cli
from allocator.doctor.routes import route_findings
from allocator.instance import save
from tests.route_instances import town, with_columns

CURFEW: dict[str, Any] = {"curfews": {"zone_id": ["outer"], "from": ["22:00"], "to": ["05:00"]}}


def test_an_instance_without_tables_of_routes_is_not_examined() -> None:
    assert route_findings(town(**with_columns("vehicles", zones=["inner"] * 3))) == []


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert route_findings(town(**CURFEW)) == []


@pytest.mark.parametrize(
    ("policy", "changed", "code", "place"),
    [
        ({"split": "never"}, with_columns("vehicles", kg=[300, 300, 150]), "W3941", "A"),
        ({}, {"stops": {"community_id": ["C"], "closes": ["00:05"]}}, "W3942", "C"),
        ({}, with_columns("vehicles", zones=["inner"] * 3), "W3944", "C"),
        ({}, with_columns("vehicles", longest_minutes=[5, 5, 5]), "W3947", "A"),
    ],
)
def test_each_kind_of_trouble_has_its_finding(
    policy: dict[str, Any], changed: dict[str, Any], code: str, place: str
) -> None:
    found = {one.code: one for one in route_findings(town(policy, **(CURFEW | changed)))}
    assert place in found[code].what
    assert found[code].repair
    assert found[code].title


def test_the_command_shows_it(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = save(town(**CURFEW, **with_columns("vehicles", zones=["inner"] * 3)), tmp_path / "town")
    with pytest.raises(SystemExit) as caught:
        cli.main(["doctor", str(path)], prog_name="allocator")
    assert caught.value.code == 0
    assert "W3944" in capsys.readouterr().out
