"""Where the suites and the reference data are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from allocator.bench.suite import Settings, Suite
from allocator.errors import UsageError

CHECKOUT = Path(__file__).resolve().parents[2]


def suites_folder() -> Path:
    """Return the folder of the suites: ALLOCATOR_BENCHMARKS, else `benchmarks` of the checkout.

    Raises:
        UsageError: There is none, as in an installation from a wheel.
    """
    given = os.environ.get("ALLOCATOR_BENCHMARKS")
    folder = Path(given) if given else CHECKOUT / "benchmarks"
    if folder.is_dir():
        return folder
    raise UsageError.because(
        "the benchmarks are kept in the source repository, not in the installed package",
        value=folder if given else "",
        action="clone the repository and run there, or name its folder by ALLOCATOR_BENCHMARKS",
        code="E2401",
    )


def suites() -> dict[str, Path]:
    """Return name -> file of every suite; the name is the file's, with hyphens."""
    return {path.stem.replace("_", "-"): path for path in sorted(suites_folder().glob("*.py"))}


def load_suite(name: str) -> Suite:
    """Load a suite by name.

    Raises:
        UsageError: No suite has that name.
    """
    known = suites()
    if name not in known:
        close = get_close_matches(name, known, n=1)
        raise UsageError.because(
            "no such suite",
            value=name,
            action=f"choose one of {', '.join(known)}",
            suggestion=close[0] if close else "",
            code="E2402",
        )
    suite: Suite = load_file(known[name]).SUITE
    return suite


def load_file(path: Path) -> ModuleType:
    """Import a Python file that belongs to no package; its own folder is importable meanwhile."""
    path = path.resolve()
    name = f"_file_{path.parent.name}_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError.because("not a Python file", value=path, code="E2403")
    module = module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def data_folder(given: str | None = None) -> str:
    """Return the folder `given`, else ALLOCATOR_DATA, else ../shared/data; blank if absent."""
    places = [given] if given else list(_usual_places())
    return next((str(Path(place).resolve()) for place in places if Path(place).is_dir()), "")


def _usual_places() -> Iterator[str]:
    set_by_user = os.environ.get("ALLOCATOR_DATA")
    yield set_by_user or str(CHECKOUT.parent / "shared" / "data")


def need_folder(settings: Settings, inside: str) -> Path:
    """Return a folder of the reference data.

    Raises:
        UsageError: It is absent.
    """
    folder = Path(settings.data) / inside
    if settings.data and folder.is_dir():
        return folder
    raise UsageError.because(
        f"the reference data {inside} is absent",
        value=settings.data,
        action="name its folder with --data or ALLOCATOR_DATA",
        code="E2404",
    )
