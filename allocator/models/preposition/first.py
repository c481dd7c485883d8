"""The first stage: sites and sizes, stock, agreements (formulation sections 2 and 3)."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats, Ints, Program
from allocator.instance.futures import ReserveCase
from allocator.models.preposition.labels import Labeller
from allocator.models.preposition.most import TINY, stock_most

HANDY = 1000.0  # columns of goods that need not come whole go up to about this


def handy(most: Floats) -> Floats:
    """Return powers of ten in which the amounts are at most some HANDY."""
    with np.errstate(divide="ignore"):
        power = np.ceil(np.log10(np.maximum(most, 1e-300) / HANDY))
    return np.asarray(10.0 ** np.maximum(power, 0.0))


class FirstStage:
    """Builds the program of the first stage; the calls of `build` are its table of contents.

    Positions of columns: `open` (sizes,), `stock` (stocked pairs, in packs of `pack` units),
    `agree` (agreements, in lots of `lot` units). Packs of goods that need not come whole, and
    lots, only keep numbers small. `stock_at` is sites x items: the pair stocked there, -1 for none.
    """

    def __init__(self, case: ReserveCase, stocked: Floats | None = None) -> None:
        """Build the blocks and rows of sites, stock and money.

        Args:
            case: The arrays.
            stocked: (sites, items) units of a plan that must have their columns, allowed or not.
        """
        self.stocked = stocked
        self.case, self.reserve, self.policy = case, case.reserve, case.policy
        self.program = Program()
        self.label = Labeller(case.reserve)
        self.build()

    def build(self) -> None:
        """Add every block and family of the page, in its order."""
        self._add_open()
        self._add_stock()
        self._add_agree()
        self._add_one()
        self._add_size()
        self._add_volume()
        self._add_stock_max()
        self._add_stock_min()
        self._add_agreement_max()
        self._add_budget()
        self._add_sites()
        self._add_total_stock()
        self._add_reserve_pin()

    # -- columns -------------------------------------------------------------------------------

    def _add_open(self) -> None:
        size = len(self.reserve.sizes)
        self.open = self.program.add_columns(
            "open", size, 1.0, integer=True, labels=self.label.sizes()
        )

    def _add_stock(self) -> None:
        reserve = self.reserve
        self.most = stock_most(self.case)
        best = np.zeros(reserve.stock.maximum.shape)
        np.maximum.at(best, reserve.sizes.site, self.most)
        if self.stocked is not None:
            best = np.maximum(best, self.stocked)
        self.site, self.item = np.nonzero(best > 0)
        whole = reserve.items.whole[self.item]
        loose = handy(best[self.site, self.item])
        self.pack = np.where(whole, reserve.items.pack[self.item], loose)
        upper = best[self.site, self.item] / self.pack
        upper = np.where(whole, np.ceil(upper - TINY), upper)
        labels = self.label.stock(self.site, self.item)
        self.stock = self.program.add_columns(
            "stock", len(self.site), upper, integer=whole, labels=labels
        )
        self.stock_at = np.full(best.shape, -1, dtype=np.int64)
        self.stock_at[self.site, self.item] = np.arange(len(self.site))

    def _add_agree(self) -> None:
        agreements = self.reserve.agreements
        labels = self.label.supplier(np.arange(len(agreements)))
        self.lot = handy(agreements.maximum)
        self.agree = self.program.add_columns(
            "agree", len(agreements), agreements.maximum / self.lot, labels=labels
        )

    def _add_one(self) -> None:
        """Add a column that is always 1: with a cost it is a constant, so that gaps count by it."""
        self.one = self.program.add_columns("one", 1, 1.0, 1.0)

    def most_at(self, opened: Floats) -> Floats:
        """Return the most of each stocked pair, in units, for given columns `open`."""
        most = np.zeros(self.stock_at.shape)
        np.add.at(most, self.reserve.sizes.site, self.most * opened[:, None])
        return np.asarray(most[self.site, self.item])

    def agree_most(self, opened: Floats) -> Floats:
        """Return the most of each agreement, in lots, for given columns `open`."""
        chosen = np.zeros(len(self.reserve.sites))
        np.add.at(chosen, self.reserve.sizes.site, opened)
        agreements = self.reserve.agreements
        return np.asarray(agreements.maximum / self.lot * chosen[agreements.site])

    # -- rows ----------------------------------------------------------------------------------

    def _open_of(self, rows: Ints, values: Floats | float = 1.0) -> None:
        """Add O(i) times a value to one row a site; `rows` is (sites,), -1 for no row."""
        site = self.reserve.sizes.site
        factors = np.broadcast_to(values, (len(self.reserve.sites),))
        self.program.add_known(rows[site], self.open, factors[site])

    def _add_size(self) -> None:
        kept = self.reserve.sites.kept & (not self.policy.close_existing)
        everyone = np.arange(len(kept))
        rows = self.program.add_rows(
            "size", len(kept), np.where(kept, 1.0, -np.inf), 1.0, self.label.site(everyone)
        )
        self._open_of(rows)

    def _add_volume(self) -> None:
        reserve = self.reserve
        used = (self.most * reserve.items.m3).sum(axis=1)
        room = np.minimum(reserve.sizes.volume_m3, used)
        limited = np.zeros(len(reserve.sites), dtype=bool)
        limited[reserve.sizes.site[np.isfinite(reserve.sizes.volume_m3)]] = True
        at = self._rows_of("volume", limited)
        self.program.add_known(at[reserve.sizes.site], self.open, -room)
        volume = reserve.items.m3[self.item] * self.pack
        self.program.add_known(at[self.site], self.stock, volume)

    def _rows_of(self, name: str, chosen: Ints) -> Ints:
        """Add one row <= 0 for each chosen site and return (sites,) positions, -1 for none."""
        sites = np.flatnonzero(chosen)
        at = np.full(len(self.reserve.sites), -1, dtype=np.int64)
        labels = self.label.site(sites)
        at[sites] = self.program.add_rows(name, len(sites), upper=0.0, labels=labels)
        return at

    def _add_stock_max(self) -> None:
        labels = self.label.stock(self.site, self.item)
        rows = self.program.add_rows("stock_max", len(self.site), upper=0.0, labels=labels)
        large = self.program.upper[self.stock]
        self.program.add_entries(rows, self.stock, 1.0 / large)
        at = self.stock_at[self.reserve.sizes.site]
        size, item = np.nonzero(at >= 0)
        pair = at[size, item]
        most = self.most[size, item] / self.pack[pair] / large[pair]
        self.program.add_entries(rows[pair], self.open[size], -most)

    def _add_stock_min(self) -> None:
        """A site must hold its minimum as soon as it is open, even where nothing may be stocked."""
        site, item = np.nonzero(self.reserve.stock.minimum > 0)
        low = self.reserve.stock.minimum[site, item]
        labels = self.label.stock(site, item)
        rows = self.program.add_rows("stock_min", len(site), lower=0.0, labels=labels)
        at = self.stock_at[site, item]
        there = at >= 0
        self.program.add_entries(rows[there], self.stock[at[there]], self.pack[at[there]])
        at_row = np.full(self.reserve.stock.minimum.shape, -1, dtype=np.int64)
        at_row[site, item] = rows
        size, which = np.nonzero(at_row[self.reserve.sizes.site] >= 0)
        row = at_row[self.reserve.sizes.site[size], which]
        self.program.add_entries(row, self.open[size], -low[row - rows[0]] if len(rows) else 0.0)

    def _add_agreement_max(self) -> None:
        agreements = self.reserve.agreements
        everyone = np.arange(len(agreements))
        rows = self.program.add_rows(
            "agreement_max", len(agreements), upper=0.0, labels=self.label.supplier(everyone)
        )
        limited = agreements.maximum > 0
        most = np.where(limited, agreements.maximum / self.lot, 1.0)
        self.program.add_entries(rows, self.agree, 1.0 / most)
        agreement, size = np.nonzero(agreements.site[:, None] == self.reserve.sizes.site[None, :])
        self.program.add_entries(rows[agreement], self.open[size], -1.0 * limited[agreement])

    def cost(self) -> Floats:
        """Return the money each column of the first stage costs."""
        reserve = self.reserve
        cost = np.zeros(self.program.column_count)
        cost[self.open] = reserve.sizes.fixed_cost
        cost[self.stock] = reserve.stock.unit_cost[self.site, self.item] * self.pack
        cost[self.agree] = reserve.agreements.option_price * self.lot
        return cost

    def _add_budget(self) -> None:
        if self.policy.reserve_budget is not None:
            cost = self.cost()
            large = max(1.0, float(np.abs(cost).max(initial=0.0)))
            row = self.program.add_rows("budget", 1, upper=self.policy.reserve_budget / large)
            self.program.add_entries(row, np.arange(len(cost)), cost / large)

    def _add_sites(self) -> None:
        number = self.policy.open_sites
        if number is not None:
            low = number if self.policy.open_rule == "exactly" else -np.inf
            row = self.program.add_rows("sites", 1, low, number)
            self.program.add_entries(row, self.open, 1.0)

    def _add_total_stock(self) -> None:
        if self.policy.total_stock == "fixed":
            total = self.reserve.stock.present.sum(axis=0)
            labels = self.label.item(np.arange(len(total)))
            rows = self.program.add_rows("total_stock", len(total), total, total, labels)
            self.program.add_entries(rows[self.item], self.stock, self.pack)

    def _add_reserve_pin(self) -> None:
        pins, sizes = self.reserve.pins, self.reserve.sizes
        for pin in range(len(pins)):
            if pins.open[pin]:
                meant = sizes.site == pins.site[pin]
                meant &= (pins.size[pin] == "") | (sizes.ids == pins.size[pin])
                wanted = 1.0 if pins.open[pin] == "yes" else 0.0
                row = self._pin_row(pin, ",open", wanted, wanted)
                self.program.add_entries(row, self.open[meant], 1.0)
            if not np.isnan(pins.quantity[pin]):
                meant = (pins.site[pin] < 0) | (self.site == pins.site[pin])
                meant &= (pins.item[pin] < 0) | (self.item == pins.item[pin])
                low = -np.inf if pins.rule[pin] == "at_most" else pins.quantity[pin]
                high = np.inf if pins.rule[pin] == "at_least" else pins.quantity[pin]
                row = self._pin_row(pin, "", low, high)
                self.program.add_entries(row, self.stock[meant], self.pack[meant])

    def _pin_row(self, pin: int, what: str, low: float, high: float) -> Ints:
        name = f"{self.reserve.pins.ids[pin]}{what}"
        return self.program.add_rows("reserve_pin", 1, low, high, labels=lambda: [name])
