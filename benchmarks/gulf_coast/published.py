"""The published tables of Rawls and Turnquist 2010, and what storms hit: an assumption."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MONEY_A_MILE = 0.3  # of one unit of any item: units are chosen so


@dataclass(frozen=True)
class Published:
    """The tables of the publication, and the coordinates' distances.

    Attributes:
        items: A row an item: name, q money, b cubic feet, c money a mile.
        sizes: A row a size: name, F money, M cubic feet.
        storms: By id: category, landfall, unusable_links, demand.
        scenarios: Storms and probability p of each scenario.
        links: (links, 2) nodes, from 1.
        miles: (links,) great-circle miles, approximate.
    """

    items: pd.DataFrame
    sizes: pd.DataFrame
    storms: Mapping[int, dict[str, Any]]
    scenarios: list[dict[str, Any]]
    links: np.ndarray
    miles: np.ndarray

    @property
    def units(self) -> np.ndarray:
        """Units of the publication in one of ours, which costs the same a mile for every item."""
        return np.asarray(MONEY_A_MILE / self.items["c"].to_numpy(float))

    @property
    def nodes(self) -> np.ndarray:
        return np.unique(self.links)

    @cached_property
    def neighbours(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {int(node): set() for node in self.nodes}
        for start, end in self.links.tolist():
            found[start].add(end)
            found[end].add(start)
        return found


def read_published(file: Path) -> Published:
    """Read the tables of the article and the approximate distances."""
    given = json.loads(file.read_text(encoding="utf-8"))
    article = given["published_in_paper"]
    miles = given["NOT_in_paper"]["great_circle_miles"]
    links = [[int(node) for node in name.split("-")] for name in miles]
    return Published(
        items=pd.DataFrame(article["commodities"]),
        sizes=pd.DataFrame(article["facility_sizes"]),
        storms={storm["id"]: storm for storm in article["hurricanes"]},
        scenarios=article["scenarios"],
        links=np.array(links),
        miles=np.array(list(miles.values()), dtype=float),
    )


def hit(published: Published, storm: Mapping[str, Any]) -> list[int]:
    """Return the nodes that need what a storm makes necessary, in equal parts: an assumption.

    Its landfalls and the nodes linked with them; without a landfall the ends of the links it cuts;
    without these the landfalls of all storms.
    """
    landfall = set(storm["landfall"])
    if landfall:
        return sorted(landfall.union(*(published.neighbours[node] for node in landfall)))
    ends = {node for link in storm["unusable_links"] for node in link}
    everywhere = {node for one in published.storms.values() for node in one["landfall"]}
    return sorted(ends or everywhere)


def site(node: int) -> str:
    return f"site{node}"


def place(node: int) -> str:
    return f"node{node}"


def name(scenario: Mapping[str, Any]) -> str:
    return f"s{scenario['id']}"
