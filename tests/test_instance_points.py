"""Chinese map coordinates become WGS-84 and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.instance import Instance, load, save
from allocator.instance.crs import gcj02_to_bd09, to_wgs84, wgs84_to_gcj02
from allocator.instance.lanes import EARTH_RADIUS_KM
from tests.instance_cases import frames, good_instance

MILLIMETRE = 1e-8  # degrees


def metres(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    north = np.radians(lat2 - lat1)
    east = np.radians(lon2 - lon1) * np.cos(np.radians(lat1))
    return float(np.hypot(north, east) * EARTH_RADIUS_KM * 1000)


@given(st.floats(18.5, 53), st.floats(74, 134.5))
def test_there_and_back(lat: float, lon: float) -> None:
    point = np.array([lat]), np.array([lon])
    mars = wgs84_to_gcj02(*point)
    for crs, shifted in (("GCJ-02", mars), ("BD-09", gcj02_to_bd09(*mars))):
        back = np.concatenate(to_wgs84(*shifted, crs))
        assert back == pytest.approx(np.concatenate(point), abs=MILLIMETRE)
    assert to_wgs84(*point, "WGS-84") == point


def test_shift_of_a_known_point() -> None:
    """The point of the tests of eviltransform: (31.1774276, 121.5272106) in WGS-84."""
    lat, lon = wgs84_to_gcj02(np.array([31.1774276]), np.array([121.5272106]))
    assert metres(lat[0], lon[0], 31.17530398364597, 121.531541859215) < 0.01


def test_points_outside_of_china_stay() -> None:
    paris = np.array([48.8566]), np.array([2.3522])
    assert to_wgs84(*paris, "GCJ-02") == paris


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
def test_points_are_converted_on_load(crs: str, tmp_path: Path) -> None:
    plain = good_instance()
    tables = frames()
    for table in ("communities", "sites"):
        lat, lon = wgs84_to_gcj02(plain[table]["lat"].to_numpy(), plain[table]["lon"].to_numpy())
        if crs == "BD-09":
            lat, lon = gcj02_to_bd09(lat, lon)
        tables[table] = tables[table].assign(lat=lat, lon=lon)
    converted = Instance.from_frames(policy={"crs": crs}, validate=True, **tables)
    assert converted.policy.crs == "WGS-84"
    assert converted.notes["crs"] == {"converted_from": crs, "points": 6}
    for table in ("communities", "sites"):
        for axis in ("lat", "lon"):
            assert converted[table][axis].to_numpy() == pytest.approx(
                plain[table][axis].to_numpy(), abs=MILLIMETRE
            )
    assert "crs" not in load(save(converted, tmp_path / "case")).notes
