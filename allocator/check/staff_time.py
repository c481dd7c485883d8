"""Rules of a worker's time: shifts a period, hours, suits, rest, runs, weekends (section 3)."""

from __future__ import annotations

import numpy as np

from allocator.check.staff_fit import tell_workers
from allocator.check.staff_roster import Roster, running
from allocator.check.verdict import Findings
from allocator.instance.lanes import Bools, Floats
from allocator.instance.staff_case import WEEK
from allocator.instance.staff_clashes import clashes


def check_time(found: Findings, roster: Roster) -> None:
    """Check every rule about when a worker works."""
    people, works = roster.case.people, roster.works
    number = people.number
    busy = works - number[:, None]
    tell_workers(found, roster, "one_shift", busy, "{who} works {over} shifts too many in {period}")
    over = roster.minutes - people.maximum * number
    tell_workers(found, roster, "hours_max", over, "{who} works {over} minutes too many")
    under = people.minimum * number - roster.minutes
    tell_workers(found, roster, "hours_min", under, "{who} works {over} minutes too few")
    _shift_max(found, roster)
    _suit(found, roster)
    _clashes(found, roster)
    _run_max(found, roster)
    _runs(found, roster)
    _weekends(found, roster)


def _shift_max(found: Findings, roster: Roster) -> None:
    people = roster.case.people
    over = roster.shifts.sum(axis=1) - people.shift_max * people.number[:, None]
    words = "{who} works {over} times too often the shift in line {period} of shifts"
    tell_workers(found, roster, "shift_max", over, words)


def _suit(found: Findings, roster: Roster) -> None:
    case, limit = roster.case, roster.case.policy.suit_minutes_week
    if limit is None:
        return
    minutes = (roster.shifts * case.shifts.suit_minutes).sum(axis=2)
    over = running(minutes, WEEK) - limit * case.people.number[:, None]
    words = f"{{who}} wears the suit {{over}} minutes too long in {WEEK} periods up to {{period}}"
    tell_workers(found, roster, "suit", over, words)


def _clashes(found: Findings, roster: Roster) -> None:
    number = roster.case.people.number
    for clash in clashes(roster.case):
        before = roster.shifts[:, :, clash.before].sum(axis=2)
        after = roster.shifts[:, :, clash.after].sum(axis=2)
        over = np.zeros(roster.works.shape)
        at = np.ix_(clash.workers, clash.periods)
        both = before[at] + after[np.ix_(clash.workers, clash.periods + clash.lag)]
        apart = (before[at] == 0) | (after[np.ix_(clash.workers, clash.periods + clash.lag)] == 0)
        over[at] = np.where(apart, 0, both - number[clash.workers, None])
        what = "too little rest" if clash.family == "rest" else "a shift that must not follow"
        words = f"{{who}} has {what} after period {{period}}"
        tell_workers(found, roster, clash.family, over, words)


def _run_max(found: Findings, roster: Roster) -> None:
    people = roster.case.people
    for longest in np.unique(people.longest_run[np.isfinite(people.longest_run)]):
        run = int(longest)
        mine = (people.longest_run == longest)[:, None]
        over = np.where(mine, running(roster.works, run + 1) - run * people.number[:, None], 0)
        over[:, :run] = 0
        words = f"{{who}} works more than {run} periods in a row up to {{period}}"
        tell_workers(found, roster, "run_max", over, words)


def _runs(found: Findings, roster: Roster) -> None:
    """Runs and breaks of persons; those cut by the begin or end of the horizon may be short."""
    people = roster.case.people
    alone = people.number == 1
    for family, least, state in (
        ("run_min", people.shortest_run, roster.works > 0),
        ("off_min", people.shortest_off, roster.works == 0),
    ):
        missing = np.where(alone[:, None], least[:, None] - _lengths(state), 0)
        words = "{who} works" if family == "run_min" else "{who} is off"
        words += " {over} periods too few in a row up to {period}"
        tell_workers(found, roster, family, np.maximum(missing, 0), words)


def _lengths(state: Bools) -> Floats:
    """Return the length of every run at its last period, inf elsewhere and at the edges."""
    found = np.full(state.shape, np.inf)
    length = np.full(len(state), np.inf)  # a run that was there before the horizon
    for period in range(state.shape[1]):
        fresh = state[:, period] & (~state[:, period - 1] if period else False)
        length = np.where(fresh, 1.0, length + 1)
        if period + 1 < state.shape[1]:
            ends = state[:, period] & ~state[:, period + 1]
            found[ends, period] = length[ends]
    return found


def _weekends(found: Findings, roster: Roster) -> None:
    case, weekend = roster.case, roster.case.times.weekend
    count = np.zeros(len(case.people))
    for kind in np.unique(weekend[weekend >= 0]):
        count += roster.works[:, weekend == kind].max(axis=1)
    over = count - case.people.weekends * case.people.number
    tell_workers(found, roster, "weekends_max", over, "{who} works {over} weekends too many")
