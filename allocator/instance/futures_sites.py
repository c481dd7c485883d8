"""Sites and agreements in every scenario: what survives, what can leave, what is delivered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.instance.futures_tables import Variants
from allocator.instance.instance import Instance
from allocator.instance.lanes import Floats
from allocator.instance.reserve import Reserve, position, sizes_of


@dataclass(frozen=True)
class SiteStates:
    """Survival (S, I, K), throughput of sizes (S, N), availability of agreements (S, A)."""

    survival: Floats
    throughput_m3: Floats
    available: Floats


def site_states(variants: Variants, reserve: Reserve) -> SiteStates:
    """Return the state of sites and agreements in every scenario."""
    instance, count = variants.instance, len(variants)
    items = len(reserve.items)
    survival = np.tile(_survival(instance, reserve)[None, :, None], (count, 1, items))
    through = np.tile(reserve.sizes.throughput_m3, (count, 1))
    available = np.tile(_available(instance, reserve), (count, 1))
    for scenario, changed in variants.changing("sites", "sizes", "agreements"):
        survival[scenario] = _survival(changed, reserve)[:, None]
        through[scenario] = _throughput(changed, reserve)
        available[scenario] = _available(changed, reserve)
    states = SiteStates(survival, through, available)
    _bulk_sites(variants, reserve, states)
    table, at = variants.bulk("scenario_agreements")
    agreement = position(reserve.agreements.ids, table["agreement_id"])
    known = agreement >= 0
    available[at[known], agreement[known]] = table["available"].to_numpy(float)[known]
    return states


def _survival(instance: Instance, reserve: Reserve) -> Floats:
    """Return the survival of each site; nothing of one that is closed."""
    table = instance["sites"].set_index("site_id").loc[reserve.sites.ids]
    lost = (table["status"] == "closed").to_numpy(bool)
    return np.where(lost, 0.0, table["survival"].to_numpy(float))


def _throughput(instance: Instance, reserve: Reserve) -> Floats:
    """Return the throughput of each size, in the order of the reserve."""
    return sizes_of(instance, reserve.sites).throughput_m3


def _available(instance: Instance, reserve: Reserve) -> Floats:
    """Return the part of each agreement that can be delivered; nothing to a closed site."""
    table = instance["agreements"].set_index("agreement_id").loc[reserve.agreements.ids]
    sites = instance["sites"]
    closed = set(sites.loc[sites["status"] == "closed", "site_id"])
    lost = table["site_id"].isin(closed).to_numpy(bool)
    return np.where(lost, 0.0, table["available"].to_numpy(float))


def _bulk_sites(variants: Variants, reserve: Reserve, states: SiteStates) -> None:
    """Write in the rows of `scenario_sites`: those for all items first, then single items."""
    table, at = variants.bulk("scenario_sites")
    site = position(reserve.sites.ids, table["site_id"])
    item = position(reserve.items.ids, table["item_id"])
    share, most = (table[name].to_numpy(float) for name in ("survival", "throughput_m3"))
    whole = (site >= 0) & (item < 0) & ~np.isnan(share)
    states.survival[at[whole], site[whole]] = share[whole][:, None]
    single = (site >= 0) & (item >= 0) & ~np.isnan(share)
    states.survival[at[single], site[single], item[single]] = share[single]
    capped = (site >= 0) & ~np.isnan(most)
    cap = np.full((len(variants), len(reserve.sites)), np.inf)
    np.minimum.at(cap, (at[capped], site[capped]), most[capped])
    np.minimum(states.throughput_m3, cap[:, reserve.sizes.site], out=states.throughput_m3)
