"""Draw scenarios for an instance: needs, losses, lanes and failures, as bulk tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.errors import UsageError
from allocator.generate.lockdown.draw import Draw
from allocator.generate.marginals import Marginals
from allocator.generate.scenarios.draw_lanes import scenario_links
from allocator.generate.scenarios.severity import Points, Severity, rare, severity_of, tied
from allocator.generate.shapes import Floats
from allocator.instance import Instance
from allocator.instance.bundle import SCENARIO_TABLES
from allocator.instance.coerce import empty_table
from allocator.instance.futures import reserve_case
from allocator.instance.reserve import Reserve, position

DIGITS = 3  # significant digits of a need: a file of many scenarios stays small
_STRONG = 1.0  # sizes named strong and mild lie this far from the mean


def drawn(
    instance: Instance, number: int, seed: int = 0, marginals: Marginals | None = None
) -> Instance:
    """Return the instance with scenarios drawn; those it had are left out.

    The first scenarios are the same whatever the number. Needs are those of `needs` times a
    figure of their place and kind; they keep their periods where an agreement has a delay.

    Args:
        instance: Places with points, usual needs, sites, lanes and agreements.
        number: How many scenarios, of equal probability.
        seed: The same seed gives the same tables.
        marginals: What is drawn from which distribution.

    Raises:
        UsageError: There are no needs to start from, or the number is below 1 (E2042).
    """
    chosen = marginals or Marginals()
    if number < 1 or not len(instance["needs"]):
        raise UsageError.because(
            "scenarios are drawn around the needs of the instance: there must be needs, and one "
            "scenario at least",
            where="needs" if number >= 1 else "number",
            value=str(number),
            action="fill in needs with what is usual, and ask for scenarios",
            code="E2042",
        )
    plain = without_scenarios(instance)
    reserve = reserve_case(plain).reserve
    draw = Draw(seed)
    state = severity_of(draw, _points(plain, reserve), number, chosen)
    ids = scenario_ids(number)
    return plain.replace(
        policy=None,
        name=None,
        validate=False,
        scenarios=_scenarios(ids, reserve, state),
        scenario_needs=_needs(plain, ids, reserve, state, chosen),
        scenario_sites=_sites(plain, draw, ids, reserve, state, chosen),
        scenario_links=scenario_links(draw, ids, reserve, state, chosen),
        scenario_agreements=_agreements(plain, draw, ids, reserve, state, chosen),
    )


def scenario_ids(number: int) -> np.ndarray:
    """Return S001, S002, ... wide enough for the number."""
    width = max(3, len(str(number)))
    return np.array([f"S{place:0{width}d}" for place in range(1, number + 1)], dtype=object)


def without_scenarios(instance: Instance) -> Instance:
    """Return the instance without scenarios, overlays and bulk tables."""
    empty = {name: empty_table(name).copy() for name in SCENARIO_TABLES}
    return instance.replace(policy=None, name=None, validate=False, **empty)


def _points(instance: Instance, reserve: Reserve) -> Points:
    """Return communities (and needing sites), then the sites."""
    columns = ["lat", "lon"]
    towns = instance["communities"].set_index("community_id")[columns]
    sites = instance["sites"].set_index("site_id")[columns]
    table = pd.concat([towns, sites])
    ids = np.concatenate([reserve.communities.ids, reserve.sites.ids])
    found = table[~table.index.duplicated()].loc[ids]
    people = np.concatenate([reserve.communities.population, np.zeros(len(reserve.sites))])
    return Points(found["lat"].to_numpy(float), found["lon"].to_numpy(float), people)


def _scenarios(ids: np.ndarray, reserve: Reserve, state: Severity) -> pd.DataFrame:
    names = np.where(
        reserve.communities.names == "", reserve.communities.ids, reserve.communities.names
    )
    districts = reserve.communities.district
    words = np.select([state.size > _STRONG, state.size < -_STRONG], ["strong", "mild"], "usual")
    where = np.where(
        state.centre < 0,
        "everywhere",
        "around "
        + names[state.centre]
        + np.where(districts == "", "", ", " + districts)[state.centre],
    )
    return pd.DataFrame(
        {
            "scenario_id": ids,
            "name": [f"{word} outbreak {place}" for word, place in zip(words, where, strict=True)],
            "probability": 1.0 / len(ids),
            "centre": np.where(state.centre < 0, "", reserve.communities.ids[state.centre]),
            "size": np.char.mod("%.3f", state.size).astype(object),
        }
    )


def lognormal(mean: float, cv: float, figure: Floats) -> Floats:
    """Return lognormal figures with a mean and coefficient of variation, rising with `figure`."""
    spread = np.sqrt(np.log1p(cv * cv))
    return np.asarray(mean * np.exp(spread * figure - spread * spread / 2))


def _needs(
    instance: Instance, ids: np.ndarray, reserve: Reserve, state: Severity, marginals: Marginals
) -> pd.DataFrame:
    keys = ["community_id", "item_id"]
    if (reserve.agreements.delay > 0).any():
        keys.append("period")
    table = instance["needs"][instance["needs"]["quantity"] > 0]
    table = _usual(table, reserve, keys)
    place = position(reserve.communities.ids, table["community_id"])
    table, place = table[place >= 0], place[place >= 0]
    kind = instance["items"].set_index("item_id")["kind"].loc[table["item_id"]]
    medical = (kind == "medical").to_numpy(bool)
    at = state.at[:, place]
    times = np.where(
        medical,
        lognormal(marginals.medical_mean, marginals.medical_cv, at),
        lognormal(marginals.living_mean, marginals.living_cv, at),
    )
    people = table["people"].to_numpy(float)
    most = np.where(
        reserve.communities.is_site[place], np.inf, reserve.communities.population[place]
    )
    repeated = {name: np.tile(table[name].to_numpy(), len(ids)) for name in keys}
    return pd.DataFrame(
        {
            "scenario_id": np.repeat(ids, len(table)),
            **repeated,
            "quantity": rounded(table["quantity"].to_numpy(float) * times).ravel(),
            "people": rounded(np.minimum(people * times, np.maximum(most, people))).ravel(),
        }
    )


def _usual(table: pd.DataFrame, reserve: Reserve, keys: list[str]) -> pd.DataFrame:
    """Return the usual needs by these keys: flows added up, of levels in use the largest."""
    held = reserve.items.reusable[position(reserve.items.ids, table["item_id"])]
    groups = table.groupby(keys, sort=False)
    flow, level = groups["quantity"].sum(), groups["quantity"].max()
    kept = pd.Series(held, index=table.index).groupby([table[key] for key in keys], sort=False)
    quantity = flow.where(~kept.first(), level)
    return pd.DataFrame({"quantity": quantity, "people": groups["people"].max()}).reset_index()


def rounded(values: Floats) -> Floats:
    """Return values with `DIGITS` significant digits."""
    size = np.floor(np.log10(np.where(values > 0, values, 1.0)))
    unit = 10.0 ** (DIGITS - 1 - size)
    return np.asarray(np.round(values * unit) / unit)


def _sites(
    instance: Instance,
    draw: Draw,
    ids: np.ndarray,
    reserve: Reserve,
    state: Severity,
    marginals: Marginals,
) -> pd.DataFrame:
    here = state.at[:, len(reserve.communities) :]
    hit = tied(draw, "site", here, marginals.tie) > rare(marginals.site_loss)
    left = draw.uniform("left", 0.0, marginals.site_left, *here.shape)
    usual = (
        instance["sites"].set_index("site_id")["survival"].loc[reserve.sites.ids].to_numpy(float)
    )
    scenario, site = np.nonzero(hit)
    share = np.round(left[scenario, site] * usual[site], DIGITS)
    return pd.DataFrame(
        {"scenario_id": ids[scenario], "site_id": reserve.sites.ids[site], "survival": share}
    )


def _agreements(
    instance: Instance,
    draw: Draw,
    ids: np.ndarray,
    reserve: Reserve,
    state: Severity,
    marginals: Marginals,
) -> pd.DataFrame:
    count = len(reserve.agreements)
    size = np.repeat(state.size[:, None], count, axis=1)
    failed = tied(draw, "supplier", size, marginals.tie) > rare(marginals.supplier_failure)
    left = draw.uniform("delivered", 0.0, marginals.supplier_left, *size.shape)
    table = instance["agreements"].set_index("agreement_id")["available"]
    usual = table.loc[reserve.agreements.ids].to_numpy(float)
    scenario, agreement = np.nonzero(failed)
    return pd.DataFrame(
        {
            "scenario_id": ids[scenario],
            "agreement_id": reserve.agreements.ids[agreement],
            "available": np.round(left[scenario, agreement] * usual[agreement], DIGITS),
        }
    )
