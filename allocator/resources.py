"""Where the files that come with the package are."""

from __future__ import annotations

from pathlib import Path

from allocator.errors import InternalError

_PACKAGE = Path(__file__).resolve().parent


def tiny_instance_path() -> Path:
    """Return the folder of the tiny instance, from a wheel or from a checkout."""
    # A wheel carries a copy inside the package; a checkout has only the original.
    return _first_folder(_PACKAGE / "data" / "tiny", _PACKAGE.parent / "instances" / "tiny")


def _first_folder(*candidates: Path) -> Path:
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise InternalError.because(
        "the tiny instance is not part of this installation",
        where=str(candidates[0]),
        action="install the package again",
        code="E9002",
    )
