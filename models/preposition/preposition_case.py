"""Section 2 of formulation.md: the instance looked up by key, and every variable of the model."""

from __future__ import annotations

from typing import Any

import preposition_terms as terms
import pulp
from preposition_terms import Size

from allocator.instance import Instance

Sum = pulp.lpSum


class Case:
    """The instance in the words of section 1, looked up by site, size, item, place, scenario."""

    def __init__(self, instance: Instance) -> None:
        """Read the tables; without scenarios the needs as they are come with probability 1."""
        self.instance, self.policy = instance, instance.policy
        table = terms.rows(instance, "scenarios")
        self.chance = {row["scenario_id"]: row["probability"] for row in table} or {"": 1.0}
        self.scenes = {s: terms.Scene(instance, s) for s in self.chance}
        self.items = {row["item_id"]: row for row in terms.rows(instance, "items")}
        self.sites = terms.sites_of(instance)
        self.sizes = terms.sizes_of(instance, self.sites)
        self.agreements = {
            row["agreement_id"]: row
            for row in terms.rows(instance, "agreements")
            if row["site_id"] in self.sites
        }
        self.shelf = {
            (i, k): terms.shelf_of(instance, i, item)
            for i in self.sites
            for k, item in self.items.items()
        }
        self.held = terms.held_of(instance, self.sites)
        self.lanes = terms.lanes_of(instance)
        self.towns = {row["community_id"]: row for row in terms.rows(instance, "communities")}
        self.places = sorted({j for scene in self.scenes.values() for j, _ in scene.need})
        self.days = sum(row["minutes"] for row in terms.rows(instance, "periods")) / 1440
        self.base = self._base()
        self.unpriced = {k for _, k in self.needed() if self.is_unpriced(k)}

    def _base(self) -> dict[tuple[str, str], float]:
        """base(j,k): the need of `needs`; the mean of the scenarios where it is empty."""
        if len(self.instance["needs"]):
            quantities, _ = terms.needs_of(self.instance, self.items)
            return terms.need_in_all(quantities, self.items)
        found: dict[tuple[str, str], float] = {}
        for s, scene in self.scenes.items():
            for key, quantity in scene.need.items():
                found[key] = found.get(key, 0.0) + self.chance[s] * quantity
        return found

    def needed(self) -> set[tuple[str, str]]:
        """Return the places and items that some scenario needs."""
        return {key for scene in self.scenes.values() for key in scene.need}

    def is_unpriced(self, item: str) -> bool:
        """Say whether an item below tier 1 costs nothing when short, in any scenario."""
        prices = [scene.items[item]["shortage_cost"] for scene in self.scenes.values()]
        return self.items[item]["tier"] > 1 and max(prices) <= 0

    def counted(self, item: str) -> bool:
        """Say whether people short of an item are counted in a goal of their own."""
        asked = "remaining" in self.policy.reserve_goals
        return self.items[item]["tier"] == 1 or (asked and item in self.unpriced)

    def weight(self, place: str) -> float:
        """pi_j: the vulnerability held within 0.5 and 2; 1 for sites."""
        town = self.towns.get(place)
        return min(2.0, max(0.5, town["vulnerability"])) if town else 1.0

    def near(self, place: str, minutes: float | None = None) -> list[str]:
        """Return the sites with a lane to the place, of at most so many minutes."""
        return [
            i
            for i in self.sites
            if (i, place) in self.lanes
            and (minutes is None or self.lanes[i, place].minutes <= minutes + 1e-9)
        ]

    def ever(self, place: str) -> list[str]:
        """Return the sites with a lane to the place now or in some scenario."""
        return [
            i
            for i in self.sites
            if (i, place) in self.lanes
            or any((i, place) in scene.lanes for scene in self.scenes.values())
        ]


