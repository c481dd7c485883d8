"""Chinese map coordinates to WGS-84.

GCJ-02 shifts WGS-84 by a fixed formula, BD-09 shifts GCJ-02 once more. Neither is published by
its makers; the formulas are the ones of the open source transformers eviltransform
(https://github.com/googollee/eviltransform) and coordtransform
(https://github.com/wandergis/coordtransform). The way back is found by iteration, to about a
millimetre. Outside of mainland China's bounding box GCJ-02 equals WGS-84.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Krasovsky 1940 as the formula has it: semi-major axis in metres, squared eccentricity.
_AXIS = 6378245.0
_ECCENTRICITY = 0.00669342162296594323
_BAIDU = np.pi * 3000.0 / 180.0
_BOX = (0.8293, 55.8271, 72.004, 137.8347)
_STEPS = 12


def to_wgs84(lat: Floats, lon: Floats, crs: str) -> tuple[Floats, Floats]:
    """Return points in degrees of WGS-84; `crs` is WGS-84, GCJ-02 or BD-09."""
    if crs == "BD-09":
        lat, lon = bd09_to_gcj02(lat, lon)
    if crs in ("BD-09", "GCJ-02"):
        lat, lon = gcj02_to_wgs84(lat, lon)
    return lat, lon


def wgs84_to_gcj02(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return points in degrees of GCJ-02."""
    north, east = _shift(lat, lon)
    inside = (lat >= _BOX[0]) & (lat <= _BOX[1]) & (lon >= _BOX[2]) & (lon <= _BOX[3])
    return np.where(inside, lat + north, lat), np.where(inside, lon + east, lon)


def gcj02_to_wgs84(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return points in degrees of WGS-84, by fixed-point iteration of the way there."""
    guess_lat, guess_lon = lat.copy(), lon.copy()
    for _ in range(_STEPS):
        there_lat, there_lon = wgs84_to_gcj02(guess_lat, guess_lon)
        guess_lat, guess_lon = guess_lat + lat - there_lat, guess_lon + lon - there_lon
    return guess_lat, guess_lon


def gcj02_to_bd09(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return points in degrees of BD-09."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU)
    return radius * np.sin(angle) + 0.006, radius * np.cos(angle) + 0.0065


def bd09_to_gcj02(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return points in degrees of GCJ-02, by fixed-point iteration of the way there."""
    guess_lat, guess_lon = lat - 0.006, lon - 0.0065
    for _ in range(_STEPS):
        there_lat, there_lon = gcj02_to_bd09(guess_lat, guess_lon)
        guess_lat, guess_lon = guess_lat + lat - there_lat, guess_lon + lon - there_lon
    return guess_lat, guess_lon


def _shift(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return the shift of GCJ-02 against WGS-84, in degrees north and east."""
    y, x = lat - 35.0, lon - 105.0
    north, east = _waves_north(y, x), _waves_east(y, x)
    sine = np.sin(np.radians(lat))
    magic = 1 - _ECCENTRICITY * sine**2
    metres_north = _AXIS * (1 - _ECCENTRICITY) / magic**1.5
    metres_east = _AXIS / np.sqrt(magic) * np.cos(np.radians(lat))
    return np.degrees(north / metres_north), np.degrees(east / metres_east)


def _waves_north(y: Floats, x: Floats) -> Floats:
    flat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    short = 20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)
    middle = 20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)
    long = 160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)
    return np.asarray(flat + (short + middle + long) * 2 / 3)


def _waves_east(y: Floats, x: Floats) -> Floats:
    flat = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    short = 20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)
    middle = 20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)
    long = 150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)
    return np.asarray(flat + (short + middle + long) * 2 / 3)
