"""Rules of one assignment: skill, availability, way, number at a post (formulation section 3)."""

from __future__ import annotations

import numpy as np

from allocator.check.rows import first_rows
from allocator.check.staff_roster import Roster
from allocator.check.verdict import Findings
from allocator.instance.lanes import Bools, Floats, Ints


def check_fit(found: Findings, roster: Roster) -> None:
    """Check every rule that looks at one assignment or one post."""
    case, worker, post = roster.case, roster.worker, roster.post
    posts = case.posts
    skill = posts.skill[post]
    able = case.has_skill[worker, skill] | case.learns[worker, skill]
    _tell(found, roster, "skill", ~able, "{who} does not have the skill {skill}")
    can = case.can[worker, posts.period[post], posts.shift[post]]
    _tell(found, roster, "available", ~can, "{who} cannot work {shift} in period {period}")
    _tell(
        found,
        roster,
        "way",
        ~case.reach[worker, post],
        "{who} lives too far from {post}, or works in another district",
    )
    _posts(found, roster)


def _tell(found: Findings, roster: Roster, family: str, broken: Bools, words: str) -> None:
    case = roster.case
    bad = np.flatnonzero(broken)
    post = roster.post[bad]
    lines = [
        words.format(
            who=case.people.ids[w],
            skill=case.skills[case.posts.skill[p]],
            shift=case.shifts.ids[case.posts.shift[p]],
            period=case.posts.period[p] + 1,
            post=case.posts.ids[p],
        )
        for w, p in zip(roster.worker[bad], post, strict=True)
    ]
    found.add(family, "roster", roster.line[bad], roster.number[bad], lines)


def _posts(found: Findings, roster: Roster) -> None:
    """No more people than wanted where that has no weight; no fewer than the minimum."""
    posts, there = roster.case.posts, roster.there
    most: Floats = np.where(np.isnan(posts.over_weight), posts.wanted, np.inf)
    over = np.flatnonzero(there > most)
    lines = [
        f"{_name(roster, p)} has {there[p]} people, {posts.wanted[p]} are wanted"
        for p in over.tolist()
    ]
    at = first_rows(roster.post, roster.line, over)
    found.add("wanted", "roster", at, (there - posts.wanted)[over], lines)
    for p in np.flatnonzero(there < posts.minimum).tolist():
        words = f"{_name(roster, p)} has {there[p]} people, {posts.minimum[p]} must be there"
        missing = float(posts.minimum[p] - there[p])
        found.add_one("minimum", f"posts:{posts.row[p] + 2}", missing, words)


def _name(roster: Roster, post: int) -> str:
    case = roster.case
    shift = case.shifts.ids[case.posts.shift[post]]
    return f"{case.posts.ids[post]} in period {case.posts.period[post] + 1}, shift {shift},"


def tell_workers(
    found: Findings, roster: Roster, family: str, over: Floats | Ints, words: str
) -> None:
    """Record workers who break a limit by `over`, (W,) or workers x positions of a period."""
    amount = np.asarray(over, dtype=float)
    where = np.argwhere(amount > 1e-6)
    worker = where[:, 0]
    ids = roster.case.people.ids[worker]
    sizes = amount[tuple(where.T)]
    lines = [
        words.format(who=who, over=f"{size:g}", period=row[1] + 1 if len(row) > 1 else "")
        for who, size, row in zip(ids, sizes, where.tolist(), strict=True)
    ]
    found.add(family, "roster", roster.worker_line[worker], sizes, lines)
