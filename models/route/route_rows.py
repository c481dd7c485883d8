"""The rules of the page (section 3) in the words of CP-SAT, one function a family.

Minutes, loads and money are counted in whole steps; a share in 1/60 of the goods of a stop.
"""

from __future__ import annotations

from itertools import pairwise, product
from math import inf
from typing import Any

import numpy as np
from route_columns import SHARES, Key, Rows


def roads(m: Rows) -> None:
    """leave, enter, depart, permit, origin, class_order, on_way, road: a circuit for each trip."""
    for k, r in m.trips:
        one, circuit = m.p.vehicles[k], []
        v, end = one.type, int(m.p.fleet.end[one.type])
        under_way = one.under_way if r == 0 else None
        starts = [one.place] if under_way is not None else m.p.depots(v)
        backs = sorted({*m.p.depots(v), end})
        for i in range(m.p.n):
            circuit.append((i + 1, i + 1, ~m.visit[k, r, i]))
            m.model.add_implication(m.visit[k, r, i], m.trip[k, r])
            place = int(m.p.stops.place[i])
            for depot in starts:
                here = under_way is not None or m.p.able(v, i, depot)
                if here and m.out_way(k, r, depot, i)[0] < inf:
                    m.out[k, r, depot, i] = arc = m.model.new_bool_var(f"arc[{k},{r},{depot},{i}]")
                    circuit.append((0, i + 1, arc))
            for back in backs:
                if m.p.minutes(v, place, back) < inf:
                    m.home[k, r, i, back] = arc = m.model.new_bool_var(f"arc[{k},{r},{i},{back}]")
                    circuit.append((i + 1, 0, arc))
        for i, j in product(range(m.p.n), repeat=2):
            if i != j and m.p.leg(v, i, j)[0] < inf:
                m.arc[k, r, i, j] = arc = m.model.new_bool_var(f"arc[{k},{r},{i},{j}]")
                circuit.append((i + 1, j + 1, arc))
        circuit.append((0, 0, ~m.trip[k, r]))
        if under_way is not None and not under_way.visits:
            m.model.add(m.trip[k, r] == 0)  # it only comes home (rule `started`)
        else:
            m.model.add_circuit(circuit)
        if under_way is None:
            origins(m, k, r, v)


def origins(m: Rows, k: int, r: int, v: int) -> None:
    """origin, permit: every stop of a trip, not only the first, fits its depot and vehicle."""
    for i, depot in product(range(m.p.n), m.p.depots(v)):
        if not m.p.able(v, i, depot):
            leaving = [arc for (a, b, d, _), arc in m.out.items() if (a, b, d) == (k, r, depot)]
            for arc in leaving:
                m.model.add(m.visit[k, r, i] == 0).only_enforce_if(arc)


def in_order(m: Rows) -> None:
    """in_order, depot: trip r + 1 after trip r, from where that returned; the last goes home."""
    for k, one in enumerate(m.p.vehicles):
        end = int(m.p.fleet.end[one.type])
        for r in range(one.trips):
            idle = one.under_way is not None and r == 0 and not one.under_way.visits
            if r + 1 < one.trips and not idle:
                m.model.add_implication(m.trip[k, r + 1], m.trip[k, r])
            for (a, b, _, back), arc in list(m.home.items()):
                if (a, b) != (k, r):
                    continue
                later = m.trip.get((k, r + 1))
                leaves = [x for (c, d, p, _), x in m.out.items() if (c, d, p) == (k, r + 1, back)]
                if later is not None:
                    m.model.add(sum(leaves) == 1).only_enforce_if(arc, later)
                if back != end:
                    m.model.add_bool_or([later] if later is not None else []).only_enforce_if(arc)


def served(m: Rows) -> None:
    """ordered, split: shares and what is left add up; undivided goods come at once."""
    for i in range(m.p.n):
        own = [m.share[k, r, i] for k, r in m.trips]
        m.model.add(sum(own) + m.left[i] == SHARES)
        for k, r in m.trips:
            visit, share = m.visit[k, r, i], m.share[k, r, i]
            if m.p.divisible[i]:
                m.model.add(share <= SHARES * visit)
                m.model.add(share >= visit)
                whole = m.up(float(m.p.stops.service[i]))
                m.model.add(SHARES * m.part[k, r, i] >= whole * share)
            else:
                m.model.add(share == SHARES * visit)


def loads(m: Rows) -> None:
    """load: what a trip brings fits in every dimension."""
    for k, r in m.trips:
        room = m.p.fleet.capacity[m.p.vehicles[k].type]
        for d in range(len(m.p.case.dimensions)):
            brought = sum(
                m.up(float(m.p.stops.load[i, d])) * m.share[k, r, i] for i in range(m.p.n)
            )
            if np.isfinite(room[d]):
                m.model.add(brought <= SHARES * m.down(float(room[d])))


