"""What no reserve can do, by sums over lanes and scenarios; nothing is solved."""

from __future__ import annotations

import numpy as np

from allocator.doctor.finding import Finding
from allocator.doctor.words import count, number, some
from allocator.instance.futures import ReserveCase, reserve_case
from allocator.instance.futures_overlays import unheard
from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools, Floats

_SURE = 1e-9
_TABLES = ("sizes", "reserves", "agreements", "reserve_pins")


def reserve_findings(instance: Instance) -> list[Finding]:
    """Return what is found of pre-positioning; nothing for an instance without tables of it."""
    if not any(len(instance[table]) for table in _TABLES):
        return []
    case = reserve_case(instance)
    if not len(case.reserve.sites):
        return []
    found = [*_coverage(case), *_floors(case), *_days(case), *_out_of_reach(case), *_room(case)]
    return [*found, *_unheard(case)]


def _reached(case: ReserveCase, lanes: Bools) -> Bools:
    """Return the communities (J,) that one of the lanes leads to."""
    count = len(case.reserve.communities)
    return np.bincount(case.reserve.lanes.community[lanes], minlength=count) > 0


def _usual(case: ReserveCase) -> Bools:
    """Return the lanes within the time standard as things stand."""
    standard = case.policy.time_standard
    minutes = case.reserve.lanes.minutes
    return np.ones(len(minutes), bool) if standard is None else minutes <= standard + _SURE


def _names(case: ReserveCase, chosen: Bools | np.bool_) -> tuple[str, ...]:
    return tuple(case.reserve.communities.ids[np.asarray(chosen)].astype(str))


def _coverage(case: ReserveCase) -> list[Finding]:
    policy, people = case.policy, case.reserve.communities
    if policy.coverage_minutes is None:
        return []
    near = _usual(case) & (case.reserve.lanes.minutes <= policy.coverage_minutes + _SURE)
    counted = ~people.is_site
    if policy.coverage_item:
        counted &= case.base[:, list(case.reserve.items.ids).index(policy.coverage_item)] > 0
    missed = counted & ~_reached(case, near)
    total = float(people.population[counted].sum())
    best = 1 - float(people.population[missed].sum()) / total if total else 1.0
    each = policy.coverage_each and policy.coverage_share > 0 and missed.any()
    if not each and (policy.coverage_each or best >= policy.coverage_share - _SURE):
        return []
    what = (
        f"at most {best:.1%} of the people have a site within {number(policy.coverage_minutes)} "
        f"minutes; {policy.coverage_share:.1%} {'of each community ' * policy.coverage_each}must "
        f"be covered. Out of reach: {some(_names(case, missed))}."
    )
    return [Finding("E3901", what, {"best_share": best, "communities": int(missed.sum())})]


def _floors(case: ReserveCase) -> list[Finding]:
    policy, futures = case.policy, case.futures
    if policy.reserve_floor <= 0:
        return []
    urgent = case.reserve.items.tier == 1
    needing = (futures.need[:, :, urgent] > 0).any(axis=2)
    cut: Bools = needing & ~_open_to(case)
    missed = float(futures.probability[cut.any(axis=1)].sum())
    if missed <= 1 - policy.reserve_floor_probability + _SURE:
        return []
    what = (
        f"in scenarios with a probability of {missed:.1%} in all some community has no open lane "
        f"for its life-critical need; floors must hold with {policy.reserve_floor_probability:.1%}."
        f" Cut off at times: {some(_names(case, cut.any(axis=0)))}."
    )
    numbers = {"probability": missed, "communities": int(cut.any(axis=0).sum())}
    most = max(0.0, 1 - missed)
    repair = f"reserve_floor_probability of {most:.4f} at most, or another lane"
    return [Finding("E3902", what, numbers, repair)]


