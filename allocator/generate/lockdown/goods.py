"""Items and needs of a random instance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.generate.lockdown.plot import Plot
from allocator.generate.shapes import Floats, Names, long_table


def items_table(plot: Plot) -> pd.DataFrame:
    """Return the items; the first is life-critical, lasts and is consumed."""
    draw, count = plot.draw, plot.items
    later = np.arange(count) > 0
    reusable = draw.chance("reusable", 0.25, count) & later & plot.has("reusables")
    perishable = (
        draw.chance("perishable", 0.35, count) & later & ~reusable & plot.has("perishables")
    )
    kg = draw.one_of("kg", (0.05, 0.25, 0.5, 1, 2), count)
    return pd.DataFrame(
        {
            "item_id": plot.item_ids,
            "kind": np.where(reusable | draw.chance("medical", 0.4, count), "medical", "living"),
            "kg": kg,
            "m3": kg * 0.004 if plot.has("volumes") else 0.0,
            "pack_size": draw.one_of("pack", (1, 2, 5, 10, 12), count),
            "whole_packs": draw.chance("whole packs", 0.35, count)
            & ~perishable
            & plot.has("packs"),
            "shelf_life_periods": np.where(perishable, draw.whole("shelf", 1, 3, count), np.nan),
            "reusable": reusable,
            "return_periods": np.where(reusable, draw.whole("return", 0, 1, count), 0),
            "tier": np.where(later, draw.whole("tier", 1, 3, count), 1),
            "handling_minutes": draw.one_of("handling", (0, 0.1, 0.2, 0.5), count),
        }
    )


@dataclass(frozen=True)
class Wanted:
    """Needs as arrays, communities x items x periods."""

    quantity: Floats
    people: Floats  # NaN = blank

    def per_period(self) -> Floats:
        """Return the mean need of a period, per item."""
        return np.asarray(self.quantity.sum(axis=0).mean(axis=1))


def wanted(plot: Plot, items: pd.DataFrame, population: Floats) -> Wanted:
    """Return whole needs: a share of the people times a norm, varying by day; some are zero."""
    draw = plot.draw
    shape = (plot.communities, plot.items, plot.periods)
    reusable = items["reusable"].to_numpy()
    share = np.where(reusable, 0.02, draw.one_of("share", (0.05, 0.3, 1), plot.items))
    norm = np.where(reusable, 1.0, draw.one_of("norm", (0.2, 0.5, 1, 2), plot.items))
    people = np.ceil(population[:, None, None] * share[None, :, None] * np.ones(shape))
    quantity = np.ceil(people * norm[None, :, None] * draw.uniform("need", 0.7, 1.3, *shape))
    quantity[draw.chance("no need", 0.1, *shape)] = 0
    blank = draw.chance("people blank", 0.1, plot.communities, plot.items)
    people[np.broadcast_to(blank[:, :, None], shape)] = np.nan
    return Wanted(quantity, people)


def needs_table(plot: Plot, items: pd.DataFrame, want: Wanted) -> pd.DataFrame:
    """Return the needs table; waiting needs and floors by item."""
    draw = plot.draw
    names: Names = {
        "community_id": plot.community_ids, "item_id": plot.item_ids, "period": plot.period_numbers,
    }  # fmt: skip
    table = long_table(names, quantity=want.quantity, people=want.people)
    waits = (
        draw.chance("waits", 0.3, plot.items) & ~items["reusable"].to_numpy() & plot.has("waits")
    )
    floor = draw.one_of("floor", (0, 0, 0.25, 0.5), plot.items) * plot.has("floors")
    item = np.tile(np.repeat(np.arange(plot.items), plot.periods), plot.communities)
    words = pd.array(["waits" if late else "lost" for late in waits], dtype="str")
    table = table.assign(floor_share=floor[item], backlog=words.take(item))
    table = table[table["quantity"] > 0].reset_index(drop=True)
    return pd.concat([table, _site_needs(plot, want)], ignore_index=True)


def _site_needs(plot: Plot, want: Wanted) -> pd.DataFrame:
    """Return the needs of one site for the first item, such as a hospital's."""
    if not plot.has("site_needs"):
        return pd.DataFrame()
    quantity = np.ceil(want.per_period()[0] * 0.05)
    return pd.DataFrame(
        {
            "community_id": plot.site_ids[0],
            "item_id": plot.item_ids[0],
            "period": plot.period_numbers,
            "quantity": quantity,
            "people": quantity,
            "floor_share": 0.0,
            "backlog": "lost",
        }
    )
