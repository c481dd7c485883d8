"""Blocks of columns and families of rows of the fast program carry the names of the page."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from allocator.engine.program import Block
from allocator.instance import Instance
from allocator.instance.network import network
from allocator.models.dispatch.model import DispatchModel
from tests.instance_cases import good_instance
from tests.reference_cases import PAGE, instance_of, random_instance

# Rows the solver is given goal by goal, after the program is built.
LATER = {"goal", "level_share"}


def page_names(section: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return [name.strip() for cell in cells[2:] for name in cell.split(",")]


def pinned() -> tuple[Instance, pd.DataFrame]:
    """Pins, a stock floor, and a plan that may change little."""
    instance = instance_of(
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
    start = {"from_id": "s", "to_id": "c", "item_id": "i", "period": 1, "quantity": 4}
    return instance, pd.DataFrame([start])


def models() -> Iterator[DispatchModel]:
    instance, start = pinned()
    yield DispatchModel(network(instance), start)
    yield DispatchModel(network(good_instance()))
    for seed in range(24):
        yield DispatchModel(network(random_instance(seed, whole=seed % 2 == 0, budget=60.0)))


@pytest.fixture(scope="module")
def built() -> list[DispatchModel]:
    return list(models())


def filled(blocks: list[Block]) -> list[str]:
    return [block.name for block in blocks if block.size]


def test_rows_are_those_of_the_page(built: list[DispatchModel]) -> None:
    names = {name for model in built for name in filled(model.program.rows)}
    assert names == set(page_names("4. Rows")) - LATER


def test_columns_are_those_of_the_page(built: list[DispatchModel]) -> None:
    names = {name for model in built for name in filled(model.program.columns)}
    assert names == set(page_names("3. Variables"))


def test_rows_stand_in_the_order_of_the_page(built: list[DispatchModel]) -> None:
    page = page_names("4. Rows")
    for model in built:
        places = [page.index(block.name) for block in model.program.rows]
        assert places == sorted(places)


def test_no_two_columns_or_rows_have_one_name(built: list[DispatchModel]) -> None:
    for model in built:
        for blocks in (model.program.columns, model.program.rows):
            names = [name for block in blocks for name in block.names()]
            assert len(names) == sum(block.size for block in blocks) == len(set(names))


def test_names_say_what_a_row_is_about() -> None:
    instance, start = pinned()
    program = DispatchModel(network(instance), start).program
    names = {block.name: block.names() for block in (*program.columns, *program.rows)}
    assert names["ship"] == ["ship[s,c,i,1]"]
    assert names["late"] == ["late[c,2,1]"]
    assert names["stock_floor"] == ["stock_floor[s,i,1]"]
    assert names["changed_up"] == ["changed_up[s,c,i,1]"]
    assert names["pin"] == ["pin[p]"]


def test_columns_have_finite_boxes(built: list[DispatchModel]) -> None:
    """Bounds from duals are only as good as the boxes of the columns: none may be open."""
    for model in built:
        lower, upper = model.program.lower, model.program.upper
        assert np.isfinite(upper).all()
        assert (lower == 0).all()
        assert (upper >= 0).all()
