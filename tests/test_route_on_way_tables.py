"""Decontamination on the way from tables and policy to sheets and the map."""

from __future__ import annotations

import numpy as np
import pytest

from allocator import run
from allocator.errors import InstanceError
from allocator.instance import Instance
from allocator.instance.route_build import route_case
from allocator.instance.route_case import RouteCase
from allocator.limits import Limits
from allocator.models.route.routes import Route, Trip, Visit
from allocator.report.route_map import routes_geojson
from allocator.report.route_sheets import sheets_html, sheets_text
from tests.route_cases import plan_of
from tests.route_instances import town, with_columns


def streets(on_way: bool = True, **columns: list[object]) -> Instance:
    """The town with a washing place between the sealed compound and the open one."""
    sites = with_columns(
        "sites",
        site_id=["W", "M", "wash"],
        lat=[31.20, 31.25, 31.22],
        lon=[121.39, 121.45, 121.42],
        decontamination_minutes=[None, None, 4],
        **({"name": ["", "", "Bridge washing place"], "kind": ["warehouse"] * 2 + ["station"]}),
    )
    sites["sites"] |= columns
    return town({"decontamination_on_way": on_way}, **sites)


def test_the_tables_say_where_and_the_policy_whether() -> None:
    case = route_case(streets(), None, 1)
    assert case.stations is not None
    assert dict(zip(case.places, case.stations, strict=True))["wash"] == 4
    assert np.isfinite(case.stations).sum() == 1
    off = route_case(streets(on_way=False), None, 1)
    assert off.stations is None
    assert "wash" not in off.places


def test_a_policy_without_a_place_is_told() -> None:
    for columns in (
        {"decontamination_minutes": [None, None, None]},
        {"status": ["open", "open", "closed"]},
    ):
        case = route_case(streets(**columns), None, 1)
        assert [note.code for note in case.notes] == ["W1607"]
        assert case.stations is None


def test_minutes_that_make_no_sense_are_told() -> None:
    with pytest.raises(InstanceError) as caught:
        streets(decontamination_minutes=[None, None, -4])
    (fault,) = caught.value.faults
    assert fault.code == "E1204"
    assert "decontamination_minutes" in fault.where


def test_a_vehicle_that_was_washed_may_go_on() -> None:
    pins: dict[str, list[object]] = {
        "pin_id": ["1", "2", "3", "4"],
        "route": ["r"] * 4,
        "sequence": [1, 2, 3, 4],
        "place_id": ["W", "A", "wash", "B"],
        "state": ["done", "done", "done", "started"],
        "type": ["truck"] * 4,
        "site_id": ["W"] * 4,
        "item_id": ["", "box", "", "box"],
        "quantity": [None, 10, None, 20],
        "leave": ["08:00", "09:00", "09:20", ""],
    }
    tables = {"route_pins": pins}
    instance = streets()
    instance = town(
        {"decontamination_on_way": True},
        sites={name: instance["sites"][name].tolist() for name in instance["sites"]},
        **tables,
    )
    (fixed,) = route_case(instance, None, 1).fixed
    assert (fixed.highest, fixed.trips, len(fixed.done)) == (0, 1, 2)


def test_sheets_and_map_show_it() -> None:
    instance = streets()
    case = route_case(instance, None, 1)
    chosen = by_class(case)
    shown = plan_of(case, chosen)
    shown = shown.replace(summary={**shown.summary, "period": 1})
    text = sheets_text(shown, instance, 120)
    assert "decontaminate: Bridge washing place" in text
    assert "decontaminate: Bridge washing place" in sheets_html(shown, instance)
    features = routes_geojson(shown, instance)["features"]
    points = [one["properties"] for one in features if one["geometry"]["type"] == "Point"]
    assert [one["kind"] for one in points] == ["stop", "decontaminate", "stop"]
    assert points[1]["name"] == "Bridge washing place"
    (line,) = [one["geometry"] for one in features if one["geometry"]["type"] == "LineString"]
    assert [121.42, 31.22] in line["coordinates"]


def by_class(case: RouteCase) -> tuple[Route, ...]:
    """One van from the sealed compound to the controlled one, whatever it can carry."""
    stops = [case.stops.ids.index(name) for name in ("A", "B@W")]
    home = case.places.index("W")
    trip = Trip(home, tuple(Visit(stop) for stop in stops), home)
    truck = next(v for v, kind in enumerate(case.vehicles.ids) if kind == "truck")
    return (Route(truck, 0, (trip,)),)


def test_a_whole_run_obeys_the_judge() -> None:
    plan = run.route(streets(), limits=Limits(work=50))
    assert plan.status.plan == "valid"
