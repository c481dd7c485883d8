"""What must follow when an instance is changed in a way whose effect is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from allocator.generate.lockdown import FEATURES
from allocator.instance import Instance
from allocator.instance.schema import tables
from allocator.models.dispatch.solve import solve_goals
from tests.strategies import small_instances

WHOLE = frozenset({"packs", "whole_trips"})
FIRST = ("critical", "1*floors + 1*item_days")
ORDERED = ("floors", "critical", "remaining", "fairness", "item_days")
PERSON_DAYS = ("floors", "critical", "remaining", "item_days")
# A failure is not shrunk: that would take minutes, and the instances are small.
few = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
Change = Callable[[Instance], Instance]


def values(
    instance: Instance, goals: tuple[str, ...], fairness: str = "max-min"
) -> dict[str, float]:
    policy = {"goals": goals, "fairness": fairness, "slack_relative": 0.0, "slack_absolute": 1e-7}
    found = solve_goals(instance.replace(policy=instance.policy.replace(**policy)))
    assert None not in found.values()
    return {name: float(value or 0.0) for name, value in found.items()}


def assert_same(before: Instance, after: Instance, goals: tuple[str, ...], **rule: str) -> None:
    expected, found = values(before, goals, **rule), values(after, goals, **rule)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)


def assert_never_worse(before: Instance, after: Instance) -> None:
    for goal in FIRST:
        # A goal that means nothing in an instance is left out.
        expected = values(before, (goal,), "floors").get(goal, 0.0)
        found = values(after, (goal,), "floors").get(goal, 0.0)
        assert found <= expected + 1e-6 * max(1.0, abs(expected)), goal


def scaled(instance: Instance, table: str, field: str, factor: float) -> Instance:
    frame = instance[table]
    return instance.replace(**{table: frame.assign(**{field: frame[field] * factor})})


def with_row(instance: Instance, table: str, **cells: object) -> pd.DataFrame:
    return pd.concat([instance[table], pd.DataFrame([cells])], ignore_index=True)


def another_depot(instance: Instance) -> Instance:
    """A depot in the middle of the town, with as much of every item as the need of a period."""
    # Lanes to the nearest sites only: a new site would take the place of another.
    instance = instance.replace(policy=instance.policy.replace(lanes_k=9))
    towns, items = instance["communities"], instance["items"]["item_id"]
    quantity = instance["needs"].groupby("item_id")["quantity"].mean().reindex(items).fillna(1.0)
    stock = pd.DataFrame({"place_id": "new", "item_id": items, "quantity": quantity.to_numpy()})
    site = {"site_id": "new", "lat": towns["lat"].mean(), "lon": towns["lon"].mean()}
    return instance.replace(
        sites=with_row(instance, "sites", **site, status="open"),
        stocks=pd.concat([instance["stocks"], stock], ignore_index=True),
    )


MORE: dict[str, Change] = {
    "gate minutes": lambda one: scaled(one, "gates", "handling_minutes", 1.5),
    "vehicles": lambda one: scaled(one, "vehicles", "count", 1.5),
    "payload": lambda one: scaled(one, "vehicles", "kg", 1.5),
    "stock": lambda one: scaled(one, "stocks", "quantity", 1.5),
    "money": lambda one: one.replace(policy=one.policy.replace(budget=1e6)),
}


@few
@given(small_instances(without=WHOLE), st.sampled_from(sorted(MORE)))
def test_more_is_never_worse(instance: Instance, kind: str) -> None:
    assert_never_worse(instance, MORE[kind](instance))


@few
@given(small_instances(without=WHOLE))
def test_another_depot_is_never_worse(instance: Instance) -> None:
    instance = instance.replace(policy=instance.policy.replace(lanes_k=9))
    assert_never_worse(instance, another_depot(instance))


def test_another_depot_brings_something() -> None:
    """The tests above would pass if nothing mattered."""
    from allocator.generate.lockdown import lockdown

    instance = lockdown(communities=3, sites=1, items=2, periods=2, seed=1, features=[])
    before = values(instance, ("critical",))["critical"]
    assert values(another_depot(instance), ("critical",))["critical"] < 0.9 * before


def relabelled(instance: Instance, seed: int = 1) -> Instance:
    """Other ids, in the opposite order, and the rows of every table in any order."""
    kinds = (
        ("communities", "community_id", "k"),
        ("sites", "site_id", "a"),
        ("items", "item_id", ""),
    )
    names: dict[str, dict[str, str]] = {}
    for table, field, letter in kinds:
        ids = instance[table][field].tolist()
        names[table] = {old: f"{letter}{len(ids) - n}" for n, old in enumerate(ids)}
    places = names["communities"] | names["sites"]
    names |= {"places": places, "places_districts_zones": places}
    changed = {}
    for table, frame in instance.tables.items():
        for field in tables()[table]:
            known = names.get(names_of(table, field.name, field.refers_to), {})
            if known:
                new = frame[field.name].map(lambda old, known=known: known.get(old, old))
                frame = frame.assign(**{field.name: new})
        changed[table] = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    return Instance.from_frames(policy=instance.policy, name="other", **changed)


def names_of(table: str, field: str, refers_to: str) -> str:
    own = {"communities": "community_id", "sites": "site_id", "items": "item_id"}
    return table if own.get(table) == field else refers_to


@few
@given(small_instances(without=WHOLE))
def test_names_and_the_order_of_rows_do_not_matter(instance: Instance) -> None:
    assert_same(instance, relabelled(instance), ORDERED)


@few
@given(small_instances(without=WHOLE, always=frozenset({"arrivals"})))
def test_a_lot_in_two_parts_is_the_same_lot(instance: Instance) -> None:
    changed = {}
    for table in ("stocks", "arrivals"):
        halves = instance[table].assign(quantity=instance[table]["quantity"] / 2)
        changed[table] = pd.concat([halves, halves], ignore_index=True)
    assert_same(instance, instance.replace(**changed), ORDERED)


def in_tenths(instance: Instance, item: str) -> Instance:
    """Count an item in units a tenth as large."""
    more = {
        "needs": ["quantity"],
        "stocks": ["quantity"],
        "arrivals": ["quantity"],
        "in_transit": ["quantity"],
        "purchases": ["limit"],
        "limits": ["ship_max"],
        "pins": ["quantity"],
        "items": ["pack_size"],
    }
    less = {"items": ["kg", "m3", "handling_minutes"], "purchases": ["price"]}
    changed = {table: instance[table] for table in more}
    for fields, factor in ((more, 10.0), (less, 0.1)):
        for table, names in fields.items():
            frame = changed[table]
            mine = np.where(frame["item_id"] == item, factor, 1.0)
            changed[table] = frame.assign(**{name: frame[name] * mine for name in names})
    return instance.replace(**changed)


@few
@given(small_instances(without=WHOLE))
def test_the_unit_of_an_item_does_not_matter(instance: Instance) -> None:
    item = instance["items"]["item_id"].iloc[0]
    assert_same(instance, in_tenths(instance, item), ORDERED)


@few
@given(small_instances(without=WHOLE))
def test_an_item_nobody_needs_changes_nothing(instance: Instance) -> None:
    site = instance["sites"]["site_id"].iloc[0]
    after = instance.replace(
        items=with_row(instance, "items", item_id="spare", kg=3.0, tier=1),
        stocks=with_row(instance, "stocks", place_id=site, item_id="spare", quantity=50.0),
    )
    assert_same(instance, after, (*ORDERED, "cost"))


# What waits goes on waiting, a share of stock has to stay, a pin may be met later.
@few
@given(small_instances(features=FEATURES - WHOLE - {"waits", "pins"}))
def test_a_period_without_need_changes_no_shortage(instance: Instance) -> None:
    last = instance["periods"]["period"].max()
    after = instance.replace(periods=with_row(instance, "periods", period=last + 1, minutes=1440.0))
    assert_same(instance, after, PERSON_DAYS)