def times(m: Rows) -> None:
    """travel, loading, window: when steps begin."""
    for k, r in m.trips:
        one = m.p.vehicles[k]
        v, under_way = one.type, one.under_way if r == 0 else None
        loading = 0 if under_way is not None else m.up(float(m.p.fleet.loading[v]))
        m.model.add(m.load_at[k, r] >= m.up(one.early))
        for i in range(m.p.n):
            visit = m.visit[k, r, i]
            if under_way is None:
                ready = m.up(float(m.p.stops.release[i]))
                m.model.add(m.load_at[k, r] >= ready).only_enforce_if(visit)
            windows(m, (k, r, i))
            for j in range(m.p.n):
                if (k, r, i, j) in m.arc:
                    way = m.up(m.p.leg(v, i, j)[0])
                    then = m.begin[k, r, i] + m.stay(k, r, i) + way
                    m.model.add(m.begin[k, r, j] >= then).only_enforce_if(m.arc[k, r, i, j])
        for (a, b, depot, i), arc in m.out.items():
            if (a, b) == (k, r):
                way = m.up(m.out_way(k, r, depot, i)[0])
                leave = m.load_at[k, r] + loading
                m.model.add(m.begin[k, r, i] >= leave + way).only_enforce_if(arc)
                if r == 0 and under_way is None and depot != one.place:
                    early = m.up(one.early) + m.up(m.p.minutes(v, one.place, depot))
                    m.model.add(m.load_at[k, r] >= early).only_enforce_if(arc)
        for (a, b, i, back), arc in m.home.items():
            if (a, b) == (k, r):
                way = m.up(m.p.minutes(v, int(m.p.stops.place[i]), back))
                there = m.begin[k, r, i] + m.stay(k, r, i) + way
                m.model.add(m.back[k, r] >= there).only_enforce_if(arc)


def windows(m: Rows, key: Key) -> None:
    """window: service begins within one of them."""
    m.model.add(sum(m.within[key]) == m.visit[key])
    for (opens, closes), chosen in zip(m.p.stops.windows[key[2]], m.within[key], strict=True):
        m.model.add(m.begin[key] >= m.up(opens)).only_enforce_if(chosen)
        m.model.add(m.begin[key] <= m.down(closes)).only_enforce_if(chosen)


def decontamination(m: Rows) -> None:
    """decontamination, then the next loading; a vehicle under way brings its class along."""
    for k, r in m.trips:
        one = m.p.vehicles[k]
        minutes = m.p.fleet.decontaminate[one.type]
        ordered = m.p.case.clean_order  # then the last stop has the highest class since the last
        for (a, b, i, _), arc in m.home.items():
            if (a, b) == (k, r):
                least = m.up(float(minutes[m.p.stops.access[i]]))
                last = arc if ordered else m.visit[k, r, i]
                m.model.add(m.clean[k, r] >= least).only_enforce_if(last)
        if r == 0 and one.under_way is not None:
            if not ordered or not one.under_way.visits:
                m.model.add(m.clean[k, r] >= m.up(float(minutes[one.under_way.highest])))
            if not one.under_way.visits:
                way = m.up(m.p.minutes(one.type, one.place, int(m.p.fleet.end[one.type])))
                m.model.add(m.back[k, r] >= m.up(one.early) + way)
        if (k, r + 1) in m.trip:
            free = m.back[k, r] + m.clean[k, r]
            m.model.add(m.load_at[k, r + 1] >= free).only_enforce_if(m.trip[k, r + 1])


def duties(m: Rows) -> None:
    """shift, duty, farthest: limits of a route."""
    for k, one in enumerate(m.p.vehicles):
        v, fixed = one.type, one.under_way
        m.start[k], m.end[k] = m.minute(f"start[{k}]"), m.minute(f"end[{k}]")
        m.work[k], m.far[k] = m.minute(f"work[{k}]"), km_of(m, k)
        if fixed is not None:
            m.model.add(m.start[k] == m.up(one.early))
        m.model.add(m.start[k] >= m.up(one.early))
        m.model.add(m.start[k] <= m.load_at[k, 0])
        for (a, r, depot, _), arc in m.out.items():
            if a == k and r == 0 and fixed is None and depot != one.place:
                way = m.up(m.p.minutes(v, one.place, depot))
                m.model.add(m.start[k] + way <= m.load_at[k, 0]).only_enforce_if(arc)
        for r in range(one.trips):
            used = m.trip[k, r]
            if fixed is not None and r == 0:
                m.model.add(m.end[k] >= m.back[k, r] + m.clean[k, r])
            else:
                m.model.add(m.end[k] >= m.back[k, r] + m.clean[k, r]).only_enforce_if(used)
        m.model.add(m.end[k] <= m.down(float(m.p.fleet.late[v])))
        m.model.add(m.work[k] == m.end[k] - m.start[k])
        before = 0.0 if fixed is None else fixed.minutes
        if np.isfinite(m.p.fleet.longest[v]):
            m.model.add(m.work[k] <= m.down(float(m.p.fleet.longest[v]) - before))
        if np.isfinite(m.p.fleet.farthest[v]):
            done = 0.0 if fixed is None else fixed.km
            m.model.add(m.far[k] <= m.down(float(m.p.fleet.farthest[v]) - done))


