"""Generated instances with rules of the day can be routed, and say nothing else than before."""

from __future__ import annotations

import pandas as pd
import pytest

from allocator.cli.main import cli
from allocator.generate.lockdown import lockdown
from allocator.generate.options import DEFAULT_FEATURES, ROUTES
from allocator.generate.routes import with_route_rules
from allocator.generate.shanghai import shanghai_2022, shanghai_readme
from allocator.instance import instance_hash, load
from allocator.instance.route_build import route_case

NEW = ("curfews", "stops")


def test_the_feature_adds_rules_and_changes_no_need() -> None:
    plain = lockdown(30, 4, 4, 2, seed=5)
    ruled = lockdown(30, 4, 4, 2, seed=5, features=DEFAULT_FEATURES | {ROUTES})
    assert all(len(ruled[table]) and not len(plain[table]) for table in NEW)
    for table in ("needs", "stocks", "links", "communities"):
        pd.testing.assert_frame_equal(plain[table], ruled[table])
    assert (ruled["gates"]["opens"] == "07:00").all()
    assert (ruled["vehicles"]["fixed_cost"] > 0).all()
    assert ruled["gates"]["handling_minutes"].equals(plain["gates"]["handling_minutes"])
    assert instance_hash(ruled) == instance_hash(
        lockdown(30, 4, 4, 2, seed=5, features=DEFAULT_FEATURES | {ROUTES})
    )


def test_rules_that_stand_already_are_kept() -> None:
    plain = lockdown(5, 2, 2, 1)
    said = plain.replace(vehicles=plain["vehicles"].assign(starts="05:00", fixed_cost=7.0))
    vehicles = with_route_rules(said)["vehicles"]
    assert set(vehicles["starts"]) == {"05:00"}
    assert set(vehicles["fixed_cost"]) == {7.0}


@pytest.mark.parametrize("seed", range(4))
def test_a_random_town_can_be_routed(seed: int) -> None:
    town = lockdown(25, 3, 4, 2, seed=seed, features=DEFAULT_FEATURES | {ROUTES})
    case = route_case(town, None, 1)
    assert len(case.stops) > 5
    assert all(windows and windows[0][0] >= 360 for windows in case.stops.windows)
    assert len(set(case.stops.windows)) > 2


def test_shanghai_with_rules_of_the_day_can_be_routed() -> None:
    ruled, plain = shanghai_2022("district", routes=True), shanghai_2022("district")
    assert ruled.name == "shanghai-2022-district-routes"
    assert "disinfection" in shanghai_readme("district", ruled)
    assert "disinfection" not in shanghai_readme("district", plain)
    shipped = pd.DataFrame(
        {
            "from_id": ["huangpu-depot", "xuhui-depot"],
            "to_id": ["huangpu", "xuhui"],
            "item_id": ["rice", "rice"],
            "period": [1, 1],
            "quantity": [20000.0, 30000.0],
        }
    )
    case = route_case(ruled, type("Plan", (), {"shipments": shipped})(), 1)
    assert len(case.stops) == 2
    assert case.stops.windows[0][0][0] == 420


def test_the_command_line_makes_both(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["lockdown", "--communities", "5", "--features", "default,routes"],
        ["shanghai-2022", "--routes"],
    ):
        out = f"{tmp_path}/{words[0]}"
        with pytest.raises(SystemExit) as caught:
            cli.main(["generate", *words, "--out", out], prog_name="allocator")
        assert caught.value.code == 0, capsys.readouterr().err
        assert len(load(out)["curfews"])
