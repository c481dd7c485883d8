"""Sharing ventilators between the 50 states: every published row as an instance of our dispatch.

Source: COVIDAnalytics/ventilator-allocation at aa49fd1c; Bertsimas et al. 2021, "From predictions
to prescriptions: a data-driven response to COVID-19", Health Care Management Science 24:253-272.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from allocator.bench import Case, Meter, Row, Settings, Suite, need_folder

ITEM = "ventilator"
GOAL = "1*units_short + 0.1*transport"
SHIP_MAX = 3000.0
LEAD_DAYS = 3
COST_OF_A_SHIPMENT = 10.0  # added to the distance in degrees
TOLERANCE = 0.05  # ventilator-days
DAY_MINUTES = 1440.0


@dataclass(frozen=True)
class Published:
    """The tables of the publication: need is days x states, miles are degrees, states x states."""

    states: list[str]
    population: np.ndarray
    ventilators: np.ndarray
    distance: np.ndarray
    days: list[str]
    need: np.ndarray


def folder(settings: Settings) -> Path:
    return need_folder(settings, "published/ventilators")


def sensitivity(path: Path) -> pd.DataFrame:
    """Return utilization, minimum_stock_fraction and shortfall (ventilator-days), one row each."""
    table = pd.read_csv(path / "published_sensitivity_ihme.csv")
    return table[~table["only_send_excess"]].reset_index(drop=True)


def read_published(path: Path) -> Published:
    """Read the four tables; the District of Columbia and parts of states are left out."""
    states = pd.read_csv(path / "state_list.csv")["State"].tolist()
    counted = pd.read_csv(path / "ventilator_table_calculated.csv").set_index("STNAME").loc[states]
    need = pd.read_csv(path / "predicted_ihme_2020_04_01.csv").pivot(
        index="Day", columns="State", values="Ventilators"
    )
    distance = pd.read_csv(path / "state_distances.csv", index_col=0)
    return Published(
        states=states,
        population=counted["POPESTIMATE2019"].to_numpy(float),
        ventilators=counted["VentCalc_2019"].to_numpy(float),
        distance=distance.loc[states, states].to_numpy(float),
        days=need.index.tolist(),
        need=need[states].to_numpy(float),
    )


def as_instance(published: Published, utilization: float, stock_fraction: float) -> Any:
    """Return one row of the sensitivity table as an instance of dispatch.

    A state is a community that holds stock and has a need that is a level in use.
    """
    from allocator.instance import Instance
    from allocator.instance.policy import Policy

    states = pd.Series(published.states)
    stock = published.ventilators * (1.0 - utilization)
    item = {"kind": "medical", "kg": 0.0, "reusable": True, "return_periods": 0, "tier": 1}
    return Instance.from_frames(
        name=f"ventilators-{utilization:g}-{stock_fraction:g}",
        policy=Policy(lanes="listed", returns=False, fleet="free", fairness="none", goals=(GOAL,)),
        periods=_periods(published),
        communities=pd.DataFrame({"community_id": states, "population": published.population}),
        items=pd.DataFrame([{"item_id": ITEM, **item}]),
        needs=_needs(published),
        stocks=pd.DataFrame({"place_id": states, "item_id": ITEM, "quantity": stock}),
        limits=pd.DataFrame(
            {
                "place_id": states,
                "item_id": ITEM,
                "ship_max": SHIP_MAX,
                "stock_min_share": stock_fraction,
            }
        ),
        links=_links(published),
    )


def _periods(published: Published) -> pd.DataFrame:
    days = range(1, len(published.days) + 1)
    return pd.DataFrame({"period": days, "start": published.days, "minutes": DAY_MINUTES})


def _needs(published: Published) -> pd.DataFrame:
    day, state = np.nonzero(published.need > 0)
    quantity = published.need[day, state]
    return pd.DataFrame(
        {
            "community_id": np.array(published.states, dtype=object)[state],
            "item_id": ITEM,
            "period": day + 1,
            "quantity": quantity,
            "people": quantity,
        }
    )


def _links(published: Published) -> pd.DataFrame:
    origin, target = np.nonzero(~np.eye(len(published.states), dtype=bool))
    states = np.array(published.states, dtype=object)
    return pd.DataFrame(
        {
            "from_id": states[origin],
            "to_id": states[target],
            "minutes": LEAD_DAYS * DAY_MINUTES,
            "lead_periods": LEAD_DAYS,
            "cost": published.distance[origin, target] + COST_OF_A_SHIPMENT,
        }
    )


def cases(settings: Settings) -> Sequence[Case]:
    table = sensitivity(folder(settings))
    rows = zip(
        table["utilization"], table["minimum_stock_fraction"], table["shortfall"], strict=True
    )
    return [
        Case(
            name=f"u{utilization:g}-s{fraction:g}",
            methods=("dispatch",),
            parameters={"utilization": utilization, "fraction": fraction, "published": published},
        )
        for utilization, fraction, published in rows
    ]


def run(case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
    from allocator.check import check
    from allocator.engine.ordered import Budget, Progress, run_stages
    from allocator.engine.session import Session
    from allocator.instance.network import network
    from allocator.models.dispatch.alone import Attainable
    from allocator.models.dispatch.model import DispatchModel
    from allocator.models.dispatch.read import plan_tables
    from allocator.models.dispatch.solve import stages_of
    from allocator.plan import Plan, Status

    given = case.parameters
    with meter.phase("load"):
        published = read_published(folder(settings))
        instance = as_instance(published, given["utilization"], given["fraction"])
    with meter.phase("build"):
        model = DispatchModel(network(instance))
        stages = stages_of(model, Attainable(model))
    with meter.phase("pass"):
        session = Session(model.program, seed=settings.seed)
    limit = settings.time_limit
    with meter.phase("solve"):
        budget = Budget(None if limit is None else time.monotonic() + limit)
        progress = run_stages(session, stages, budget, Progress())
    if progress.solution is None:
        return [Row(case.name, method, expected=given["published"], note="no point in time")]
    with meter.phase("check"):
        tables = plan_tables(model, progress.solution)
        verdict = check(instance, Plan("dispatch", tables, Status("completed", "invalid")))
    return [row(case, method, verdict, progress.results[0], session.columns)]


def row(case: Case, method: str, verdict: Any, goal: Any, columns: int) -> Row:
    """Return the shortfall the judge found beside the published one; the gap is the goal's."""
    shortfall, broken = verdict.goals["units_short"], len(verdict.table)
    published = case.parameters["published"]
    return Row(
        case.name,
        method,
        value=shortfall,
        gap=None if goal.bound is None else (goal.value - goal.bound) / goal.value,
        expected=published,
        within=broken == 0 and abs(shortfall - published) <= TOLERANCE,
        detail={
            "columns": columns,
            "violations": broken,
            "goal": goal.value,
            "goal_bound": goal.bound,
        },
    )


SUITE = Suite(
    name="ventilators",
    purpose="Published shortfalls of sharing ventilators between 50 states, 126 days (50 rows)",
    cases=cases,
    run=run,
    notes=(
        "Value is the shortfall in ventilator-days as the judge finds it. The goal is shortfall + "
        "0.1 x transport, and the gap is the goal's: the shortfall alone has no bound of its own.",
        f"Within: at most {TOLERANCE} from the published figure. Utilization 1 leaves no stock.",
        "Distances are in degrees, as published; the District of Columbia is left out.",
    ),
)
