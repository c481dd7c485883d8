"""Prices in every scenario: of a unit short, of one left over, of one called from a supplier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.instance.futures_tables import Variants
from allocator.instance.instance import Instance
from allocator.instance.lanes import Floats
from allocator.instance.reserve import Reserve


@dataclass(frozen=True)
class Prices:
    """Money a unit: short (S, K), left over (S, K), called (S, A)."""

    shortage: Floats
    surplus: Floats
    called: Floats


def prices_of(variants: Variants, reserve: Reserve) -> Prices:
    """Return the prices of every scenario; only overlays make them differ."""
    usual, count = _prices(variants.instance, reserve), len(variants)
    found = [np.repeat(price[None], count, axis=0) for price in usual]
    for scenario, changed in variants.changing("items", "agreements"):
        for array, price in zip(found, _prices(changed, reserve), strict=True):
            array[scenario] = price
    return Prices(*found)


def _prices(instance: Instance, reserve: Reserve) -> tuple[Floats, Floats, Floats]:
    items = instance["items"]
    agreements = instance["agreements"].set_index("agreement_id").loc[reserve.agreements.ids]
    return (
        items["shortage_cost"].to_numpy(float),
        items["surplus_cost"].to_numpy(float),
        agreements["price"].to_numpy(float),
    )
