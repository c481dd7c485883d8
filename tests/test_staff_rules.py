"""What tables of people that contradict themselves are told, by code."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.errors import InstanceError
from tests.reference_cases import Rows, instance_of

USUAL: dict[str, Rows] = {
    "periods": [{"period": 1}, {"period": 2}],
    "communities": [{"community_id": "lane", "population": 10}],
    "shifts": [{"shift_id": "day", "start": "08:00", "minutes": 480}],
    "workers": [{"worker_id": "ann", "skills": "nurse"}],
    "posts": [{"post_id": "ward", "shift_id": "day", "skill": "nurse", "wanted": 1}],
}
ANN, WARD = {"worker_id": "ann", "skills": "nurse"}, USUAL["posts"][0]
PILOT = [WARD, {"post_id": "cockpit", "shift_id": "day", "skill": "pilot", "wanted": 1}]
WRONG: dict[str, dict[str, Rows]] = {
    "E1351": {"workers": [ANN | {"minimum_minutes": 900, "maximum_minutes": 800}]},
    "E1352": {"workers": [ANN | {"available_from": 2, "available_to": 1}]},
    "E1353": {"workers": [ANN | {"longest_run": 1, "shortest_run": 2}]},
    "E1354": {"workers": [ANN | {"number": 2, "shortest_off": 2}]},
    "E1355": {"workers": [ANN | {"weekends_max": 1}]},
    "E1356": {"shifts": [{"shift_id": "day", "start": "8 in the morning", "minutes": 480}]},
    "E1357": {
        "shifts": [
            {"shift_id": "day", "start": "08:00", "minutes": 480, "suit": True}
            | {"suit_minutes_max": 240}
        ]
    },
    "E1358": {"posts": [WARD | {"minimum": 2}]},
    "E1359": {"posts": [WARD | {"sealed": True}]},
    "E1360": {"posts": [WARD | {"gate": True}]},
    "E1361": {"training": [{"skill": "nurse", "from_skill": "nurse", "periods": 1}]},
}
ODD: dict[str, dict[str, Rows]] = {
    "W1351": {"posts": PILOT},
    "W1352": {"availability": [{"worker_id": "ann", "period": 1, "can": "no", "wish": 1}]},
    "W1355": {
        "training": [
            {"skill": "pilot", "from_skill": "captain", "periods": 1},
            {"skill": "captain", "from_skill": "pilot", "periods": 1},
        ]
    },
}


def warnings(**changed: Any) -> set[str]:
    instance = instance_of({}, **(USUAL | changed))
    return {fault.code for fault in instance.notes["warnings"]}


@pytest.mark.parametrize("code", WRONG)
def test_what_cannot_be_is_refused(code: str) -> None:
    with pytest.raises(InstanceError) as caught:
        instance_of({}, **(USUAL | WRONG[code]))
    assert {fault.code for fault in caught.value.faults} == {code}


@pytest.mark.parametrize("code", ODD)
def test_what_is_odd_is_told(code: str) -> None:
    assert code not in warnings()
    assert code in warnings(**ODD[code])


def test_a_skill_is_learned_by_who_can_begin() -> None:
    begins = {"skill": "pilot", "from_skill": "nurse", "periods": 1}
    assert not {"W1351", "W1355"} & warnings(posts=PILOT, training=[begins])
    assert {"W1351", "W1355"} <= warnings(posts=PILOT, **ODD["W1355"])
