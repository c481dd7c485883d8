"""The rows of the readable program carry the names of formulation.md, in its order."""

from __future__ import annotations

import re

import pandas as pd

from allocator.instance import Instance
from allocator.models.own import solve_goals
from tests.reference_cases import PAGE, instance_of, random_instance, reference

ref = reference()


def page_names() -> list[str]:
    section = PAGE.read_text(encoding="utf-8").split("## 4. Rows")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    names = [name.strip() for cell in cells[2:] for name in cell.split(",")]
    assert len(names) > 20
    return names


def row_names(instance: Instance, start: pd.DataFrame | None = None) -> set[str]:
    built = ref.build(instance, start=start)
    solve_goals(built, instance.policy)
    names = [constraint.name for constraint in built.problem.constraints()]
    assert len(names) == len(set(names))
    return {re.match(r"\w+", name)[0] for name in names}


def pinned() -> Instance:
    """What the random instances lack: pins, stock floors, a plan to change little."""
    return instance_of(
        {"max_changes": 1, "goals": ("change", "cost")},
        periods=[{"period": 1}],
        communities=[{"community_id": "c", "population": 9}],
        sites=[{"site_id": "s"}],
        items=[{"item_id": "i", "kg": 1}],
        needs=[{"community_id": "c", "item_id": "i", "period": 1, "quantity": 9}],
        stocks=[{"place_id": "s", "item_id": "i", "quantity": 9}],
        links=[{"from_id": "s", "to_id": "c", "minutes": 5}],
        limits=[{"place_id": "s", "item_id": "i", "stock_min_share": 0.2}],
        pins=[{"pin_id": "p", "rule": "at_least", "quantity": 1}],
    )


def test_page_and_program_have_the_same_row_names() -> None:
    start = pd.DataFrame(
        [{"from_id": "s", "to_id": "c", "item_id": "i", "period": 1, "quantity": 4}]
    )
    found = row_names(pinned(), start)
    for seed in (0, 3, 5, 7, 14, 23):
        found |= row_names(random_instance(seed, fairness="max-min", budget=60.0))
    assert found == set(page_names())


def test_the_functions_stand_in_the_order_of_the_page() -> None:
    first = [function.__name__ for function in ref.ROWS]
    page = page_names()
    # The functions changes and change each add the rows that follow them on the page.
    places = [page.index({"change": "change_up"}.get(name, name)) for name in first]
    assert places == sorted(places)
