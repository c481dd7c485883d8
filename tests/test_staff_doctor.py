"""What the doctor says of rosters, and that the generated ones are sound."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.doctor.staff import staff_findings
from allocator.engine.ordered import Budget
from allocator.generate.lockdown import lockdown
from allocator.generate.options import DEFAULT_FEATURES, STAFF
from allocator.generate.shanghai import shanghai_2022
from allocator.models.staff import solve
from tests.reference_cases import Rows, instance_of


def tables(**changed: Rows) -> dict[str, Rows]:
    usual: dict[str, Rows] = {
        "periods": [{"period": 1}, {"period": 2}],
        "communities": [{"community_id": "lane", "population": 10}],
        "shifts": [{"shift_id": "day", "start": "08:00", "minutes": 480}],
        "workers": [{"worker_id": "ann", "skills": "nurse"}],
        "posts": [{"post_id": "ward", "shift_id": "day", "skill": "nurse", "wanted": 1}],
    }
    return usual | changed


POST = {"post_id": "ward", "shift_id": "day", "wanted": 1}
FOUND: dict[str, dict[str, Any]] = {
    "E3951": {"workers": [{"worker_id": "ann", "skills": "nurse", "minimum_minutes": 2000}]},
    "E3952": {"posts": [POST | {"minimum": 2, "wanted": 2}]},
    "W3953": {"posts": [POST | {"skill": "pilot"}]},
    "W3954": {"workers": [{"worker_id": "ann", "skills": "nurse", "longest_shift": 400}]},
    "W3955": {"workers": [{"worker_id": "ann", "skills": "nurse", "available_from": 2}]},
    "W3956": {"posts": [POST | {"wanted": 2}]},
    "W3957": {"posts": [POST | {"place_id": "lane", "sealed": True}]},
}


def test_nothing_is_said_of_a_sound_roster() -> None:
    assert staff_findings(instance_of({}, **tables())) == []


@pytest.mark.parametrize("code", FOUND)
def test_the_doctor_finds(code: str) -> None:
    found = staff_findings(instance_of({}, **tables(**FOUND[code])))
    assert code in [one.code for one in found]
    assert all(one.what and one.title for one in found)


def test_a_generated_town_has_a_roster() -> None:
    town = lockdown(3, 1, 1, 3, 1, DEFAULT_FEATURES | {STAFF})
    plain = lockdown(3, 1, 1, 3, 1, DEFAULT_FEATURES)
    assert town["needs"].equals(plain["needs"])
    assert not [one for one in staff_findings(town) if one.level == "error"]
    answer = solve(town, Budget(gap=1e-3))
    assert answer.results[0].value == 0
    assert len(answer.tables["roster"])


def test_shanghai_has_workers_and_posts() -> None:
    city = shanghai_2022(staff=True)
    workers = city["workers"]
    share = workers.loc[workers["qualified"], "number"].sum()
    own = workers["worker_id"].str.endswith(("-qualified", "-workers"))
    assert share / workers.loc[own, "number"].sum() == pytest.approx(0.138, abs=0.002)
    assert len(city["posts"]) == 4 * 16
    assert city.name == "shanghai-2022-district-staff"
