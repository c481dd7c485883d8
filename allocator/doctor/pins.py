"""Pins that no plan can keep: without a lane or goods, above a limit, or against each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from allocator.doctor.finding import Finding
from allocator.doctor.pin_limits import PinLimits
from allocator.doctor.words import line, number
from allocator.instance.lanes import Ints
from allocator.instance.network import Network

_KEYS = ("from_id", "to_id", "item_id", "period")


def pin_findings(net: Network, first: Ints) -> list[Finding]:
    """Return one error a pin that cannot hold."""
    pins = net.instance["pins"]
    if pins.empty:
        return []
    limits = PinLimits(net, first)
    lower = np.flatnonzero((pins["rule"] != "at_most") & (pins["quantity"] > 0))
    found = [one for row in lower for one in _alone(net, limits, int(row))]
    return [*found, *_against_each_other(pins), *_packs(net, pins)]


def _alone(net: Network, limits: PinLimits, row: int) -> Iterator[Finding]:
    pin = net.instance["pins"].iloc[row]
    wanted = float(pin["quantity"])
    bounds = limits.of(pin)
    if bounds is None:
        what = f"Pin {pin['pin_id']} wants {number(wanted)}, but no lane can carry such goods then."
        repair = "drop the pin, or change its places, item or period"
        yield Finding("E3701", what, {"quantity": wanted}, repair, line("pins", row))
        return
    family = min(bounds, key=lambda name: bounds[name], default="")
    if family and bounds[family] < wanted * (1 - 1e-9) - 1e-6:
        most = bounds[family]
        what = (
            f"Pin {pin['pin_id']} wants {number(wanted)}; {family} allows at most {number(most)}."
        )
        numbers = {"quantity": wanted, "at_most": most, "family": family}
        yield Finding("E3702", what, numbers, f"lower the pin to {number(most)}", line("pins", row))


def _against_each_other(pins: pd.DataFrame) -> Iterator[Finding]:
    """Compare upper pins with the sums of lower pins inside them; equal patterns never overlap."""
    keys = pins[list(_KEYS)].astype({"period": "object"})
    keys["period"] = ["" if np.isnan(p) else str(int(p)) for p in pins["period"]]
    lower = (pins["rule"] != "at_most").to_numpy(bool)
    for row in np.flatnonzero(pins["rule"] != "at_least"):
        inside = lower.copy()
        for name in _KEYS:
            if keys[name].iloc[row]:
                inside &= (keys[name] == keys[name].iloc[row]).to_numpy(bool)
        inside[row] = False
        clash = _largest_sum(pins, keys, inside)
        most = float(pins["quantity"].iloc[row])
        if clash is not None and clash[0] > most * (1 + 1e-9) + 1e-6:
            yield _clash(pins, int(row), *clash)


def _largest_sum(
    pins: pd.DataFrame, keys: pd.DataFrame, inside: np.ndarray
) -> tuple[float, list[str]] | None:
    if not inside.any():
        return None
    part = keys[inside].assign(quantity=pins["quantity"][inside], pin_id=pins["pin_id"][inside])
    part = part.sort_values("quantity", ascending=False, kind="stable").drop_duplicates(list(_KEYS))
    pattern = (part[list(_KEYS)] != "").apply(tuple, axis=1)
    total = part.groupby(pattern)["quantity"].sum()
    best = total.idxmax()
    return float(total.max()), list(part.loc[pattern == best, "pin_id"])


def _clash(pins: pd.DataFrame, row: int, total: float, names: list[str]) -> Finding:
    pin = pins.iloc[row]
    what = (
        f"Pin {pin['pin_id']} allows {number(float(pin['quantity']))}, but "
        f"{', '.join(names[:5])} together want "
        f"{number(total)} of the same."
    )
    numbers = {"allowed": float(pin["quantity"]), "wanted": total}
    return Finding(
        "E3703",
        what,
        numbers,
        f"raise it to {number(total)} or lower the others",
        line("pins", row),
    )


def _packs(net: Network, pins: pd.DataFrame) -> Iterator[Finding]:
    item = np.asarray(pd.Index(net.items.ids).get_indexer(pd.Index(pins["item_id"])))
    exact = (pins["rule"] == "exactly").to_numpy(bool) & (item >= 0)
    for row in np.flatnonzero(exact & net.items.whole[np.maximum(item, 0)]):
        pack, wanted = float(net.items.pack[item[row]]), float(pins["quantity"].iloc[row])
        if abs(wanted / pack - round(wanted / pack)) * pack > 1e-6 * max(1.0, wanted):
            what = (
                f"Pin {pins['pin_id'].iloc[row]} wants exactly {number(wanted)}, no "
                f"multiple of packs of {number(pack)}."
            )
            repair = (
                f"pin {number(np.floor(wanted / pack) * pack)} or "
                f"{number(np.ceil(wanted / pack) * pack)}"
            )
            yield Finding(
                "E3704", what, {"quantity": wanted, "pack": pack}, repair, line("pins", int(row))
            )
