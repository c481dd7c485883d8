"""The rules of a roster one by one: which rows they are, and how a planner would say them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.engine.program import Ints
from allocator.instance.staff_case import StaffCase
from allocator.models.staff.model import StaffModel

# Row families that are rules of the planner's; the others only count.
WORDS = {
    "minimum": "{who} needs {people}",
    "hours_max": "{who} works at most {maximum:g} minutes",
    "hours_min": "{who} works at least {minimum_minutes:g} minutes",
    "shift_max": "{who} works kinds of shifts no more often than shift_limits allows",
    "suit": "everybody wears the suit at most {suit:g} minutes in seven periods",
    "rest": "{who} rests {rest:g} minutes between shifts",
    "succession": "nobody works a shift after one that it must not follow",
    "run_max": "{who} works at most {longest:g} periods in a row",
    "run_min": "{who} works at least {run:g} periods in a row",
    "off_min": "{who} has at least {off:g} periods off in a row",
    "weekends_max": "{who} works at most {weekends:g} weekends",
    "closed_loop": "everybody works in a sealed place only while staying there",
    "stay": "everybody stays {days} periods in a sealed place once inside",
    "lodging": "{who} has beds for {people}",
    "trained": "everybody uses a learned skill after its training only",
    "seats": "{who} has no more seats than training says",
    "available": "{who} cannot work when availability or dates or the length of a shift forbid it",
    "skill": "only who has or learns the skill {who} stands where it is asked for",
    "way": "nobody goes farther than {home:g} minutes from home",
    "wanted": "{who} takes more people than wanted",
}
# Written once for all workers, and one rule.
FOR_ALL = ("suit", "succession", "closed_loop", "stay", "trained", "way")
TABLES = {
    "minimum": "posts",
    "shift_max": "shift_limits",
    "succession": "successions",
    "lodging": "lodging",
    "seats": "training",
    "trained": "training",
    "stay": "policy:closed_loop_days",
    "closed_loop": "posts",
    "suit": "policy:suit_minutes_week",
    "available": "availability",
    "skill": "posts",
    "way": "policy:home_minutes",
}


@dataclass(frozen=True)
class Rule:
    """One rule: the family of its rows, whom it is about, where it is written, its words."""

    family: str
    who: str
    where: str
    words: str


def rulebook(model: StaffModel) -> tuple[list[Rule], Ints]:
    """Return the rules and the rule of every row, -1 for rows that only count."""
    program, case = model.program, model.case
    group = np.full(program.row_count, -1, dtype=np.int64)
    rules: dict[tuple[str, str], int] = {}
    for block in program.rows:
        if block.name not in WORDS or not block.size:
            continue
        keys = _keys(block.name, block.names())
        for row, who in enumerate(keys):
            group[block.start + row] = rules.setdefault((block.name, who), len(rules))
    return [_rule(case, family, who) for family, who in rules], group


def _keys(family: str, names: list[str]) -> Iterator[str]:
    """Yield whom each row is about: a worker, a place or a post in its period and shift."""
    for name in names:
        inside = name[len(family) + 1 : -1]
        if family == "seats":
            yield "a training"
        elif family == "wanted":
            yield "no post"
        elif family in FOR_ALL:
            yield "everybody"
        elif family == "minimum":
            yield inside
        else:
            yield inside.split(",")[0]


def _rule(case: StaffCase, family: str, who: str) -> Rule:
    people, policy = case.people, case.policy
    known = {str(name): place for place, name in enumerate(people.ids)}
    facts: dict[str, object] = {"who": who, "days": policy.closed_loop_days}
    facts |= {"suit": policy.suit_minutes_week, "home": policy.home_minutes}
    where = TABLES.get(family, "workers")
    if who in known:
        w = known[who]
        facts |= {
            "maximum": people.maximum[w],
            "minimum_minutes": people.minimum[w],
            "rest": people.rest[w],
            "longest": people.longest_run[w],
            "run": people.shortest_run[w],
            "off": people.shortest_off[w],
            "weekends": people.weekends[w],
        }
        where = f"workers:{w + 2}" if family not in TABLES else where
    if family == "minimum":
        post, period, shift = who.rsplit(",", 2)
        at = case.posts.ids == post
        at &= (case.posts.period + 1).astype(str) == period
        at &= case.shifts.ids[case.posts.shift] == shift
        p = int(np.flatnonzero(at)[0])
        facts |= {
            "people": _people(int(case.posts.minimum[p])),
            "who": f"{post} in period {period}, shift {shift},",
        }
        where = f"posts:{case.posts.row[p] + 2}"
    if family == "lodging":
        facts["people"] = _people(int(case.lodging.beds[list(case.lodging.ids).index(who)]))
    return Rule(family, who, where, WORDS[family].format(**facts))


def _people(number: int) -> str:
    return f"{number} person" if number == 1 else f"{number} people"