class Model:
    """The PuLP problem and its variables, in dictionaries keyed as on the page."""

    def __init__(self, case: Case) -> None:
        """Start from an empty problem."""
        self.case = case
        self.problem = pulp.LpProblem("preposition")
        self.open: dict[tuple[str, Size], Any] = {}
        self.stock: dict[tuple[str, str], Any] = {}
        self.agree: dict[str, Any] = {}
        self.assign: dict[tuple[str, str], Any] = {}
        self.covered: dict[str, Any] = {}
        self.cover_from: dict[tuple[str, str], Any] = {}
        self.allot: dict[tuple[str, str, str], Any] = {}
        self.missed: dict[str, Any] = {}
        self.ship: dict[tuple[str, str, str, str], Any] = {}
        self.deliver: dict[tuple[str, str, str], Any] = {}
        self.short: dict[tuple[str, str, str], Any] = {}
        self.surplus: dict[tuple[str, str, str], Any] = {}
        self.late: dict[tuple[str, str, int], Any] = {}
        self.taken: set[str] = set()

    def variable(
        self,
        name: str,
        *keys: Any,
        upper: float | None = None,
        kind: str = "Continuous",
        free: bool = False,
    ) -> Any:
        """Return a new variable named name(keys), >= 0 unless it is free."""
        low = None if free else 0
        return self.problem.add_variable(self.label(name, keys), low, upper, kind)

    def row(self, family: str, keys: tuple[Any, ...], constraint: Any) -> None:
        """Add a row named family(keys)."""
        self.problem += constraint, self.label(family, keys)

    def label(self, name: str, keys: tuple[Any, ...]) -> str:
        """Return name(key,key,...) as PuLP writes it, numbered when two ids read alike there."""
        plain = f"{name}({','.join(str(key) for key in keys)})".translate(pulp.LpVariable.trans)
        text, number = plain, 2
        while text in self.taken:
            text, number = f"{plain}#{number}", number + 1
        self.taken.add(text)
        return text

    def is_open(self, site: str) -> Any:
        """O(i): the sum over the sizes."""
        return Sum(self.open[site, size] for size in self.case.sizes[site])

    def delivered(self, s: str, place: str, item: str, delay: int = 0) -> Any:
        """Units of agreements of at least that delay that reach a place."""
        return Sum(
            g
            for (scenario, r, j), g in self.deliver.items()
            if (scenario, j) == (s, place)
            and self.case.agreements[r]["item_id"] == item
            and self.case.agreements[r]["delay_periods"] >= delay
        )

    def spent(self) -> Any:
        """Cost of the first stage."""
        case = self.case
        parts = [size.cost * o for (_, size), o in self.open.items()]
        parts += [case.shelf[key].cost * x for key, x in self.stock.items()]
        parts += [case.agreements[r]["option_price"] * a for r, a in self.agree.items()]
        return Sum(parts)

    def cost_of(self, s: str) -> Any:
        """Q_s: moves, what is called from suppliers, shortage, surplus."""
        scene = self.case.scenes[s]
        parts = []
        for (scenario, i, j, k), y in self.ship.items():
            if scenario == s:
                parts.append(move(self.case, s, i, j, k) * y)
        for (scenario, r, j), g in self.deliver.items():
            if scenario == s:
                row, price = self.case.agreements[r], scene.agreements[r]["price"]
                parts.append((price + move(self.case, s, row["site_id"], j, row["item_id"])) * g)
        for j, k in scene.need:
            parts.append(scene.items[k]["shortage_cost"] * self.short[s, j, k])
        for (scenario, _, k), v in self.surplus.items():
            if scenario == s:
                parts.append(scene.items[k]["surplus_cost"] * v)
        return Sum(parts)

    def people_short_in(self, s: str, tier: int = 1) -> Any:
        """People short of goods of a tier in a scenario."""
        late = {j: w for (t, j, c), w in self.late.items() if (t, c) == (s, tier)}
        return Sum(self.case.weight(j) * w for j, w in late.items())

    def people_short(self, tier: int = 1) -> Any:
        """The mean over the scenarios."""
        return Sum(chance * self.people_short_in(s, tier) for s, chance in self.case.chance.items())


def move(case: Case, s: str, site: str, place: str, item: str) -> float:
    """move(s,i,j,k): money for one unit."""
    lane = case.scenes[s].lanes[site, place]
    return lane.cost + lane.cost_m3 * float(case.items[item]["m3"])


# --- section 2: variables ---------------------------------------------------


def add_variables(m: Model) -> None:
    """Every variable of the page, where it can be other than 0."""
    add_sites_and_stock(m)
    add_services(m)
    for s, scene in m.case.scenes.items():
        add_recourse(m, s, scene)


def add_sites_and_stock(m: Model) -> None:
    """o(i,l), x(i,k), a(r)."""
    case = m.case
    for i, sizes in case.sizes.items():
        for size in sizes:
            m.open[i, size] = m.variable("open", i, size.name, upper=1, kind="Integer")
        for k, item in case.items.items():
            if not sizes or case.shelf[i, k].maximum <= 0:
                continue
            if item["whole_packs"]:
                x = item["pack_size"] * m.variable("packs", i, k, kind="Integer")
            else:
                x = Sum([m.variable("stock", i, k)])
            m.stock[i, k] = x
    for r, row in case.agreements.items():
        m.agree[r] = m.variable("agree", r, upper=row["maximum"])


def add_services(m: Model) -> None:
    """z(i,j), c(j), q(i,j), t(i,j,k), b(s)."""
    case, policy = m.case, m.case.policy
    if policy.single_sourcing:
        for j in case.places:
            for i in case.ever(j):
                m.assign[i, j] = m.variable("assign", i, j, upper=1, kind="Integer")
    if policy.coverage_minutes is not None:
        for j in case.towns:
            if policy.coverage_item and (j, policy.coverage_item) not in case.base:
                continue
            m.covered[j] = m.variable("covered", j, upper=1)
            for i in case.near(j, policy.coverage_minutes) if policy.coverage_item else ():
                m.cover_from[i, j] = m.variable("cover_from", i, j)
    if policy.reserve_days > 0:
        for j, k in case.base:
            for i in case.near(j):
                m.allot[i, j, k] = m.variable("allot", i, j, k)
    if policy.reserve_floor > 0 and policy.reserve_floor_probability < 1:
        for s in case.scenes:
            m.missed[s] = m.variable("missed", s, upper=1, kind="Integer")


def add_recourse(m: Model, s: str, scene: terms.Scene) -> None:
    """y(i,j,k), g(r,j), u(j,k), v(i,k), w(j,c) of one scenario."""
    case = m.case
    for (j, k), quantity in scene.need.items():
        m.short[s, j, k] = m.variable("short", s, j, k, upper=quantity)
        tier = case.items[k]["tier"]
        if case.counted(k) and (s, j, tier) not in m.late:
            m.late[s, j, tier] = m.variable("late", s, j, tier)
        for i in case.sites:
            if (i, k) in m.stock and (i, j) in scene.lanes:
                m.ship[s, i, j, k] = m.variable("ship", s, i, j, k)
        for r, row in case.agreements.items():
            if row["item_id"] == k and (row["site_id"], j) in scene.lanes:
                m.deliver[s, r, j] = m.variable("deliver", s, r, j)
    for i, k in m.stock:
        m.surplus[s, i, k] = m.variable("surplus", s, i, k)
