"""Put the case of reserves for Shanghai together."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from allocator.generate.figures import Figures
from allocator.generate.marginals import Marginals
from allocator.generate.reserves import network, supplies
from allocator.generate.scenarios.draw import drawn
from allocator.generate.shanghai.case import FIRST_DAY, open_case
from allocator.instance import Instance, Policy

MINUTES_A_DAY = 1440
NAME = "shanghai-2022-reserves"


def shanghai_reserves(scenarios: int = 50, seed: int = 2022) -> Instance:
    """Return 234 jiedao with a candidate reserve each, 16 warehouses, 8 items, scenarios.

    Args:
        scenarios: How many to draw.
        seed: The same seed gives the same tables; the first scenarios do not depend on how many.
    """
    case, figures = open_case("jiedao"), Figures("shanghai_2022_reserves")
    frames: dict[str, Any] = {
        "periods": _periods(figures),
        "communities": _communities(case.units),
        "items": supplies.items_table(case, figures),
        "needs": supplies.needs_table(case, figures),
        "sites": network.sites_table(case),
        "sizes": network.sizes_table(case, figures),
        "stocks": supplies.stocks_table(case),
        "agreements": supplies.agreements_table(case, figures),
        "links": network.links_table(case, figures),
    }
    policy = Policy(
        lanes="listed",
        detour=case.figures("roads", "detour"),
        speed_kmh=case.figures("van", "speed_kmh"),
        reserve_budget=figures("costs", "budget"),
        time_standard=figures("policy", "time_standard"),
    )
    usual = Instance.from_frames(policy=policy, name=NAME, **frames)
    return drawn(usual, scenarios, seed, reserve_marginals())


def reserve_marginals() -> Marginals:
    """Return what the scenarios of the case are drawn from."""
    figures = Figures("shanghai_2022_reserves")
    return Marginals(**{spec.name: figures("scenario", spec.name) for spec in fields(Marginals)})


def _periods(figures: Figures) -> pd.DataFrame:
    first, days = figures("horizon", "first_days"), figures("horizon", "days")
    start = pd.Timestamp(FIRST_DAY)
    starts = [start, start + pd.Timedelta(days=first)]
    return pd.DataFrame(
        {
            "period": [1, 2],
            "start": [moment.strftime("%Y-%m-%d") for moment in starts],
            "minutes": np.array([first, days - first]) * MINUTES_A_DAY,
        }
    )


def _communities(units: pd.DataFrame) -> pd.DataFrame:
    columns = ["community_id", "name", "lat", "lon", "district", "population", "households"]
    return units[columns]
