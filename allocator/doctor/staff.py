"""What no roster can do, by sums over people, shifts and posts; nothing is solved."""

from __future__ import annotations

import numpy as np

from allocator.doctor.finding import Finding
from allocator.doctor.words import count, number, some
from allocator.instance.instance import Instance
from allocator.instance.lanes import Bools
from allocator.instance.staff_case import StaffCase, staff_case

_SURE = 1e-6


def staff_findings(instance: Instance) -> list[Finding]:
    """Return what is found of rosters; nothing for an instance without workers or posts."""
    if not all(len(instance[table]) for table in ("workers", "shifts", "posts")):
        return []
    case = staff_case(instance)
    return [*_least(case), *_minimum(case), *_nobody(case), *_hours(case), *_beds(case)]


def _names(case: StaffCase, posts: Bools) -> tuple[str, ...]:
    return tuple(dict.fromkeys(case.posts.ids[posts].astype(str)))


def _least(case: StaffCase) -> list[Finding]:
    """Prove that somebody must work more than they can."""
    over = case.people.minimum * case.people.number - case.capacity
    bad = np.flatnonzero(over > _SURE)
    if not len(bad):
        return []
    names = tuple(case.people.ids[bad].astype(str))
    what = (
        f"{count(len(bad), 'worker')} must work more minutes than dates, days off and posts let"
        f" them: {some(names)}; most missing: {number(float(over[bad].max()))} minutes."
    )
    repair = "a lower minimum_minutes, or more posts they may stand at"
    return [Finding("E3951", what, {"workers": len(bad)}, repair, examples=names[:5])]


def _minimum(case: StaffCase) -> list[Finding]:
    """Prove that more people must stand at a post than fit it."""
    able = case.people.number @ case.fits
    bad: Bools = np.asarray(case.posts.minimum > able)
    if not bad.any():
        return []
    names = _names(case, bad)
    missing = int((case.posts.minimum - able)[bad].max())
    what = (
        f"{count(len(names), 'post')} must have more people than have the skill, can work then and"
        f" live near enough: {some(names)}; most missing: {missing}."
    )
    repair = "a lower minimum, or others who may stand there"
    return [Finding("E3952", what, {"posts": len(names)}, repair, examples=names[:5])]


def _nobody(case: StaffCase) -> list[Finding]:
    """Tell posts nobody fits: no skill, a shift longer than anyone may work, or too far."""
    posts = case.posts
    empty: Bools = np.asarray(~case.fits.any(axis=0) & (posts.wanted > 0))
    skilled = (case.has_skill | case.learns)[:, posts.skill].any(axis=0)
    longest = np.asarray(case.can.any(axis=(0, 1)))
    kinds: tuple[tuple[str, Bools, str, str], ...] = (
        ("W3953", empty & ~skilled, "take a skill that nobody has or learns", "a training"),
        (
            "W3954",
            empty & skilled & ~longest[posts.shift],
            "have a shift longer than anybody may work or wear a suit",
            "a shorter shift",
        ),
        (
            "W3955",
            empty & skilled & longest[posts.shift],
            "have nobody who can work then and lives near enough",
            "a longer home_minutes, or other people",
        ),
    )
    found = []
    for code, these, words, repair in kinds:
        if these.any():
            names = _names(case, these)
            what = f"{count(len(names), 'post')} {words}: {some(names)}."
            people = {"people": int(posts.wanted[these].sum())}
            found.append(Finding(code, what, people, repair, examples=names[:5]))
    return found


def _hours(case: StaffCase) -> list[Finding]:
    """Tell skills for which more minutes are wanted than all who have them can work."""
    posts = case.posts
    wanted = posts.wanted * case.shifts.minutes[posts.shift]
    found = []
    for skill in np.unique(posts.skill):
        able = case.has_skill[:, skill] | case.learns[:, skill]
        most = float(case.capacity[able].sum())
        asked = float(wanted[posts.skill == skill].sum())
        if asked > most * (1 + _SURE) and most > 0:
            name = f"the skill {case.skills[skill]}" if case.skills[skill] else "no skill"
            what = (
                f"posts of {name} want {number(asked / 60)} hours; all who may stand there can"
                f" work {number(most / 60)} hours."
            )
            numbers = {"missing_hours": (asked - most) / 60}
            found.append(Finding("W3956", what, numbers, "more people, or longer hours"))
    return found


def _beds(case: StaffCase) -> list[Finding]:
    """Tell sealed places with fewer beds than people wanted at once."""
    posts, lodging = case.posts, case.lodging
    wanted = np.zeros((len(lodging), len(case.times)))
    inside = posts.sealed >= 0
    np.add.at(wanted, (posts.sealed[inside], posts.period[inside]), posts.wanted[inside])
    short = wanted.max(axis=1, initial=0.0) - lodging.beds
    bad = np.flatnonzero(short > 0)
    if not len(bad):
        return []
    names = tuple(lodging.ids[bad].astype(str))
    what = (
        f"{count(len(bad), 'sealed place')} want more people than have a bed there: {some(names)};"
        f" most missing: {number(float(short[bad].max()))}."
    )
    return [Finding("W3957", what, {"beds": float(short[bad].sum())}, "more rows of lodging")]
