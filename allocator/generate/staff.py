"""Workers, shifts and posts of communities under lockdown, as sourced and assumed figures say.

Every figure stands in figures/staff_rules.csv.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.figures import Figures
from allocator.instance import Instance

FIGURES = "staff_rules"
SAMPLER = "sampler"


def with_staff(instance: Instance) -> Instance:
    """Return the instance with groups of workers, shifts, posts and a training for samplers.

    Every community has qualified and other workers, cadres sent down and volunteers; posts at its
    gate, for tests (in suits, critical) and for visits. The same instance gives the same tables.
    """
    figures = Figures(FIGURES)
    towns = instance["communities"]
    homes = towns["households"].fillna(towns["population"] / 2.5).to_numpy(float)
    policy = instance.policy.replace(home_minutes=figures("people", "home_minutes"))
    return instance.replace(
        policy=policy,
        workers=_workers(towns, homes, figures, len(instance["periods"])),
        shifts=_shifts(figures),
        successions=pd.DataFrame({"shift_id": ["evening"], "next_shift_id": ["suit"]}),
        posts=_posts(towns, homes, figures),
        training=pd.DataFrame(
            {
                "skill": [SAMPLER],
                "periods": [int(figures("training", "periods"))],
                "seats": [int(figures("training", "seats_per_community")) * len(towns)],
            }
        ),
    )


def _workers(
    towns: pd.DataFrame, homes: np.ndarray, figures: Figures, periods: int
) -> pd.DataFrame:
    own = np.maximum(2, np.round(homes * figures("people", "workers_per_household")))
    qualified = np.maximum(1, np.round(own * figures("people", "qualified")))
    groups = {
        "qualified": (qualified, SAMPLER, True),
        "workers": (own - qualified, SAMPLER, False),
        "cadres": (np.round(homes * figures("people", "cadres_per_household")), "", False),
        "volunteers": (np.round(own * figures("people", "volunteers_per_worker")), "", False),
    }
    week = 60 * figures("people", "hours_a_week")
    parts = [
        pd.DataFrame(
            {
                "worker_id": towns["community_id"] + f"-{name}",
                "number": number.astype(np.int64),
                "home_id": towns["community_id"],
                "skills": skill,
                "qualified": able,
                "maximum_minutes": np.ceil(week * periods / 7),
                "longest_run": figures("people", "longest_run"),
                "rest_minutes": 60 * figures("people", "rest"),
            }
        )
        for name, (number, skill, able) in groups.items()
    ]
    both = pd.concat(parts, ignore_index=True)
    return both[both["number"] > 0].reset_index(drop=True)


def _shifts(figures: Figures) -> pd.DataFrame:
    long, suit = figures("shift", "minutes"), figures("shift", "suit_minutes")
    return pd.DataFrame(
        {
            "shift_id": ["day", "evening", "suit"],
            "start": ["07:00", "15:00", "07:00"],
            "minutes": [long, long, suit],
            "suit": [False, False, True],
            "suit_minutes_max": [np.nan, np.nan, figures("shift", "spell")],
            "break_minutes": [0.0, 0.0, figures("shift", "pause")],
        }
    )


def _posts(towns: pd.DataFrame, homes: np.ndarray, figures: Figures) -> pd.DataFrame:
    kinds = (
        ("gate", "day", "gate", "", 0.0, False),
        ("gate", "evening", "gate", "", 0.0, False),
        ("test", "suit", "test", SAMPLER, 0.0, True),
        ("visit", "day", "visit", "", figures("post", "visit_qualified"), False),
    )
    parts = [
        pd.DataFrame(
            {
                "post_id": towns["community_id"] + f"-{name}",
                "place_id": towns["community_id"],
                "shift_id": shift,
                "skill": skill,
                "wanted": np.ceil(homes * figures("post", f"{figure}_per_household")).astype(int),
                "qualified_share": share,
                "critical": critical,
                "gate": name == "gate",
            }
        )
        for name, shift, figure, skill, share, critical in kinds
    ]
    return pd.concat(parts, ignore_index=True)
