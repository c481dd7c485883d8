"""Scenarios change what their overlays select, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest

from allocator.errors import InstanceError
from allocator.instance import Instance
from allocator.instance.selectors import SelectorError, parse_selector, select
from tests.instance_cases import frames, good_instance


def with_overlay(**overlay: str) -> Instance:
    row = {"scenario_id": "wave", "selector": "", "op": "set"} | overlay
    return good_instance().replace(overlays=pd.DataFrame([row]))


def test_scale_and_set() -> None:
    instance = good_instance()
    wave = instance.scenario("wave")
    assert wave["needs"]["quantity"].tolist() == [900, 600, 475.25, 1000, 12, 5, 30]
    assert wave["links"]["minutes"].iloc[0] == 60
    assert wave["links"]["minutes"].iloc[1:].equals(instance["links"]["minutes"].iloc[1:])
    assert wave.name == "small town 小镇:wave"
    for table in set(instance.tables) - {"needs", "links"}:
        pd.testing.assert_frame_equal(wave[table], instance[table])
    assert instance["needs"]["quantity"].iloc[0] == 600, "the instance itself stays"


def test_a_scenario_without_overlays_changes_nothing() -> None:
    instance = good_instance()
    calm = instance.scenario("calm")
    for table, frame in instance.tables.items():
        pd.testing.assert_frame_equal(calm[table], frame)


def test_overlays_hold_in_their_order() -> None:
    rows = [("set", "100"), ("scale", "2"), ("scale", "1.5")]
    overlays = pd.DataFrame(
        [("wave", "needs", "community_id=C1", "quantity", *row) for row in rows],
        columns=["scenario_id", "table", "selector", "field", "op", "value"],
    )
    wave = good_instance().replace(overlays=overlays).scenario("wave")
    assert wave["needs"]["quantity"].tolist()[:2] == [300, 400]


@pytest.mark.parametrize(
    ("overlay", "table", "expected"),
    [
        ({"field": "whole_packs", "value": "yes"}, "items", [True, True, True]),
        ({"field": "status", "value": "closed", "selector": "kind=hospital"}, "sites", None),
        ({"field": "tier", "value": "3", "selector": "reusable=true"}, "items", [2, 1, 3]),
        ({"field": "expiry", "value": "2", "selector": "kind=living"}, "stocks", [2, 2, None, 2]),
        ({"field": "limit", "op": "scale", "value": "0"}, "purchases", [0]),
    ],
)
def test_fields_of_every_type(
    overlay: dict[str, str], table: str, expected: list[object] | None
) -> None:
    wave = with_overlay(table=table, **overlay).scenario("wave")
    column = wave[table][overlay["field"]]
    assert column.dtype == good_instance()[table][overlay["field"]].dtype
    wanted = expected or ["open", "closed"]
    assert [None if value != value else value for value in column] == wanted


def test_a_scenario_that_breaks_the_instance_is_refused() -> None:
    wrong = with_overlay(table="needs", field="quantity", op="scale", value="1e300")
    with pytest.raises(InstanceError, match="E1204"):
        wrong.scenario("wave")
    with pytest.raises(InstanceError, match="E1318") as caught:
        good_instance().scenario("wav")
    assert caught.value.faults[0].suggestion == "wave"


def test_selectors() -> None:
    tables = good_instance().tables
    assert parse_selector("") == ()
    assert parse_selector("a=b| c = d ") == (("a", "b"), ("c", "d"))
    assert select(tables, "needs", "").all()
    assert select(tables, "needs", "period=2").tolist() == [
        False,
        False,
        True,
        False,
        True,
        False,
        False,
    ]
    assert select(tables, "needs", "district=Minhang").sum() == 3, "a site has a district too"
    assert select(tables, "needs", "tier=1|backlog=lost").tolist() == [False] * 5 + [True, True]
    assert select(tables, "stocks", "kind=medical").tolist() == [False, True, True, False]
    with pytest.raises(SelectorError, match="no condition"):
        select(tables, "needs", "period")
    with pytest.raises(SelectorError, match="no field"):
        select(tables, "periods", "district=Xuhui")


def test_extra_columns_can_be_selected_by() -> None:
    needs = frames()["needs"].assign(wave=["a", "b"] * 3 + ["a"])
    instance = Instance.from_frames(validate=True, **frames(needs=needs))
    assert select(instance.tables, "needs", "wave=b").tolist() == [False, True] * 3 + [False]
