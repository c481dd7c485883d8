"""What all tests share: hypothesis profiles and the reference data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("ci", max_examples=50, derandomize=True, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the reference data, which is not part of the repository."""
    folder = Path(os.environ.get("ALLOCATOR_DATA") or ROOT.parent / "shared" / "data").resolve()
    if folder.is_dir():
        return folder
    message = "the reference data is absent; set ALLOCATOR_DATA to its folder"
    if os.environ.get("ALLOCATOR_REQUIRE_DATA") == "1":
        pytest.fail(message)
    pytest.skip(message)
