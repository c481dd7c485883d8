"""Rows and columns of the page and of the program carry the same names."""

from __future__ import annotations

from allocator.instance.staff_case import staff_case
from allocator.models.staff.goals import goals_of
from allocator.models.staff.model import StaffModel
from allocator.models.staff.rulebook import WORDS, rulebook
from tests.staff_cases import PAGE, random_case


def section(title: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8").split(f"## {title}")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    found = [name.strip() for cell in cells for name in cell.split(",")]
    return [name for name in found if name not in ("NAME", "name") and "---" not in name]


def models() -> list[StaffModel]:
    found = []
    for seed in range(24):
        for rule in ("spread", "leximin"):
            goals = ["uncovered", "workload", "change"]
            case = staff_case(random_case(seed, workload=rule, staff_goals=goals))
            apart = rule == "spread"
            model = StaffModel(case, apart, loose=seed % 3 == 0)
            number = len(case.posts)
            before = case.people.number[:, None].repeat(number, axis=1) // 2
            goals_of(model, before if apart else None)
            found.append(model)
    return found


def test_rows_and_columns_of_the_program_are_those_of_the_page() -> None:
    every = models()
    rows = {block.name for model in every for block in model.program.rows if block.size}
    assert rows == set(section("3. Rows"))
    columns = {block.name for model in every for block in model.program.columns if block.size}
    assert columns == set(section("2. Variables"))


def test_every_rule_has_words_and_a_place() -> None:
    families = set()
    for model in models():
        rules, group = rulebook(model)
        families |= {rule.family for rule in rules}
        assert len(group) == model.program.row_count
        assert all(rule.where and "{" not in rule.words for rule in rules)
    assert families == set(WORDS)
