"""Row families of transport: gates, loads, hours and trips of the fleet (formulation section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.engine.program import Floats

if TYPE_CHECKING:
    from allocator.models.dispatch.model import DispatchModel


def add_gate(model: DispatchModel) -> None:
    """Handling of the part that needs the gate <= the minutes it has left for our shipments."""
    net, ship, gates = model.net, model.sets.ship, model.net.gates
    binding = np.flatnonzero(gates.share > 0)
    place, period = gates.place[binding], gates.period[binding]
    at = np.full((len(net.places.ids), net.periods), -1, dtype=np.int64)
    model.gate_rows = at
    at[place, period] = model.program.add_rows(
        "gate",
        len(binding),
        upper=gates.minutes[binding],
        labels=model.label.at(place, period),
    )
    share = np.zeros(at.shape)
    share[gates.place, gates.period] = gates.share
    target = net.lanes.target[ship.lane]
    handling = net.items.handling[net.batches.item[ship.batch]]
    minutes = share[target, ship.arrives] * handling * model.pack
    handled = np.where(minutes > 0, at[target, ship.arrives], -1)
    model.program.add_known(handled, model.ship, minutes)


def add_load(model: DispatchModel, name: str, size: Floats, capacity: Floats) -> None:
    """Size of what leaves on a lane <= capacity of the trips there; none where it is unlimited.

    `size` is by item, `capacity` by row of the fleet: load_kg or load_m3.
    """
    net, ship, vehicle = model.net, model.sets.ship, model.trip_vehicle
    shape = (len(net.lanes), net.periods)
    bound = np.zeros(shape, dtype=bool)
    bound[model.trip_lane, model.trip_period] = True
    free = np.isinf(capacity[vehicle])
    bound[model.trip_lane[free], model.trip_period[free]] = False
    load = size[net.batches.item[ship.batch]] * model.pack
    loaded = np.zeros(shape, dtype=bool)
    loaded[ship.lane[load > 0], ship.period[load > 0]] = True
    lane, period = np.nonzero(bound & loaded)
    at = np.full(shape, -1, dtype=np.int64)
    at[lane, period] = model.program.add_rows(
        name, len(lane), upper=0.0, labels=model.label.lanes(lane, period)
    )
    rows = np.where(load > 0, at[ship.lane, ship.period], -1)
    model.program.add_known(rows, model.ship, load)
    model.program.add_known(at[model.trip_lane, model.trip_period], model.trips, -capacity[vehicle])


def add_fleet(model: DispatchModel) -> None:
    """Minutes of the trips of a vehicle row <= the minutes it has in the period."""
    net, fleet = model.net, model.net.fleet
    vehicles = np.arange(len(fleet.hours))
    upper = np.repeat(fleet.hours, net.periods)
    rows = model.program.add_rows(
        "fleet", len(upper), upper=upper, labels=model.label.vehicles(vehicles)
    )
    at = rows.reshape(len(vehicles), net.periods)
    minutes = fleet.pair_minutes[model.trip_pair]
    model.program.add_entries(at[model.trip_vehicle, model.trip_period], model.trips, minutes)


def add_trip_count(model: DispatchModel) -> None:
    """Trips of a vehicle row <= the most it may make in a period, where given."""
    net, fleet = model.net, model.net.fleet
    counted = np.flatnonzero(np.isfinite(fleet.trips))
    upper = np.repeat(fleet.trips[counted], net.periods)
    rows = model.program.add_rows(
        "trip_count", len(upper), upper=upper, labels=model.label.vehicles(counted)
    )
    at = np.full((len(fleet.hours), net.periods), -1, dtype=np.int64)
    at[counted] = rows.reshape(len(counted), net.periods)
    model.program.add_known(at[model.trip_vehicle, model.trip_period], model.trips, 1.0)
