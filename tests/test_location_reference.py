"""Fast form = readable form = instance of pre-positioning; page names = program names; by hand."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from allocator.engine.ordered import Budget
from allocator.models.location.cover import cover_program
from allocator.models.location.covering import maximal_covering, set_covering
from allocator.models.location.data import Located, Location
from allocator.models.location.facility import facility
from allocator.models.location.instances import FORMS, as_instance
from allocator.models.location.p_center import p_center
from allocator.models.location.p_median import p_median
from allocator.models.location.program import add_capacity, add_enough, add_sites, service
from allocator.models.location.single_source import Search, free_shares, single_source
from allocator.models.preposition.solving import solve as preposition
from tests import location_cases as cases

ref = cases.reference()
EXACT = Budget(gap=0.0)


def fast(location: Location, form: str, radius: float) -> Located:
    if form.endswith("covering"):
        return {"set-covering": set_covering, "maximal-covering": maximal_covering}[form](
            location, radius
        )
    forms = {"p-median": p_median, "p-center": p_center, "facility": facility}
    return (forms | {"single-source": single_source})[form](location)


def example() -> dict[str, dict[str, float]]:
    return json.loads((cases.FOLDER / "example" / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("form", FORMS)
def test_the_example_worked_by_hand(form: str) -> None:
    given = example()[form]
    location = replace(ref.read(cases.FOLDER / "example" / "data.json"), p=given.get("p"))
    if given.get("capacity") == "none":
        location = cases.without_capacity(location)
    radius = given.get("radius", 0.0)
    assert ref.solve(location, form, radius) == pytest.approx(given["value"])
    assert fast(location, form, radius).value == pytest.approx(given["value"])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("form", FORMS)
def test_fast_and_readable_form_agree(form: str, seed: int) -> None:
    location = cases.random_location(seed, whole=seed % 2 == 0, gaps=seed % 3 == 0)
    if seed % 4 == 3 and form in ("facility", "single-source"):
        location = replace(location, p=None)
    radius = float(np.median(location.cost))
    found = fast(location, form, radius)
    expected = ref.solve(location, form, radius)
    if expected is None:
        assert (found.value, found.termination) == (None, "infeasible")
    else:
        assert found.value == pytest.approx(expected, rel=1e-6, abs=1e-6)
        assert found.bound == pytest.approx(expected, rel=2e-6, abs=1e-5)


@pytest.mark.parametrize(
    ("form", "seed"), [(form, seed) for seed, form in enumerate((*FORMS, *FORMS), start=1)]
)
def test_the_same_problem_as_pre_positioning(form: str, seed: int) -> None:
    location = cases.random_location(seed)
    if form in ("facility", "single-source"):
        location = replace(location, p=None, capacity=2 * location.capacity)
    found = fast(location, form, radius := float(np.median(location.cost)))
    if form == "p-center":
        radius = found.value
    values = {
        result.name: result.value
        for result in preposition(as_instance(location, form, radius), EXACT).results
    }
    if form == "maximal-covering":
        served = location.need.sum() - values["critical"]
        assert served == pytest.approx(found.value, abs=1e-5)
    elif found.value is None:
        assert values["critical"] > 0.5
    else:
        assert values["critical"] == pytest.approx(0, abs=1e-5)
        cost = 0.0 if form == "p-center" else found.value
        assert values["cost"] == pytest.approx(cost, abs=1e-4)


def test_below_the_radius_of_the_center_somebody_is_left_out() -> None:
    location = cases.random_location(4)
    radius = p_center(location).value
    shorter = as_instance(location, "p-center", radius - 0.5)
    assert preposition(shorter, EXACT).results[0].value > 0.5


@pytest.mark.parametrize(
    ("form", "radius", "why"), [("p-mean", None, "one of"), ("p-center", None, "radius")]
)
def test_an_instance_needs_a_known_form_and_its_radius(
    form: str, radius: float | None, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        as_instance(cases.random_location(0), form, radius)


def page_names(section: str) -> set[str]:
    page = (cases.FOLDER / "formulation.md").read_text(encoding="utf-8")
    table = page.split(f"## {section}")[1].split("\n\n")[0].splitlines()
    return {line.split("|")[1].strip() for line in table if line.startswith("| ")} - {
        "NAME",
        "name",
        "---",
    }


def test_page_and_program_have_the_same_names() -> None:
    location = cases.random_location(2)
    made = service(location)
    add_capacity(made, location)
    add_enough(made, location)
    add_sites(made, 2)
    search = Search(location, EXACT, 0)
    search.settled.append(np.arange(location.sites) == 0)
    programs = [made.program, cover_program(location.cost < 30), free_shares(search).program]
    rows = {block.name for program in programs for block in program.rows}
    columns = {block.name for program in programs for block in program.columns}
    assert rows == page_names("3. Rows and goals")
    assert columns == page_names("2. Variables")


def test_the_readable_form_has_no_other_names() -> None:
    location = cases.random_location(2)
    names = {
        re.match("[a-z]+", constraint.name)[0]
        for form in FORMS
        for constraint in ref.build(location, form, 30.0).constraints()
    }
    own_way = {"largest"}  # p-center is stated in another way there
    assert names - own_way <= page_names("3. Rows and goals")
