"""One planted case for every finding of the doctor, with figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from allocator.cli.doctor import doctor as command
from allocator.doctor import Diagnosis, Finding, doctor
from allocator.doctor.finding import CODES
from allocator.instance import Instance


def rows(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def case(policy: dict[str, Any] | None = None, **changes: pd.DataFrame) -> Instance:
    """One depot, two towns of 100, lanes of 30 minutes, 3 days, 10 a day, plenty of stock."""
    needs = [(town, day) for town in ("east", "west") for day in (1, 2, 3)]
    frames = {
        "periods": rows(period=[1, 2, 3]),
        "communities": rows(
            community_id=["east", "west"],
            population=[100, 100],
            zone_id=["A", "B"],
            district=["d1", "d2"],
        ),
        "items": rows(item_id=["rice"], kg=[2.0], handling_minutes=[3.0], tier=[1]),
        "sites": rows(site_id=["depot"]),
        "stocks": rows(place_id=["depot"], item_id=["rice"], quantity=[1000.0]),
        "needs": rows(
            community_id=[town for town, _ in needs],
            item_id=["rice"] * 6,
            period=[day for _, day in needs],
            quantity=[10.0] * 6,
        ),
        "links": rows(from_id=["depot"] * 2, to_id=["east", "west"], minutes=[30.0, 30.0]),
    }
    return Instance.from_frames(policy=policy, name="case", **(frames | changes))


def only(diagnosis: Diagnosis, code: str) -> Finding:
    found = [one for one in diagnosis.findings if one.code == code]
    assert len(found) == 1, [one.code for one in diagnosis.findings]
    return found[0]


def codes(instance: Instance) -> set[str]:
    return {one.code for one in doctor(instance).findings}


def test_a_healthy_case_has_no_finding() -> None:
    diagnosis = doctor(case())
    assert diagnosis.findings == ()
    assert diagnosis.possible
    assert "Nothing stands out" in diagnosis.to_text()


def test_supply_is_counted_from_the_period_in_which_it_runs_out() -> None:
    found = only(
        doctor(case(stocks=rows(place_id=["depot"], item_id=["rice"], quantity=[45.0]))), "W3101"
    )
    assert (found.numbers["missing"], found.numbers["from_period"]) == (15.0, 3)
    assert "15" in found.repair


def test_supply_that_expires_counts_only_while_it_is_good() -> None:
    stocks = rows(
        place_id=["depot"] * 2, item_id=["rice"] * 2, quantity=[100.0, 5.0], expiry=[1, None]
    )
    table = doctor(case(stocks=stocks)).tables["supply_need"]
    assert table["served_at_most"].tolist() == [20.0, 5.0, 0.0]


def test_supply_counts_the_lead_of_the_lanes() -> None:
    links = rows(
        from_id=["depot"] * 2, to_id=["east", "west"], minutes=[30.0] * 2, lead_periods=[1, 1]
    )
    diagnosis = doctor(case(links=links))
    assert diagnosis.tables["supply_need"]["served_at_most"].tolist() == [0.0, 20.0, 20.0]
    assert only(diagnosis, "W3207").numbers == {"needs": 2, "places": 2, "people": 200.0}


def test_waiting_need_may_be_met_later() -> None:
    needs = case()["needs"].assign(backlog="waits")
    arrivals = rows(place_id=["depot"], item_id=["rice"], period=[3], quantity=[60.0])
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[0.0])
    diagnosis = doctor(case(needs=needs, arrivals=arrivals, stocks=stocks))
    assert not {"W3101", "W3102"} & {one.code for one in diagnosis.findings}


def test_no_supply_at_all() -> None:
    found = only(
        doctor(case(stocks=rows(place_id=["depot"], item_id=["rice"], quantity=[0.0]))), "W3102"
    )
    assert "no usable supply" in found.what


def test_a_permit_keeps_a_zone_out_and_the_row_is_named() -> None:
    vehicles = rows(type=["van"], count=[5], kg=[500.0], zones=["A"])
    found = only(doctor(case(vehicles=vehicles)), "W3201")
    assert found.numbers == {"needs": 3, "places": 1, "people": 100.0}
    assert found.repair == "let van (vehicles.csv:2) into zone B: opens 1 place, 100 people"


def test_a_class_of_access_keeps_a_place_out() -> None:
    vehicles = rows(type=["van"], count=[5], kg=[500.0], access=["open|controlled"])
    access = rows(place_id=["west"] * 3, period=[1, 2, 3], access=["sealed"] * 3)
    found = only(doctor(case(vehicles=vehicles, access=access)), "W3201")
    assert "into sealed places" in found.repair


def test_earmarked_goods_are_not_for_others() -> None:
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[500.0], earmark=["east"])
    found = only(doctor(case(stocks=stocks)), "W3202")
    assert found.repair == "free a part of what is earmarked for east (500 units)"


def test_owners_not_vetted_are_the_reason_and_the_repair() -> None:
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[500.0], owner_id=["firm"])
    diagnosis = doctor(case(stocks=stocks, owners=rows(owner_id=["firm"], vetted=["false"])))
    assert only(diagnosis, "W3203").repair.startswith("vet firm (500 units)")
    assert only(diagnosis, "I3804").numbers == {"rice": 500.0}
    assert only(diagnosis, "W3102").repair.startswith("vet the owners of 500")


def test_a_lane_that_opens_too_late() -> None:
    links = rows(
        from_id=["depot"] * 2, to_id=["east", "west"], minutes=[30.0] * 2, open_from=[1, 3]
    )
    found = only(doctor(case(links=links)), "W3204")
    assert found.numbers["needs"] == 2
    assert "depot -> west (open in periods 3 to 3)" in found.repair


def test_a_closed_site_is_the_one_to_open() -> None:
    sites = rows(site_id=["depot", "annex"], status=["closed", "open"])
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[1000.0])
    diagnosis = doctor(case(sites=sites, stocks=stocks))
    assert only(diagnosis, "W3205").repair == "open depot (sites.csv:2): it has lanes to 2 of them"
    assert only(diagnosis, "W3805").numbers == {"rice": 1000.0}


def test_goods_that_expire_on_the_way() -> None:
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[500.0], expiry=[2])
    assert only(doctor(case(stocks=stocks)), "W3206").numbers["needs"] == 2


def test_no_lane_names_the_holder_to_link() -> None:
    links = rows(from_id=["depot"], to_id=["east"], minutes=[30.0])
    assert only(doctor(case(links=links)), "W3208").repair == "list in links.csv: depot -> west"


def test_a_place_without_a_point_is_named() -> None:
    towns = case()["communities"].assign(lat=[31.0, None], lon=[121.0, None])
    sites = rows(site_id=["depot"], lat=[31.1], lon=[121.1])
    found = only(
        doctor(
            case(
                {"lanes": "nearest_k"},
                communities=towns,
                sites=sites,
                links=pd.DataFrame(columns=["from_id", "to_id"]),
            )
        ),
        "W3208",
    )
    assert found.repair.startswith("give west a point")


def test_two_rules_at_once() -> None:
    links = rows(
        from_id=["depot"] * 2, to_id=["east", "west"], minutes=[30.0] * 2, open_from=[1, 3]
    )
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[500.0], earmark=["east"])
    found = only(doctor(case(links=links, stocks=stocks)), "W3209")
    assert found.numbers["needs"] == 2


def test_fleet_hours_and_vehicles_to_add() -> None:
    # 20 rations = 40 kg a day in trips of 10 kg and 2 x 30 + 45 = 105 minutes: 420 of 210 minutes.
    vehicles = rows(type=["cart"], site_id=["depot"], count=[1], kg=[10.0], shift_minutes=[210.0])
    found = [one for one in doctor(case(vehicles=vehicles)).findings if one.code == "W3301"]
    assert {one.numbers["site_id"] for one in found} == {"", "depot"}
    assert all(one.numbers["vehicles"] == 1 for one in found)
    assert found[0].numbers["minutes_needed"] == pytest.approx(420.0)


def test_trips_allowed_bind_like_hours() -> None:
    vehicles = rows(type=["cart"], count=[4], kg=[10.0], max_trips=[0.5])
    assert "W3301" in codes(case(vehicles=vehicles))


def test_gate_minutes_short_of_the_need() -> None:
    gates = rows(community_id=["west"] * 3, period=[1, 2, 3], handling_minutes=[24.0, 100.0, 0.0])
    diagnosis = doctor(case(gates=gates))
    found = only(diagnosis, "W3401")
    assert found.numbers == {"gates": 1, "people": 100.0, "minutes": 6.0, "workers": 1}
    assert diagnosis.tables["gates"]["minutes_short"].tolist() == [6.0, 0.0, 0.0]


def test_the_gate_counts_own_goods_and_the_sealed_share() -> None:
    gates = rows(community_id=["west"] * 3, period=[1, 2, 3], handling_minutes=[7.5] * 3)
    access = rows(place_id=["west"] * 3, period=[1, 2, 3], access=["sealed"] * 3, share=[0.5] * 3)
    stocks = rows(place_id=["depot", "west"], item_id=["rice"] * 2, quantity=[1000.0, 15.0])
    # Half of 3 minutes a ration: 5 rations a day pass; 30 needed, 15 own, 15 pass just in time.
    assert codes(case(gates=gates, access=access, stocks=stocks)) == set()
    less = rows(community_id=["west"] * 3, period=[1, 2, 3], handling_minutes=[7.0] * 3)
    assert codes(case(gates=less, access=access, stocks=stocks)) == {"W3401"}


def test_throughput_of_the_only_site() -> None:
    found = only(doctor(case(sites=rows(site_id=["depot"], throughput_kg=[30.0]))), "W3501")
    assert (found.where, found.numbers["more"]) == ("sites.csv:2", 10.0)


def test_shipping_cap_of_the_only_site() -> None:
    limits = rows(place_id=["depot"], item_id=["rice"], ship_max=[15.0])
    assert only(doctor(case(limits=limits)), "W3502").numbers["more"] == 5.0


def test_floors_that_cannot_hold() -> None:
    needs = case()["needs"].assign(floor_share=0.5)
    gates = rows(community_id=["west"] * 3, period=[1, 2, 3], handling_minutes=[9.0] * 3)
    vehicles = rows(type=["cart"], count=[1], kg=[1.0], shift_minutes=[105.0])
    links = rows(
        from_id=["depot"] * 2, to_id=["east", "west"], minutes=[30.0] * 2, open_from=[2, 1]
    )
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[11.0])
    diagnosis = doctor(
        case(needs=needs, gates=gates, vehicles=vehicles, links=links, stocks=stocks)
    )
    assert only(diagnosis, "W3601").numbers == {"floors": 1, "places": 1, "people": 100.0}
    assert only(diagnosis, "W3602").numbers["missing"] == pytest.approx(14.0)
    assert only(diagnosis, "W3603").numbers["minutes"] == pytest.approx(18.0)
    assert only(diagnosis, "W3604").numbers["site_id"] == ""


def test_a_stock_floor_that_expires_is_impossible() -> None:
    stocks = rows(
        place_id=["depot"] * 2, item_id=["rice"] * 2, quantity=[60.0, 40.0], expiry=[2, None]
    )
    limits = rows(place_id=["depot"], item_id=["rice"], stock_min_share=[0.5])
    diagnosis = doctor(case(stocks=stocks, limits=limits))
    found = only(diagnosis, "E3605")
    assert (found.numbers["floor"], found.numbers["held_at_most"]) == (50.0, 40.0)
    assert found.repair == "lower stock_min_share from 0.5 to 0.4"
    assert not diagnosis.possible


def test_a_stock_floor_may_be_kept_with_goods_from_elsewhere() -> None:
    stocks = rows(
        place_id=["depot", "hub"], item_id=["rice"] * 2, quantity=[60.0, 400.0], expiry=[2, None]
    )
    limits = rows(place_id=["depot"], item_id=["rice"], stock_min_share=[0.5])
    sites = rows(site_id=["depot", "hub"])
    links = rows(
        from_id=["depot", "depot", "hub"], to_id=["east", "west", "depot"], minutes=[30.0] * 3
    )
    assert "E3605" not in codes(case(stocks=stocks, limits=limits, sites=sites, links=links))


PIN = {"pin_id": ["p"], "from_id": ["depot"], "to_id": ["west"], "item_id": ["rice"], "period": [1]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to_id": ["depot"]}, "E3701"),
        ({"quantity": [1001.0]}, "E3702"),
        ({"quantity": [1001.0], "period": [None], "rule": ["at_least"]}, "E3702"),
    ],
)
def test_a_pin_that_cannot_hold(change: dict[str, Any], code: str) -> None:
    pins = rows(**(PIN | {"quantity": [5.0]} | change))
    diagnosis = doctor(case(pins=pins))
    assert only(diagnosis, code).where == "pins.csv:2"
    assert diagnosis.faults()[0].code == code


@pytest.mark.parametrize(
    ("tables", "family", "most"),
    [
        ({"limits": rows(place_id=["depot"], item_id=["rice"], ship_max=[7.0])}, "ship_max", 7.0),
        ({"sites": rows(site_id=["depot"], throughput_kg=[12.0])}, "throughput", 6.0),
        ({"gates": rows(community_id=["west"], period=[1], handling_minutes=[15.0])}, "gate", 5.0),
        (
            {"vehicles": rows(type=["van"], count=[1], kg=[2.0], shift_minutes=[420.0])},
            "fleet",
            4.0,
        ),
    ],
)
def test_a_pin_above_a_limit(tables: dict[str, pd.DataFrame], family: str, most: float) -> None:
    found = only(doctor(case(pins=rows(**PIN, quantity=[9.0]), **tables)), "E3702")
    assert (found.numbers["family"], found.numbers["at_most"]) == (family, pytest.approx(most))
    assert "E3702" not in codes(case(pins=rows(**PIN, quantity=[most]), **tables))


def test_pins_against_each_other() -> None:
    pins = rows(
        pin_id=["all", "d1", "d2", "other"],
        from_id=["depot"] * 4,
        to_id=["west", "west", "west", "east"],
        item_id=["rice"] * 4,
        period=[None, 1, 2, 1],
        rule=["at_most", "at_least", "exactly", "exactly"],
        quantity=[10.0, 6.0, 5.0, 50.0],
    )
    found = only(doctor(case(pins=pins)), "E3703")
    assert found.numbers == {"allowed": 10.0, "wanted": 11.0}


def test_a_pin_of_broken_packs() -> None:
    items = case()["items"].assign(whole_packs=True, pack_size=4.0)
    assert (
        only(doctor(case(items=items, pins=rows(**PIN, quantity=[10.0]))), "E3704").repair
        == "pin 8 or 12"
    )


def test_goods_that_go_round_in_circles_prove_nothing() -> None:
    """With lanes both ways a pin over all periods may count the same goods twice."""
    links = rows(
        from_id=["depot", "west", "depot"], to_id=["west", "depot", "east"], minutes=[30.0] * 3
    )
    pins = rows(**(PIN | {"period": [None], "quantity": [1500.0], "rule": ["at_least"]}))
    assert "E3702" not in codes(case(links=links, pins=pins))


def test_doubtful_data() -> None:
    needs = case()["needs"].copy()
    needs.loc[0, "quantity"] = 501.0
    needs.loc[5, "people"] = 101.0
    towns = rows(
        community_id=["east", "west", "north", "south"],
        population=[100, 100, 0, 10],
        imputed=["population"] * 4,
    )
    needs.loc[6] = {**needs.loc[5].to_dict(), "community_id": "north", "people": None}
    sites = rows(site_id=["depot", "other"], zone_id=["", "Z"])
    stocks = rows(
        place_id=["depot", "depot", "depot"],
        item_id=["rice"] * 3,
        quantity=[5000.0, 7.0, 8.0],
        expiry=[None, 0, None],
        earmark=["", "", "Z"],
    )
    links = rows(from_id=["depot"] * 3, to_id=["east", "west", "north"], minutes=[30.0] * 3)
    vehicles = rows(
        type=["van", "van"],
        site_id=["", "other"],
        count=[9, 9],
        kg=[900.0] * 2,
        shift_minutes=[100] * 2,
    )
    found = doctor(
        case(
            needs=needs,
            communities=towns,
            sites=sites,
            stocks=stocks,
            links=links,
            vehicles=vehicles,
        )
    )
    expected = {"W3801", "W3802", "W3803", "W3806", "W3808", "I3809", "W3810", "W3811", "I3812"}
    assert {one.code for one in found.findings} == expected
    assert only(found, "W3801").examples[0].startswith("needs.csv:2: rice at east")


def test_a_site_no_vehicle_leaves() -> None:
    sites = rows(site_id=["depot", "hub"])
    stocks = rows(place_id=["depot", "hub"], item_id=["rice"] * 2, quantity=[1000.0, 10.0])
    links = rows(
        from_id=["depot", "depot", "hub"], to_id=["east", "west", "east"], minutes=[30.0] * 3
    )
    vehicles = rows(type=["van"], site_id=["depot"], count=[9], kg=[900.0])
    found = only(doctor(case(sites=sites, stocks=stocks, links=links, vehicles=vehicles)), "W3807")
    assert "hub" in found.what


def test_reusables_are_a_level_not_a_sum() -> None:
    items = case()["items"].assign(reusable=True)
    stocks = rows(place_id=["depot"], item_id=["rice"], quantity=[18.0])
    assert only(doctor(case(items=items, stocks=stocks)), "W3101").numbers["missing"] == 2.0


def test_the_report_fits_the_page_and_json_is_plain() -> None:
    import json

    vehicles = rows(type=["van"], count=[0], kg=[500.0], zones=["A"], shift_minutes=[0])
    diagnosis = doctor(case(vehicles=vehicles))
    for width in (80, 100):
        assert max(map(len, diagnosis.to_text(width).splitlines())) <= width
    document = json.loads(
        json.dumps(diagnosis.as_dict(), allow_nan=False, default=lambda v: v.item())
    )
    assert document["possible"] is True
    assert {one["code"] for one in document["findings"]} <= set(CODES)


def test_command_on_the_tiny_instance() -> None:
    result = CliRunner().invoke(command, ["instances/tiny", "--json"])
    assert result.exit_code == 0, result.output
    assert '"W3208"' in result.output