def km_of(m: Rows, k: int) -> Any:
    """Return the km of a route, in steps, the way to a first depot elsewhere included."""
    one, place = m.p.vehicles[k], m.p.stops.place
    v, found = one.type, []
    for (a, _, i, j), arc in m.arc.items():
        if a == k:
            found.append(m.up(m.p.leg(v, i, j)[1]) * arc)
    for (a, r, depot, i), arc in m.out.items():
        if a == k:
            first = m.p.km(v, one.place, depot) if r == 0 else 0.0
            found.append(m.up(first + m.out_way(k, r, depot, i)[1]) * arc)
    for (a, _, i, back), arc in m.home.items():
        if a == k:
            found.append(m.up(m.p.km(v, int(place[i]), back)) * arc)
    if one.under_way is not None and not one.under_way.visits:
        found.append(m.up(m.p.km(v, one.place, int(m.p.fleet.end[v]))))
    return sum(found)


def shared(m: Rows) -> None:
    """fleet, gate, docks: what routes have in common."""
    for line in np.unique(m.p.fleet.line).tolist():
        own = [k for k, one in enumerate(m.p.vehicles) if m.p.fleet.line[one.type] == line]
        most = int(m.p.fleet.count[m.p.fleet.line == line].max())
        used = [1 if m.p.vehicles[k].fixed is not None else m.trip[k, 0] for k in own]
        m.model.add(sum(used) <= most)
    for place in np.unique(m.p.stops.place).tolist():
        rows = np.flatnonzero(m.p.stops.place == place).tolist()
        keys = [(k, r, i) for (k, r), i in product(m.trips, rows)]
        if m.p.case.gates is not None and np.isfinite(m.p.case.gates[place]):
            spent = [spend(m, key) for key in keys]
            m.model.add(sum(spent) <= m.down(float(m.p.case.gates[place])))
        if m.p.case.docks:
            stays = [dock(m, key) for key in keys]
            m.model.add_cumulative(stays, [1] * len(stays), m.p.case.docks)


def spend(m: Rows, key: Key) -> Any:
    """Return the minutes of handing over a visit takes of a gate."""
    if m.p.divisible[key[2]]:
        return m.part[key]
    return m.up(float(m.p.stops.service[key[2]])) * m.visit[key]


def dock(m: Rows, key: Key) -> Any:
    """Return the stay of a visit as an interval."""
    end, name = m.minute("leave"), f"dock{list(key)}"
    size = m.model.new_int_var(0, m.last, "stay")
    m.model.add(size == m.stay(*key)).only_enforce_if(m.visit[key])
    return m.model.new_optional_interval_var(m.begin[key], size, end, m.visit[key], name)


def fixed(m: Rows) -> None:
    """started, pin: routes under way, and planned ones."""
    for k, one in enumerate(m.p.vehicles):
        if one.fixed is None:
            continue
        row = one.fixed.visits
        for i in range(m.p.n):
            m.model.add(m.visit[k, 0, i] == (i in row))
        for i, j in pairwise(row):
            m.model.add(m.arc[k, 0, i, j] == 1)
        if one.under_way is not None:
            m.model.add(m.load_at[k, 0] == m.up(one.early))
    for number, pin in enumerate(m.p.case.fixed):
        if pin.started or not pin.visits:
            continue
        on = {(k, r): m.model.new_bool_var(f"pin[{number},{k},{r}]") for k, r in m.trips}
        m.model.add_exactly_one(
            [x for (k, r), x in on.items() if m.p.vehicles[k].type == pin.vehicle]
        )
        for (k, r), chosen in on.items():
            for i in pin.visits:
                m.model.add_implication(chosen, m.visit[k, r, i])
            for i, j in pairwise(pin.visits):
                then = m.begin[k, r, i] + m.stay(k, r, i)
                m.model.add(m.begin[k, r, j] >= then).only_enforce_if(chosen)


FAMILIES = (roads, in_order, served, loads, times, decontamination, duties, shared, fixed)
