"""Class of access, gate share and permits, from the tables alone (formulation section 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check.ground import Bools, Floats, Ground, Ints

CLASSES = ("open", "controlled", "sealed")  # from mild to strict


@dataclass(frozen=True)
class Access:
    """Class of access (position in CLASSES) and gate share, places x periods."""

    level: Ints
    gate_share: Floats


def access_of(ground: Ground) -> Access:
    """Sum the shares of every class; the largest wins, ties go to the stricter class."""
    table = ground.instance["access"]
    place, period = ground.place(table["place_id"]), table["period"].to_numpy(np.int64) - 1
    level = np.asarray(pd.Index(CLASSES).get_indexer(pd.Index(table["access"])))
    ok = (place >= 0) & (level >= 0)
    shares = np.zeros((len(CLASSES), len(ground.places), ground.periods))
    np.add.at(shares, (level[ok], place[ok], period[ok]), table["share"].to_numpy(float)[ok])
    stated = np.zeros(shares.shape[1:], dtype=bool)
    stated[place[ok], period[ok]] = True
    open_, controlled, sealed = shares
    strict = np.where(
        sealed >= np.maximum(open_, controlled), 2, np.where(controlled >= open_, 1, 0)
    )
    return Access(
        level=np.where(shares.sum(axis=0) > 0, strict, 0),
        gate_share=np.where(stated, np.minimum(1.0, controlled + sealed), 1.0),
    )


@dataclass(frozen=True)
class Permits:
    """The vehicles table as arrays and who may go where; no rows when the fleet binds nothing."""

    binds: bool
    table: pd.DataFrame
    home: Ints  # -1 = pool, -2 = a home that takes no part
    zone_ok: Bools  # vehicles x places
    class_ok: Bools  # vehicles x classes

    def allow(self, vehicle: Ints, origin: Ints, target: Ints, level: Ints) -> Bools:
        """Return whether vehicles may run from origin to a target of access class `level`."""
        home = (self.home[vehicle] == origin) | (self.home[vehicle] == -1)
        return np.asarray(home & self.zone_ok[vehicle, target] & self.class_ok[vehicle, level])


def permits_of(ground: Ground) -> Permits:
    """Read zones and access of every vehicle row."""
    table = ground.instance["vehicles"]
    binds = ground.instance.policy.fleet == "limited" and len(table) > 0
    home = ground.place(table["site_id"])
    home = np.where(table["site_id"] == "", -1, np.where(home < 0, -2, home))
    zones = ground.places.zone
    in_zone = [_named(text, zones) | (zones == "") for text in table["zones"]]
    in_class = [_named(text, np.array(CLASSES, dtype=object)) for text in table["access"]]
    return Permits(
        binds=binds,
        table=table,
        home=home.astype(np.int64),
        zone_ok=np.array(in_zone, dtype=bool).reshape(len(table), len(zones)),
        class_ok=np.array(in_class, dtype=bool).reshape(len(table), len(CLASSES)),
    )


def _named(text: str, names: np.ndarray) -> Bools:
    """Return which names stand in a list separated by `|`; a blank list names all."""
    chosen = [part.strip() for part in text.split("|") if part.strip()]
    return np.isin(names, np.array(chosen, dtype=object)) if chosen else np.ones(len(names), bool)
