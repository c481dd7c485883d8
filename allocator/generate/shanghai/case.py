"""What all parts of the Shanghai case share: figures, districts, days, communities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.generate.figures import Figures, read_figures
from allocator.generate.shapes import Floats, Ints, spread_points, whole_shares

PERIODS = 14
FIRST_DAY = "2022-04-01"


@dataclass(frozen=True)
class Case:
    """The case at one level; arrays have one entry a community.

    `districts` has 16 rows. `units` are the communities with helper columns: home (row of
    districts), weight (cases per person over the district's), radius_km (of its own area).
    """

    figures: Figures
    districts: pd.DataFrame
    units: pd.DataFrame
    dates: pd.DatetimeIndex

    @property
    def home(self) -> Ints:
        """Row of the district of each community."""
        return self.units["home"].to_numpy(np.int64)

    @property
    def people(self) -> Floats:
        """Population of each community."""
        return self.units["population"].to_numpy(float)

    @property
    def households(self) -> Floats:
        """Households of each community."""
        return self.units["households"].to_numpy(float)

    def by_district(self, column: str) -> Floats:
        """Return a daily figure as districts x days of the table, blank = 0."""
        daily = read_figures("shanghai_2022_daily")
        table = daily.pivot(index="district_code", columns="date", values=column)
        return table.loc[self.districts["district_code"]].replace("", "0").to_numpy(float)


def open_case(level: str) -> Case:
    """Read the figures and lay out the communities of a level."""
    figures = Figures("shanghai_2022")
    districts = _districts()
    units = _parts(level, districts)
    units["home"] = pd.Index(districts["district_code"]).get_indexer(
        pd.Index(units["district_code"])
    )
    units["weight"] = _concentration(units, figures) if level != "district" else 1.0
    units = _placed(units, districts)
    units["population"] = whole_shares(
        districts["population"].to_numpy(np.int64),
        units["committees"].to_numpy(float),
        units["home"].to_numpy(),
    )
    units["households"] = (units["population"] / figures("city", "household_size")).round()
    return Case(figures, districts, units, pd.date_range(FIRST_DAY, periods=PERIODS))


def _districts() -> pd.DataFrame:
    table = read_figures("shanghai_2022_districts")
    numbers = ["population", "lat", "lon", "area_km2"]
    table[numbers] = table[numbers].astype(float)
    table["radius_km"] = np.sqrt(table["area_km2"] / np.pi)
    table["slug"] = table["district"].str.lower().str.replace("'", "")
    return table


def _parts(level: str, districts: pd.DataFrame) -> pd.DataFrame:
    """Return community_id, name, district_code, jiedao (running number) and committees."""
    if level == "district":
        frame = districts[["slug", "district", "district_code"]].set_axis(
            ["community_id", "name", "district_code"], axis=1
        )
        return frame.assign(committees=1, jiedao=np.arange(len(frame)))
    table = read_figures("shanghai_2022_jiedao")
    table["committees"] = table["committees"].astype(int)
    frame = table.rename(columns={"jiedao_code": "community_id", "jiedao": "name"})
    frame["jiedao"] = np.arange(len(frame))
    if level == "jiedao":
        return frame
    frame = frame.loc[frame.index.repeat(frame["committees"])].reset_index(drop=True)
    number = (frame.groupby("jiedao").cumcount() + 1).astype("str").str.zfill(3)
    return frame.assign(
        community_id=frame["community_id"] + "-" + number,
        name=frame["name"] + " " + number,
        committees=1,
    )


def _concentration(units: pd.DataFrame, figures: Figures) -> Floats:
    """Return how many times the district's rate a community has; which ones are high is assumed.

    The golden ratio picks the high jiedao, so that they are spread evenly over the list.
    """
    places, cases = figures("city", "concentrated_places"), figures("city", "concentrated_cases")
    high = (np.arange(234) * 0.6180339887498949) % 1 < places
    raw = np.where(high, cases / places, (1 - cases) / (1 - places))[units["jiedao"]]
    size = units["committees"].to_numpy(float)
    home = units["home"].to_numpy()
    mean = np.bincount(home, raw * size) / np.bincount(home, size)
    return np.asarray(raw / mean[home])


def _placed(units: pd.DataFrame, districts: pd.DataFrame) -> pd.DataFrame:
    """Give every community a point: the district's, or its jiedao's in a spiral around it."""
    jiedao = units.drop_duplicates("jiedao")
    at = districts.iloc[jiedao["home"]]
    size = jiedao.groupby("home")["jiedao"].transform("size").to_numpy(np.int64)
    rank = np.asarray(jiedao.groupby("home").cumcount(), dtype=np.int64)
    radius = at["radius_km"].to_numpy() * np.where(size > 1, 0.8, 0.0)
    lat, lon = spread_points(at["lat"].to_numpy(), at["lon"].to_numpy(), radius, rank, size)
    units["lat"], units["lon"] = lat[units["jiedao"]], lon[units["jiedao"]]
    home = districts.iloc[units["home"]]
    inner = (at["radius_km"].to_numpy() / np.sqrt(size))[units["jiedao"]]
    return units.assign(
        district=home["district"].to_numpy(), zone_id=home["zone_id"].to_numpy(), radius_km=inner
    )
