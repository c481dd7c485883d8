"""Text and tables that fit a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.report.layout import Column, cells_of, table, wrap
from allocator.report.words import label, number, percent

COLUMNS = (Column("place"), Column("quantity", right=True), Column("worst item"))
ROWS = [("浦东新区", "1,234 kg", "Drinking water"), ("Elm Street", "5 kg", "口罩 masks")]


@pytest.mark.parametrize(
    ("text", "cells"), [("plan", 4), ("上海", 4), ("é", 1), ("e\u0301", 1), ("ｋｇ", 4), ("", 0)]
)
def test_wide_characters_take_two_cells(text: str, cells: int) -> None:
    assert cells_of(text) == cells


def test_columns_line_up_under_chinese_names() -> None:
    lines = table(COLUMNS, ROWS, 80)
    starts = {
        cells_of(line[: line.index(word)])
        for line, word in zip(lines, ("worst item", "Drinking", "口罩"), strict=True)
    }
    assert len(starts) == 1
    assert lines[1].startswith("浦东新区  ")


@pytest.mark.parametrize("width", [24, 30, 38, 60])
def test_a_table_keeps_to_the_width(width: int) -> None:
    lines = table(COLUMNS, ROWS, width)
    assert max(map(cells_of, lines)) <= width
    for word in ("浦东新区", "1,234", "Drinking", "masks"):
        assert any(word in line for line in lines)


def test_below_its_least_width_a_table_becomes_blocks() -> None:
    assert table(COLUMNS, ROWS[:1], 26) == [
        "place:",
        "- 浦东新区",
        "  quantity: 1,234 kg",
        "  worst item: Drinking",
        "  water",
    ]


def test_a_number_stays_with_its_percent_sign() -> None:
    assert wrap("it is 74.9 % of need", 11) == ["it is", "74.9 % of", "need"]


@given(st.text(alphabet="ab 上海é%", max_size=60), st.integers(8, 40))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cells_of(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (4e-8, "0"),
        (0.0834, "0.0834"),
        (12.54, "12.5"),
        (399.9992, "400"),
        (1234.5, "1,234"),
        (14_369_133.2, "14,369,133"),
        (None, "-"),
        (float("nan"), "-"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.749, "74.9 %"),
        (0.0003, "0.03 %"),
        (3e-5, "< 0.01 %"),
        (1.0, "100 %"),
        (0.99996, "99.9 %"),
        (0.0, "0 %"),
        (None, "-"),
    ],
)
def test_shares(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_the_id_is_shown_where_the_name_hides_it() -> None:
    assert [label("elm", "Elm Street"), label("C017", "Elm Street"), label("C017")] == [
        "Elm Street",
        "Elm Street (C017)",
        "C017",
    ]
