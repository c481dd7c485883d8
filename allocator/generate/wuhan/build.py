"""Put the case of Wuhan's beds together from its tables of figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.figures import Figures, read_figures
from allocator.generate.shapes import Floats, whole_shares
from allocator.instance import Instance, Policy

FIRST_DAY, PERIODS = "2020-01-23", 50
CLASSES = {"mild": "other", "severe": "severe", "critical": "critical"}
WORSE = {"mild": "severe", "severe": "critical"}
NEW_HOSPITALS = {"huoshenshan": "caidian", "leishenshan": "jiangxia"}


def wuhan_2020_beds() -> Instance:
    """Return 15 reporting districts, 50 days: the city's curve and its timeline of beds."""
    figures, districts = Figures("wuhan_2020"), _districts()
    dates = pd.date_range(FIRST_DAY, periods=PERIODS)
    shelters = read_figures("wuhan_2020_shelters")
    return Instance.from_frames(
        name="wuhan-2020-beds",
        policy=Policy(speed_kmh=figures("roads", "speed")),
        periods=pd.DataFrame(
            {"period": np.arange(1, PERIODS + 1), "start": dates.strftime("%Y-%m-%d")}
        ),
        communities=districts[["community_id", "name", "lat", "lon", "district", "population"]],
        sites=_sites(districts, shelters),
        care=_care(figures),
        stays=_stays(figures),
        beds=_beds(figures, districts, shelters, dates),
        patients=_patients(districts),
    )


def _districts() -> pd.DataFrame:
    table = read_figures("wuhan_2020_districts")
    numbers = ["population", "cases", "lat", "lon"]
    table[numbers] = table[numbers].astype(float)
    return table.assign(district=table["name"])


def _sites(districts: pd.DataFrame, shelters: pd.DataFrame) -> pd.DataFrame:
    where = districts.set_index("community_id")[["lat", "lon", "district"]]
    own = districts.assign(
        site_id="hospitals-" + districts["community_id"],
        name="Designated hospitals of " + districts["name"],
        kind="hospital",
    )
    new = pd.DataFrame(
        [
            {"site_id": one, "name": one.capitalize(), "kind": "hospital"} | dict(where.loc[at])
            for one, at in NEW_HOSPITALS.items()
        ]
    )
    rooms = shelters[["site_id", "name", "community_id"]].assign(kind="shelter")
    rooms = rooms.join(where, on="community_id")
    columns = ["site_id", "name", "kind", "lat", "lon", "district"]
    return pd.concat([own[columns], new[columns], rooms[columns]], ignore_index=True)


def _care(figures: Figures) -> pd.DataFrame:
    rows = []
    for severity, kind in CLASSES.items():
        share = figures.find(severity, "worse_share")
        daily = share / figures(severity, "worse_after") if share else 0.0
        rows.append(
            {
                "severity": severity,
                "kind": kind,
                "hours": figures(severity, "hours"),
                "mix": figures(severity, "mix"),
                "leaves": round(1.0 / figures("mild", "stay"), 6) if severity == "mild" else 0.0,
                "worsens": round(daily, 6),
                "worsens_to": WORSE.get(severity, "") if share else "",
            }
        )
    return pd.DataFrame(rows)


def _stays(figures: Figures) -> pd.DataFrame:
    """Some of the mild and severe get worse, others leave; the critical die or step down."""
    rows = []
    for severity in WORSE:
        worse, mean = figures(severity, "worse_share"), int(figures(severity, "stay"))
        after = int(figures(severity, "worse_after"))
        rows.append((severity, after, WORSE[severity], worse))
        spread = int(figures(severity, "spread"))
        for periods, part in ((mean - spread, 0.25), (mean, 0.5), (mean + spread, 0.25)):
            rows.append((severity, periods, "", round((1.0 - worse) * part, 6)))
    stay, dead = int(figures("critical", "stay")), figures("critical", "deaths")
    rows += [("critical", stay, "", dead), ("critical", stay, "severe", round(1.0 - dead, 6))]
    return pd.DataFrame(rows, columns=["severity", "periods", "steps_to", "share"])


def _hospital_beds(figures: Figures, dates: pd.DatetimeIndex) -> Floats:
    """Return the hospital beds of every day: even growth between the dates on record."""
    known = figures.table[figures.table["subject"] == "hospital_beds"]
    days = (pd.to_datetime(known["figure"]) - dates[0]).dt.days.to_numpy(float)
    return np.floor(np.interp(np.arange(len(dates)), days, known["value"].astype(float)))


def _beds(
    figures: Figures,
    districts: pd.DataFrame,
    shelters: pd.DataFrame,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    total, rows = _hospital_beds(figures, dates), []
    for site in NEW_HOSPITALS:
        opens, number = int(figures(site, "opens")), figures(site, "beds")
        total[opens - 1 :] -= number
        rows += _wards(site, opens, number, figures)
    total = np.maximum.accumulate(total)
    people = districts["population"].to_numpy(float)
    nobody = np.zeros(len(people), dtype=np.int64)
    before = np.zeros(len(people), dtype=np.int64)
    for day in range(len(dates)):
        now = whole_shares(np.array([int(total[day])]), people, nobody)
        for place in np.flatnonzero(now > before).tolist():
            site = f"hospitals-{districts['community_id'][place]}"
            rows += _wards(site, day + 1, float(now[place] - before[place]), figures)
        before = np.maximum(before, now)
    since = (pd.to_datetime(shelters["opens"]) - dates[0]).dt.days
    for site, days, beds in zip(shelters["site_id"], since, shelters["beds"], strict=True):
        rows.append((site, site, "mild", "", float(beds), int(days) + 1))
    columns = ["ward_id", "site_id", "severity", "also", "beds", "opens"]
    return pd.DataFrame(rows, columns=columns)


def _wards(
    site: str, opens: int, beds: float, figures: Figures
) -> list[tuple[str, str, str, str, float, int]]:
    """Split new beds of a hospital: fit for critical patients, and for severe and mild ones."""
    critical = round(beds * figures("hospitals", "critical_share"), 2)
    return [
        (f"{site}-icu-{opens:02d}", site, "critical", "severe", critical, opens),
        (f"{site}-ward-{opens:02d}", site, "severe", "mild", round(beds - critical, 2), opens),
    ]


def _patients(districts: pd.DataFrame) -> pd.DataFrame:
    """Split what the city reported each day by the districts' shares of 12 March."""
    known = read_figures("wuhan_2020_daily")["confirmed"].astype(float).to_numpy()
    new = np.diff(known, prepend=0.0).astype(np.int64)
    cases = districts["cases"].to_numpy(float)
    period = np.repeat(np.arange(PERIODS), len(cases))
    split = whole_shares(new, np.tile(cases, PERIODS), period)
    frame = pd.DataFrame(
        {
            "community_id": np.tile(districts["community_id"].to_numpy(object), PERIODS),
            "severity": "",
            "period": period + 1,
            "number": split,
        }
    )
    return frame[frame["number"] > 0].reset_index(drop=True)
