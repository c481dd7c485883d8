"""Rules of staffing: workers, shifts, posts and training that contradict themselves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.instance.checked import CheckedTables
from allocator.instance.clock import clock_minutes
from allocator.instance.faultlog import FaultLog
from allocator.instance.policy import Policy
from allocator.instance.text import rows_where


def check_workers(checked: CheckedTables) -> None:
    """Tell limits of a worker that leave nothing."""
    frame, source, log = checked.frames["workers"], checked.sources["workers"], checked.log
    wrong = frame["maximum_minutes"] < frame["minimum_minutes"]
    rule = "maximum_minutes is below minimum_minutes"
    rows = np.flatnonzero(wrong.to_numpy())
    log.rows("E1351", source, "maximum_minutes", rows, rule, "correct one of them")
    rows = np.flatnonzero((frame["available_to"] < frame["available_from"]).to_numpy())
    rule = "available_to must not be before available_from"
    log.rows("E1352", source, "available_to", rows, rule, "correct one of the periods")
    rows = np.flatnonzero((frame["longest_run"] < frame["shortest_run"]).to_numpy())
    rule = "longest_run is below shortest_run"
    log.rows("E1353", source, "longest_run", rows, rule, "correct one of them")
    group = frame["number"] > 1
    for field in ("shortest_run", "shortest_off"):
        rows = np.flatnonzero((group & (frame[field] > 1)).to_numpy())
        rule = f"{field} is a rule of a person, and the row is a group"
        action = f"name the people one by one, or leave {field} out"
        log.rows("E1354", source, field, rows, rule, action)
    _check_weekends(checked)


def _check_weekends(checked: CheckedTables) -> None:
    if not checked.has("periods"):
        return
    dated = bool(checked.words("periods", "start"))
    rows = np.flatnonzero(checked.frames["workers"]["weekends_max"].notna().to_numpy())
    if dated or not len(rows):
        return
    rule = "weekends_max says nothing: no period has a date"
    action = "fill in start of the periods, such as 2022-04-01"
    checked.log.rows("E1355", checked.sources["workers"], "weekends_max", rows, rule, action)


def check_shifts(checked: CheckedTables) -> None:
    """Tell starts that are no times, and suits worn longer than allowed."""
    source, log = checked.sources["shifts"], checked.log
    column = checked.text("shifts", "start")
    wrong = [bool(word) and not clock_minutes(word) >= 0 for word in column.categories]
    rule = "start must be a time of the day"
    rows = rows_where(column, wrong)
    log.rows("E1356", source, "start", rows, rule, "write HH:MM such as 08:30")
    frame = checked.frames["shifts"]
    longer = frame["suit"] & (frame["minutes"] > frame["suit_minutes_max"])
    rows = np.flatnonzero((longer & (frame["break_minutes"] == 0)).to_numpy())
    rule = "the shift is longer than a suit may be worn, and has no break"
    log.rows("E1357", source, "minutes", rows, rule, "fill in break_minutes, or shorten the shift")


def check_posts(checked: CheckedTables) -> None:
    """Tell posts that ask for more than they want, and places that are missing."""
    frame, source, log = checked.frames["posts"], checked.sources["posts"], checked.log
    more = (frame["minimum"] > frame["wanted"]) & frame["over_weight"].isna()
    rule = "minimum is above wanted"
    rows = np.flatnonzero(more.to_numpy())
    log.rows("E1358", source, "minimum", rows, rule, "correct one of them, or give over_weight")
    place = checked.strings("posts", "place_id")
    rows = np.flatnonzero(frame["sealed"].to_numpy() & (place == ""))
    rule = "a sealed post needs its place"
    log.rows("E1359", source, "place_id", rows, rule, "fill in place_id")
    _check_gates(checked, place)
    if not checked.has("workers"):
        return
    known = _owned(checked)
    if checked.has("training"):
        known |= set(checked.strings("training", "skill")[_begins(checked, known)])
    skill = checked.strings("posts", "skill")
    rows = np.flatnonzero((skill != "") & ~pd.Index(skill).isin(known))
    rule = "nobody has the skill, or can learn it: the post stays empty"
    action = "correct the skill here or in workers, or add a training for it"
    log.rows("W1351", source, "skill", rows, rule, action)


def _owned(checked: CheckedTables) -> set[str]:
    """Return the skills that workers have."""
    words = checked.words("workers", "skills")
    return {part.strip() for word in words for part in word.split("|")}


def _begins(checked: CheckedTables, owned: set[str]) -> np.ndarray:
    """Return the trainings that somebody can begin: what is learned meanwhile does not count."""
    before = checked.strings("training", "from_skill")
    return np.asarray((before == "") | pd.Index(before).isin(owned))


def _check_gates(checked: CheckedTables, place: np.ndarray) -> None:
    if checked.untrusted & {"communities"}:
        return
    towns = checked.words("communities", "community_id")
    gate = checked.frames["posts"]["gate"].to_numpy()
    rows = np.flatnonzero(gate & ~pd.Index(place).isin(towns))
    rule = "a gate post stands at the gate of a community"
    action = "fill in the community, or leave gate out"
    checked.log.rows("E1360", checked.sources["posts"], "place_id", rows, rule, action)


def check_training(checked: CheckedTables) -> None:
    """Tell a training that begins with what it teaches, or with what nobody has."""
    frame = checked.frames["training"]
    same = checked.strings("training", "skill") == checked.strings("training", "from_skill")
    rows = np.flatnonzero(same & (frame["periods"] > 0).to_numpy())
    rule = "the training takes the skill it teaches"
    source = checked.sources["training"]
    checked.log.rows("E1361", source, "from_skill", rows, rule, "correct one of the skills")
    if checked.has("workers"):
        rows = np.flatnonzero(~_begins(checked, _owned(checked)))
        rule = "no worker has the skill it begins with: nobody can take the training"
        action = "correct from_skill, or leave it blank; a training after a training is not planned"
        checked.log.rows("W1355", source, "from_skill", rows, rule, action)


def check_availability(checked: CheckedTables) -> None:
    """Tell wishes to work when one cannot."""
    frame = checked.frames["availability"]
    cannot = checked.strings("availability", "can") == "no"
    rows = np.flatnonzero(cannot & (frame["wish"] > 0).to_numpy())
    rule = "the worker wants to work then and cannot"
    source = checked.sources["availability"]
    checked.log.rows("W1352", source, "wish", rows, rule, "correct can or wish")


def check_staff_policy(
    frames: Mapping[str, pd.DataFrame], policy: Policy, label: str, log: FaultLog
) -> None:
    """Tell a policy that staffs gates together with dispatch where there is nobody to do so."""
    if policy.gate_staff != "joint":
        return
    where = f"{label}:gate_staff"
    missing = [name for name in ("workers", "shifts", "posts") if not len(frames[name])]
    if missing:
        rule = f"gate_staff = joint needs people, and there are no {' and no '.join(missing)}"
        action = f"fill in {', '.join(missing)}, or set gate_staff = chain"
        log.add("E1362", where, rule, action, "joint")
        return
    posts = frames["posts"][frames["posts"]["gate"]]
    if not len(posts):
        rule = "gate_staff = joint, and no post is at a gate"
        log.add("E1363", where, rule, "set gate in posts, or set gate_staff = chain", "joint")
        return
    staffed = set(posts["place_id"].astype("str"))
    gates = set(frames["gates"]["community_id"].astype("str"))
    for code, towns, rule, action in (
        ("W1353", gates - staffed, "gates without a post keep the minutes of the table gates",
         "add posts at these gates, or leave it so"),
        ("W1354", staffed - gates, "gates with a post have no row in gates: the roster alone"
         " limits them", "add rows to gates for periods without a roster, or leave it so"),
    ):  # fmt: skip
        if towns:
            log.add(code, where, rule, action, _some(sorted(towns)))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
