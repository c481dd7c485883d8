"""`allocator generate` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from allocator.cli.main import cli
from allocator.generate.options import DEFAULT_FEATURES
from allocator.instance import load


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["generate", *words], prog_name="allocator")
    return result.exit_code, result.stdout, result.stderr


def test_lockdown_writes_an_instance(tmp_path: Path) -> None:
    place = tmp_path / "town"
    sizes = ["--communities", "5", "--sites", "2", "--items", "3", "--periods", "4"]
    code, out, _ = run("lockdown", *sizes, "--seed", "9", "--out", str(place))
    assert code == 0
    assert out.startswith(f"{place}: 4 periods, 5 communities")
    assert load(place).name == "lockdown-5-2-3-4-9"


def test_the_same_command_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run("lockdown", "--seed", "4", "--out", str(tmp_path / name))[0] == 0
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert one == two


def test_any_packing_can_be_asked_for(tmp_path: Path) -> None:
    place = tmp_path / "town.json"
    assert run("lockdown", "--out", str(place))[0] == 0
    assert len(load(place)["communities"]) == 20


@pytest.mark.parametrize(
    ("text", "filled", "empty"),
    [
        ("default,pins,no-gates", "pins", "gates"),
        ("links", "links", "vehicles"),
        ("all,no-links", "pins", "links"),
        ("all,no-all,access", "access", "gates"),
    ],
)
def test_features(tmp_path: Path, text: str, filled: str, empty: str) -> None:
    assert run("lockdown", "--features", text, "--out", str(tmp_path / "x"))[0] == 0
    instance = load(tmp_path / "x")
    assert len(instance[filled]) > 0
    assert len(instance[empty]) == 0


def test_help_names_every_feature() -> None:
    out = run("lockdown", "--help")[1]
    for feature in DEFAULT_FEATURES | {"pins"}:
        assert feature in out


def test_an_unknown_feature_is_a_usage_error(tmp_path: Path) -> None:
    code, out, _ = run("lockdown", "--features", "pinz", "--out", str(tmp_path / "x"), "--json")
    fault = json.loads(out)["errors"][0]
    assert code == 2
    assert (fault["value"], fault["suggestion"]) == ("pinz", "pins")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("words", [("--sites", "0"), ("--seed", "-1"), ("--periods", "x")])
def test_impossible_sizes_are_usage_errors(words: tuple[str, str]) -> None:
    assert run("lockdown", *words)[0] == 2


def test_shanghai_writes_its_readme_and_counts(tmp_path: Path) -> None:
    place = tmp_path / "shanghai"
    code, out, _ = run("shanghai-2022", "--level", "district", "--out", str(place), "--json")
    assert code == 0
    assert json.loads(out)["data"]["rows"]["needs"] == 3584
    assert "## What is real, derived and assumed" in (place / "README.md").read_text("utf-8")


def test_shanghai_integer_has_its_own_name(tmp_path: Path) -> None:
    assert run("shanghai-2022", "--integer", "--out", str(tmp_path / "x"))[0] == 0
    assert load(tmp_path / "x").name == "shanghai-2022-district-integer"
