"""Rows of the page, of the fast and of the readable program carry the same names."""

from __future__ import annotations

import re

from allocator.instance.futures import reserve_case
from allocator.models.own import solve_goals
from allocator.models.preposition.model import PrepositionModel
from tests.preposition_cases import PAGE, random_case, reference

ref = reference()
ENGINE = {"goal", "excess", "worst"}  # rows of the engine in the fast form


def section(title: str) -> list[list[str]]:
    text = PAGE.read_text(encoding="utf-8").split(f"## {title}")[1].split("\n## ")[0]
    return [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]


def names(rows: list[list[str]]) -> list[str]:
    found = [name.strip() for row in rows for name in row[0].split(",")]
    return [name for name in found if name not in ("NAME", "name") and "---" not in name]


def cases() -> list[PrepositionModel]:
    policies: list[dict[str, object]] = [
        {"reserve_budget": 500.0, "open_sites": 2, "reserve_days": 0.1, "single_sourcing": True},
        {"coverage_minutes": 50, "coverage_item": "i0", "coverage_share": 0.1},
        {"total_stock": "fixed", "reserve_floor": 0.1, "reserve_floor_probability": 0.5},
    ]
    return [
        PrepositionModel(reserve_case(random_case(seed, **policy)))
        for seed in (0, 1, 2, 3, 7, 9)
        for policy in policies
    ]


def test_rows_of_the_fast_form() -> None:
    found = set()
    for model in cases():
        programs = [model.first.program, *(model.program(s).program for s in range(len(model)))]
        found |= {block.name for program in programs for block in program.rows if block.size}
    assert found | ENGINE == set(names(section("3. Rows")))


def test_columns_of_the_fast_form() -> None:
    found = set()
    for model in cases():
        programs = [model.first.program, *(model.program(s).program for s in range(len(model)))]
        found |= {block.name for program in programs for block in program.columns if block.size}
    assert found - {"first"} == set(names(section("2. Variables")))


def test_rows_of_the_readable_form() -> None:
    found = set()
    for risk in ("cvar", "worst"):
        for model in cases()[:6]:
            instance = model.case.instance
            policy = instance.policy.replace(risk=risk, risk_weight=0.5, shortage_budget=1e6)
            built = ref.build(instance.replace(policy=policy))
            found |= {re.match(r"\w+", row.name)[0] for row in built.problem.constraints()}
    assert found <= set(names(section("3. Rows")))
    assert found >= ENGINE


def test_the_functions_stand_in_the_order_of_the_page() -> None:
    page = names(section("3. Rows"))
    first = [{"shortage_budget": "goal"}.get(row.__name__, row.__name__) for row in ref.ROWS]
    assert [page.index(name) for name in first] == sorted(page.index(name) for name in first)


def test_names_carry_the_ids() -> None:
    model = cases()[0]
    labels = [name for block in model.program(0).program.rows for name in block.names()]
    labels += [name for block in model.first.program.rows for name in block.names()]
    assert len(labels) == len(set(labels))
    assert "size[s0]" in labels
    assert any(label.startswith("need[c0,i0") for label in labels)


def test_the_readable_form_solves_what_it_builds() -> None:
    instance = random_case(7)
    built = ref.build(instance)
    goals, termination = solve_goals(built, instance.policy)
    assert termination == "completed"
    tables = ref.read(built, instance)
    assert tables["outcomes"]["probability"].sum() == 1
    spent = sum(tables[name]["cost"].sum() for name in ("reserves", "agreements"))
    spent += tables["sites"]["fixed_cost"].sum()
    mean = tables["outcomes"]["probability"] @ tables["outcomes"]["cost"]
    assert goals[-1].value is not None
    assert goals[-1].value >= spent + min(tables["outcomes"]["cost"].min(), mean) - 1e-6
