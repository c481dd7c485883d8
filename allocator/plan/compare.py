"""Two plans side by side: goals, shipments by item and by place, who wins and who loses."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from allocator.errors import UsageError
from allocator.plan.plan import Plan

_BEFORE, _AFTER, _CHANGE = "first", "second", "difference"


@dataclass(frozen=True)
class Comparison:
    """Tables with the columns first, second, difference (second - first).

    `goals` by goal; `items` units shipped by item; `places` units received by place;
    `short` person-days short by community, summed over items, where both plans state shortages.
    Of plans of reserves: units in reserve by item and by site, and units short by community on
    average over the scenarios, where both say what they do in them. Of routes: units delivered by
    item and by place, and units left behind by place. Of beds: patients by class and by site, and
    patient-periods of waiting by place.
    """

    goals: pd.DataFrame
    items: pd.DataFrame
    places: pd.DataFrame
    short: pd.DataFrame | None

    def winners(self, most: int = 10) -> pd.DataFrame:
        """Return the communities whose shortage falls most from the first to the second plan."""
        return self._moved(ascending=True, most=most)

    def losers(self, most: int = 10) -> pd.DataFrame:
        """Return the communities whose shortage grows most from the first to the second plan."""
        return self._moved(ascending=False, most=most)

    def _moved(self, ascending: bool, most: int) -> pd.DataFrame:
        if self.short is None:
            return pd.DataFrame({"community_id": []})
        moved = self.short[_CHANGE] < 0 if ascending else self.short[_CHANGE] > 0
        order = self.short[moved].sort_values([_CHANGE], ascending=ascending, kind="stable")
        return order.head(most).reset_index(drop=True)


def compare_plans(first: Plan, second: Plan) -> Comparison:
    """Set two plans side by side.

    Raises:
        PlanMissingError: when one of them holds no plan.
        UsageError: E2127, when they are of different decisions.
    """
    if first.decision != second.decision:
        raise UsageError.because(
            "plans of different decisions cannot be compared",
            value=f"{first.decision}, {second.decision}",
            action="name two plans of one decision",
            code="E2127",
        )
    if first.decision == "preposition":
        return _compare_reserves(first, second)
    if first.decision == "route":
        return _compare_routes(first, second)
    if first.decision == "admit":
        return _compare_beds(first, second)
    if first.decision == "staff":
        return _compare_rosters(first, second)
    stated = first.states("shortages") and second.states("shortages")
    return Comparison(
        goals=_goals(first, second),
        items=_sums(first, second, "shipments", "item_id", "quantity"),
        places=_sums(first, second, "shipments", "to_id", "quantity"),
        short=_sums(first, second, "shortages", "community_id", "person_days") if stated else None,
    )


def _compare_reserves(first: Plan, second: Plan) -> Comparison:
    stated = all(plan.states("recourse") and plan.states("outcomes") for plan in (first, second))
    return Comparison(
        goals=_goals(first, second),
        items=_sums(first, second, "reserves", "item_id", "quantity"),
        places=_sums(first, second, "reserves", "site_id", "quantity"),
        short=_side_by_side(_mean_short(first), _mean_short(second), "community_id")
        if stated
        else None,
    )


def _compare_routes(first: Plan, second: Plan) -> Comparison:
    """Compare what is delivered, and what is left, whose places count as communities."""
    stated = first.states("unserved") and second.states("unserved")
    left = [plan["unserved"].groupby("place_id")["quantity"].sum() for plan in (first, second)]
    return Comparison(
        goals=_goals(first, second),
        items=_sums(first, second, "deliveries", "item_id", "quantity"),
        places=_sums(first, second, "deliveries", "place_id", "quantity"),
        short=_side_by_side(left[0], left[1], "community_id") if stated else None,
    )


def _compare_rosters(first: Plan, second: Plan) -> Comparison:
    """Compare who stands where, and who is missing, whose posts count as communities."""
    stated = first.states("uncovered") and second.states("uncovered")
    left = [plan["uncovered"].groupby("post_id")["short"].sum() for plan in (first, second)]
    return Comparison(
        goals=_goals(first, second),
        items=_sums(first, second, "roster", "post_id", "number"),
        places=_sums(first, second, "roster", "worker_id", "minutes"),
        short=_side_by_side(left[0], left[1], "community_id") if stated else None,
    )


def _compare_beds(first: Plan, second: Plan) -> Comparison:
    """Compare patients by class and by site, and patient-periods of waiting by place."""
    stated = first.states("waiting") and second.states("waiting")
    return Comparison(
        goals=_goals(first, second),
        items=_sums(first, second, "admissions", "severity", "number"),
        places=_sums(first, second, "admissions", "site_id", "number"),
        short=_sums(first, second, "waiting", "community_id", "number") if stated else None,
    )


def _mean_short(plan: Plan) -> pd.Series:
    """Return the units short of each community, the mean over the scenarios."""
    rows = plan["recourse"]
    rows = rows[rows["kind"] == "short"]
    chance = plan["outcomes"].set_index("scenario_id")["probability"]
    units = rows["quantity"] * rows["scenario_id"].map(chance).astype(float)
    return units.groupby(rows["to_id"]).sum()


def _goals(first: Plan, second: Plan) -> pd.DataFrame:
    names = dict.fromkeys(goal.name for plan in (first, second) for goal in plan.goals)
    units = {goal.name: goal.unit for plan in (first, second) for goal in plan.goals}
    values = [{goal.name: goal.value for goal in plan.goals} for plan in (first, second)]
    frame = pd.DataFrame(
        {
            "goal": list(names),
            "unit": [units[name] for name in names],
            _BEFORE: [values[0].get(name) for name in names],
            _AFTER: [values[1].get(name) for name in names],
        }
    ).astype({_BEFORE: float, _AFTER: float})
    return frame.assign(**{_CHANGE: frame[_AFTER] - frame[_BEFORE]})


def _sums(first: Plan, second: Plan, table: str, by: str, what: str) -> pd.DataFrame:
    sums = [plan[table].groupby(by)[what].sum() for plan in (first, second)]
    return _side_by_side(sums[0], sums[1], by)


def _side_by_side(first: pd.Series, second: pd.Series, by: str) -> pd.DataFrame:
    frame = pd.concat([first, second], axis=1, keys=[_BEFORE, _AFTER]).fillna(0.0).sort_index()
    frame = frame.assign(**{_CHANGE: frame[_AFTER] - frame[_BEFORE]})
    return frame.rename_axis(by).reset_index()
