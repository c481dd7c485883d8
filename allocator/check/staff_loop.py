"""Rules of the closed loop and of training (formulation section 3)."""

from __future__ import annotations

import numpy as np

from allocator.check.staff_roster import Roster, running
from allocator.check.verdict import Findings
from allocator.instance.lanes import Ints


def check_loop(found: Findings, roster: Roster) -> None:
    """Check who is inside sealed places, and who learns what."""
    _inside(found, roster)
    _stay(found, roster)
    _lodging(found, roster)
    _trained(found, roster)
    _seats(found, roster)
    _outside(found, roster)


def _tell(found: Findings, roster: Roster, family: str, table: str, over: Ints, words: str) -> None:
    """Record workers x places or trainings x periods that are over."""
    case = roster.case
    lines = {
        "roster": roster.worker_line,
        "lodged": roster.lodged_line,
        "trained": roster.trained_line,
    }
    where = np.argwhere(over > 0)
    texts = [
        words.format(who=case.people.ids[row[0]], over=over[tuple(row)], period=row[-1] + 1)
        for row in where
    ]
    found.add(family, table, lines[table][where[:, 0]], over[tuple(where.T)], texts)


def _at_work(roster: Roster) -> Ints:
    """Return people at work inside, workers x sealed places x periods."""
    posts, found = roster.case.posts, np.zeros_like(roster.inside)
    some = posts.sealed[roster.post] >= 0
    post = roster.post[some]
    at = (roster.worker[some], posts.sealed[post], posts.period[post])
    np.add.at(found, at, roster.number[some])
    return found


def _inside(found: Findings, roster: Roster) -> None:
    over = _at_work(roster) - roster.inside
    words = "{who} works in a sealed place in period {period} without staying there"
    _tell(found, roster, "closed_loop", "roster", over, words)


def _stay(found: Findings, roster: Roster) -> None:
    inside, entered = roster.inside, roster.entered
    before = np.concatenate([np.zeros_like(inside[..., :1]), inside[..., :-1]], axis=-1)
    words = "{who} is inside in period {period} and {over} of them never entered"
    _tell(found, roster, "stay", "lodged", inside - before - entered, words)
    days = roster.case.policy.closed_loop_days
    words = f"{{who}} leaves before {days} periods are over: {{over}} missing in period {{period}}"
    _tell(found, roster, "stay", "lodged", running(entered, days) - inside, words)


def _lodging(found: Findings, roster: Roster) -> None:
    lodging = roster.case.lodging
    over = roster.inside.sum(axis=0) - lodging.beds[:, None]
    for place, period in np.argwhere(over > 0).tolist():
        size = int(over[place, period])
        words = f"{lodging.ids[place]} lacks {size} beds in period {period + 1}"
        found.add_one("lodging", f"lodging:{lodging.ids[place]}", float(size), words)


def _trained(found: Findings, roster: Roster) -> None:
    """Who works with a learned skill, or begins to learn one, may do so."""
    case, posts = roster.case, roster.case.posts
    at_work = np.zeros_like(roster.learning)
    for number, skill in enumerate(case.training.skill.tolist()):
        some = (posts.skill[roster.post] == skill) & case.learns[roster.worker, skill]
        post = roster.post[some]
        at = (roster.worker[some], number, posts.period[post])
        np.add.at(at_work, at, roster.number[some])
    ended = np.zeros_like(at_work)
    for number, length in enumerate(case.training.periods.tolist()):
        began = np.cumsum(roster.learning[:, number], axis=1)
        ended[:, number, length:] = began[:, :-length] if length < began.shape[1] else 0
    words = "{who} works in period {period} with a skill not learned yet"
    _tell(found, roster, "trained", "roster", at_work - ended, words)
    able = case.learns[:, case.training.skill]
    words = "{who} cannot learn this, or has the skill, in period {period}"
    wrong = np.where(able[:, :, None], 0, roster.learning)
    _tell(found, roster, "trained", "trained", wrong, words)


def _seats(found: Findings, roster: Roster) -> None:
    training = roster.case.training
    for number, seats in enumerate(training.seats.tolist()):
        busy = running(roster.learning[:, number], int(training.periods[number])).sum(axis=0)
        for period in np.flatnonzero(busy > seats).tolist():
            skill = roster.case.skills[training.skill[number]]
            words = f"{busy[period]} people learn {skill} in period {period + 1}: {seats:g} seats"
            found.add_one("seats", f"training:{skill}", float(busy[period] - seats), words)


def _outside(found: Findings, roster: Roster) -> None:
    """Nobody works outside, or elsewhere, while inside a sealed place or in training."""
    case, people = roster.case, roster.case.people
    out = np.zeros_like(roster.works)
    some = case.posts.sealed[roster.post] < 0
    at = (roster.worker[some], case.posts.period[roster.post[some]])
    np.add.at(out, at, roster.number[some])
    inside = roster.inside.sum(axis=1)
    over = out + inside + roster.away - people.number[:, None]
    over = np.where(inside + roster.away > 0, over, 0)
    words = "{who} is inside or in training and elsewhere too in period {period}"
    _tell(found, roster, "outside", "roster", over, words)
    when = np.arange(len(case.times))
    here = (when >= people.first[:, None]) & (when <= people.last[:, None])
    gone = np.where(here, 0, inside + roster.away)
    words = "{who} is not there in period {period}"
    _tell(found, roster, "outside", "lodged", gone, words)