def _days(case: ReserveCase) -> list[Finding]:
    lost: Bools = (case.base > 0).any(axis=1) & ~_reached(case, _usual(case))
    if case.policy.reserve_days <= 0 or not lost.any():
        return []
    what = (
        f"{count(int(lost.sum()), 'community', 'communities')} must have "
        f"{number(case.policy.reserve_days)} days of need within reach and no site is: "
        f"{some(_names(case, lost))}."
    )
    return [Finding("E3903", what, {"communities": int(lost.sum())}, "a longer time_standard")]


def _open_to(case: ReserveCase) -> Bools:
    """Return scenarios x communities: whether some lane leads there."""
    lanes, futures = case.reserve.lanes, case.futures
    found = np.zeros((len(futures), len(case.reserve.communities)), dtype=bool)
    scenario, lane = np.nonzero(~futures.lane_closed)
    found[scenario, lanes.community[lane]] = True
    return found


def _out_of_reach(case: ReserveCase) -> list[Finding]:
    """Tell communities short in every plan: in all scenarios, or in some."""
    futures, communities = case.futures, case.reserve.communities
    needing: Bools = np.asarray((futures.need > 0).any(axis=2))
    cut = needing & ~_open_to(case)
    always: Bools = np.asarray(needing.any(axis=0) & (cut == needing).all(axis=0))
    chance = futures.probability @ cut
    found = []
    if always.any():
        what = (
            f"{count(int(always.sum()), 'community', 'communities')} with "
            f"{number(communities.population[always].sum())} people can be reached from no site "
            f"in any scenario that needs one: {some(_names(case, always))}."
        )
        numbers: dict[str, float] = {"communities": int(always.sum())}
        found.append(Finding("W3904", what, numbers, "a longer time_standard, or a site nearby"))
    at_times = (chance > _SURE) & ~always
    if at_times.any():
        order = np.argsort(-chance * at_times, kind="stable")[:5]
        examples = tuple(
            f"{communities.ids[place]}: {chance[place]:.1%}" for place in order if at_times[place]
        )
        what = (
            f"{count(int(at_times.sum()), 'community is', 'communities are')} cut off from every "
            "site in some scenario (probability of the worst below)."
        )
        numbers = {"communities": int(at_times.sum()), "worst": float(chance[at_times].max())}
        found.append(Finding("W3905", what, numbers, "", "", examples))
    return found


def _unheard(case: ReserveCase) -> list[Finding]:
    """Tell overlays that change nothing for reserves, such as those on vehicles."""
    fields = unheard(case.instance["overlays"])
    if not fields:
        return []
    what = (
        f"overlays change {some(fields)}: pre-positioning does not look at "
        f"{'it' if len(fields) == 1 else 'them'}; a dispatch with that scenario does."
    )
    return [Finding("I3907", what, {"fields": len(fields)})]


def _room(case: ReserveCase) -> list[Finding]:
    """Tell scenarios whose need exceeds what all sites can hold and all suppliers deliver."""
    reserve, futures = case.reserve, case.futures
    room = np.zeros(len(reserve.sites))
    np.maximum.at(room, reserve.sizes.site, reserve.sizes.volume_m3)
    promised = reserve.items.m3[reserve.agreements.item] * reserve.agreements.maximum
    most = room.sum() + futures.available @ promised
    wanted: Floats = futures.need.sum(axis=1) @ reserve.items.m3
    short = wanted > most * (1 + _SURE)
    if not short.any():
        return []
    worst = int(np.argmax(wanted - most))
    what = (
        f"in {count(int(short.sum()), 'scenario')} the need is more than all sites can hold and "
        f"suppliers deliver; most in {futures.ids[worst] or 'the instance as it stands'}: "
        f"{number(wanted[worst])} of {number(most[worst])} m3."
    )
    numbers = {"scenarios": int(short.sum()), "missing_m3": float(wanted[worst] - most[worst])}
    return [Finding("W3906", what, numbers, "larger sizes, or more candidates")]
