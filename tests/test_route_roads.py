"""Answers of road servers become travel times of routes, and no lanes for goods."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from allocator.cli.main import cli
from allocator.errors import UsageError
from allocator.instance import Instance, instance_hash, load, save
from allocator.instance.lanes import lanes, places
from allocator.instance.road_tables import (
    osrm_request,
    osrm_roads,
    points,
    valhalla_request,
    valhalla_roads,
    with_roads,
)
from allocator.instance.route_build import route_case
from tests.route_instances import dispatch, town

LINKS = {
    "links": {
        "from_id": ["W", "W", "M"],
        "to_id": ["A", "B", "C"],
        "minutes": [None, 11, None],
        "lead_periods": [0, 0, 0],
        "cost": [0.5, 0, 0],
    }
}
NAMES = ["A", "B", "C", "W", "M"]  # Communities first, then sites.
SECONDS = np.arange(25).reshape(5, 5) * 60.0
METRES = np.arange(25).reshape(5, 5) * 500.0


def osrm(**changed: Any) -> dict[str, Any]:
    answer = {"code": "Ok", "durations": SECONDS.tolist(), "distances": METRES.tolist()}
    return answer | changed


def valhalla(units: str = "kilometers") -> dict[str, Any]:
    cells = [
        [
            {"from_index": i, "to_index": j, "time": SECONDS[i, j], "distance": METRES[i, j] / 1000}
            for j in range(5)
        ]
        for i in range(5)
    ]
    return {"sources_to_targets": cells, "units": units}


def instance() -> Instance:
    return town(None, **LINKS)


def test_points_are_communities_then_sites() -> None:
    assert points(instance())["place_id"].tolist() == NAMES


def test_osrm_and_both_forms_of_valhalla_say_the_same() -> None:
    where = points(instance())
    first = osrm_roads(osrm(), where)
    short = {
        "sources_to_targets": {
            "durations": SECONDS.tolist(),
            "distances": (METRES / 1000).tolist(),
        }
    }
    for other in (valhalla(), short):
        assert valhalla_roads(other, where).equals(first)
    miles = valhalla_roads(valhalla("miles"), where)
    assert miles["km"].to_numpy() == pytest.approx(first["km"].to_numpy() * 1.609344, abs=1e-3)
    row = first[(first["from_id"] == "W") & (first["to_id"] == "B")].iloc[0]
    assert (row["minutes"], row["km"]) == (16, 8)


def test_links_get_times_and_keep_the_rest_and_no_lane_is_added() -> None:
    before = instance()
    after = with_roads(before, osrm_roads(osrm(), points(before)))
    assert after["links"]["minutes"].tolist() == [15, 16, 22]
    assert after["links"]["cost"].tolist() == [0.5, 0, 0]
    assert len(after["roads"]) == 5 * 4 - 3
    assert len(lanes(after, places(after))) == len(lanes(before, places(before))) == 3
    assert instance_hash(after) != instance_hash(before)
    again = with_roads(after, osrm_roads(osrm(), points(after)))
    assert instance_hash(again) == instance_hash(after)


def test_routes_drive_the_roads() -> None:
    before = instance()
    answer = osrm()
    answer["durations"][0][1] = None  # No way from A to B.
    case = route_case(with_roads(before, osrm_roads(answer, points(before))), dispatch(), 1)
    at = {name: row for row, name in enumerate(case.places)}
    usual = int(case.vehicles.profile[case.vehicles.ids.index("van")])
    assert case.minutes[usual, at["W"], at["C"]] == 17
    assert case.minutes[usual, at["C"], at["W"]] == 13
    assert np.isinf(case.minutes[:, at["A"], at["B"]]).all()
    fast = int(case.vehicles.profile[case.vehicles.ids.index("truck")])
    assert case.minutes[fast, at["W"], at["C"]] == pytest.approx(case.km[fast, at["W"], at["C"]])


def test_a_closed_link_stays_closed() -> None:
    shut = {"links": LINKS["links"] | {"closed": [True, False, False]}}
    before = town(None, **shut)
    after = with_roads(before, osrm_roads(osrm(), points(before)))
    case = route_case(after, dispatch(), 1, check=False)
    assert np.isinf(case.minutes[:, case.places.index("W"), case.places.index("A")]).all()


@pytest.mark.parametrize(
    "answer",
    [
        osrm(code="InvalidQuery", message="bad"),
        osrm(durations=[[0, 1], [1, 0]]),
        osrm(durations=None),
        osrm(durations=(SECONDS - 100).tolist()),
        osrm(distances=[["far"] * 5] * 5),
    ],
)
def test_answers_of_osrm_that_are_none(answer: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        osrm_roads(answer, points(instance()))
    assert caught.value.code == "E2371"


@pytest.mark.parametrize(
    "answer", [{"error": "too many"}, {"sources_to_targets": [[1, 2]]}, {"sources_to_targets": []}]
)
def test_answers_of_valhalla_that_are_none(answer: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        valhalla_roads(answer, points(instance()))
    assert caught.value.code == "E2371"


def test_what_to_ask() -> None:
    where = points(instance())
    assert osrm_request(where, "http://h/").startswith("http://h/table/v1/driving/121.400000,31.2")
    asked = json.loads(valhalla_request(where))
    assert len(asked["sources"]) == 5
    assert asked["sources"][0] == {"lat": 31.2, "lon": 121.4}


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(["roads", *map(str, words)], prog_name="allocator")
    return int(str(caught.value.code))


def test_the_command_reads_a_saved_answer(tmp_path: Path, capsys: Any) -> None:
    case, answer = save(instance(), tmp_path / "town"), tmp_path / "answer.json"
    answer.write_text(json.dumps(osrm()), encoding="utf-8")
    assert run(case, "--osrm", answer, "--out", tmp_path / "timed") == 0
    assert len(load(tmp_path / "timed")["roads"]) == 17
    assert run(case, "--request", "valhalla") == 0
    assert "sources" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--osrm", "missing.json", "--out", "x"], "E2373"),
        (["--osrm", "ftp://h", "--out", "x"], "E2372"),
        (["--osrm", "http://127.0.0.1:9", "--out", "x"], "E2372"),
        (["--osrm", "a.json"], "E2374"),
        ([], "E2374"),
        (["--osrm", "a.json", "--request", "osrm", "--out", "x"], "E2374"),
    ],
)
def test_misuse_is_told(words: list[str], code: str, tmp_path: Path, capsys: Any) -> None:
    case = save(instance(), tmp_path / "town")
    assert run(case, *words) == 2
    assert code in capsys.readouterr().err


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._reply(osrm())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._reply(valhalla())

    def _reply(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    http = HTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.mark.parametrize("kind", ["osrm", "valhalla"])
def test_a_server_is_asked_only_by_its_address(kind: str, server: str, tmp_path: Path) -> None:
    case, kept = save(instance(), tmp_path / "town"), tmp_path / "kept.json"
    assert run(case, f"--{kind}", server, "--save", kept, "--out", tmp_path / "timed") == 0
    assert load(tmp_path / "timed")["links"]["minutes"].tolist() == [15, 16, 22]
    assert run(case, f"--{kind}", kept, "--out", tmp_path / "again") == 0
    assert instance_hash(load(tmp_path / "again")) == instance_hash(load(tmp_path / "timed"))
