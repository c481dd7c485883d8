"""The shape of the repository: what may import what, and what stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import allocator

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "allocator"

# Imports point from a higher level to the same or a lower one.
LEVELS = {
    "_version": 0,
    "errors": 0,
    "limits": 0,
    "resources": 0,
    "instance": 1,
    "plan": 2,
    "generate": 2,
    "engine": 3,
    "_solve": 3,
    "models": 4,
    "check": 5,
    "doctor": 5,
    "explain": 5,
    "report": 5,
    "simulate": 5,
    "runs": 6,
    "run": 6,
    "bench": 7,
    "cli": 7,
    "__main__": 7,
}
JUDGE_MAY_IMPORT = {"_version", "errors", "instance", "plan", "check", "numpy", "pandas"}
HEAVY = ("pandas", "numpy", "scipy", "highspy", "pulp", "ortools", "pyvrp", "openpyxl")


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the package with the name of its part, the data files left out."""
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part not in {"__init__", "data"}:
            yield part, path


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, anywhere in it, by its full dotted name."""
    folder = list(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            kept = folder[: len(folder) - node.level + 1] if node.level else []
            base = ".".join([*kept, *([node.module] if node.module else [])])
            if base == "allocator":
                yield from (home(alias.name) for alias in node.names)
            else:
                yield base


def home(name: str) -> str:
    """The module behind a name taken from the package itself."""
    return allocator._HOMES.get(name, "allocator." + {"__version__": "_version"}.get(name, name))


def part_of(module: str) -> str:
    """The part of the package, or the name of the third-party package."""
    words = module.split(".")
    return words[1] if words[0] == "allocator" and len(words) > 1 else words[0]


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("folder", ["tests", "models", "benchmarks"])
def test_folders_outside_the_package_are_no_packages(folder: str) -> None:
    assert not list((ROOT / folder).rglob("__init__.py"))


def test_every_part_of_the_package_has_a_level() -> None:
    assert {part for part, _ in modules()} <= set(LEVELS)


def test_imports_point_one_way() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for part, path in modules()
        for module in imports(path)
        if module.split(".")[0] == "allocator" and LEVELS.get(part_of(module), 99) > LEVELS[part]
    ]
    assert not wrong


def test_the_judge_knows_no_model_and_no_solver() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for part, path in modules()
        if part == "check"
        for module in imports(path)
        if part_of(module) not in JUDGE_MAY_IMPORT | sys.stdlib_module_names
    ]
    assert not wrong


def test_the_package_never_imports_what_is_outside_it() -> None:
    outside = {"tests", "benchmarks", "instances", "models"}
    wrong = [str(path) for _, path in modules() for name in imports(path) if name in outside]
    assert not wrong


@pytest.mark.parametrize("statement", ["import allocator", "import allocator.cli.main"])
def test_importing_is_light(statement: str) -> None:
    result = run(f"{statement}, sys; print(*[n for n in {HEAVY} if n in sys.modules])")
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stderr


@pytest.mark.parametrize("name", allocator.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(allocator, name) is not None


def test_type_checkers_see_every_public_name() -> None:
    source = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    froms = [node for node in ast.walk(source) if isinstance(node, ast.ImportFrom)]
    assert set(allocator.__all__) <= {alias.name for node in froms for alias in node.names}


def test_the_package_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "allocator", "--version"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert answer.stdout.split()[-1] == allocator.__version__


def test_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        allocator.nonsense  # noqa: B018


@pytest.mark.parametrize("name", ["check", "explain"])
def test_a_function_is_not_hidden_by_the_subpackage_of_its_name(name: str) -> None:
    result = run(f"import allocator, allocator.{name}; assert callable(allocator.{name})")
    assert result.returncode == 0, result.stderr
