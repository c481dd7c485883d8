"""Beds from the shell and from Python: the plan folder, reasons, refusals, the case of Wuhan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import allocator
from allocator.cli.main import cli
from allocator.doctor.beds import bed_findings
from allocator.engine.ordered import Budget
from allocator.errors import InstanceError
from allocator.explain import reasons
from allocator.generate.wuhan import wuhan_2020_beds, wuhan_readme
from allocator.instance import Instance, instance_hash, load, save
from allocator.models.admit.solving import solve
from allocator.plan import Plan
from allocator.runs.admit import judged
from tests.admit_cases import hand_case
from tests.reference_cases import Rows

ROOT = Path(__file__).resolve().parents[1]


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words), prog_name="allocator")


def planned(instance: Instance) -> Plan:
    answer = solve(instance, Budget(gap=0.0))
    return judged(instance, answer.tables, "solver", answer.results)


def test_the_command_writes_a_plan_that_is_judged_again(tmp_path: Path) -> None:
    case, out = save(hand_case(), tmp_path / "case"), tmp_path / "plan"
    done = run("admit", str(case), "--out", str(out), "--json", "--quiet")
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)["data"]
    assert data["goals"][2]["value"] == pytest.approx(3.0, abs=1e-3)
    assert {row["site_id"] for row in data["notices"] if row["community_id"] == "east"} == {
        "HE",
        "HW",
    }
    plan = allocator.plan.load_plan(out)  # type: ignore[attr-defined]
    assert plan.status.plan == "valid"
    assert allocator.check(out).ok
    assert run("check", str(out)).exit_code == 0
    assert "CROWDED_OUT" in run("explain", str(out)).output
    same = run("compare", str(out), str(out), "--instance", str(case))
    assert same.exit_code == 0
    assert "Patients by site" in same.output
    text = run("admit", str(case), "--out", str(out), "--fail-on", "shortage")
    assert text.exit_code == 7
    assert "goes to" in text.output


def test_an_instance_without_patients_is_refused() -> None:
    with pytest.raises(allocator.UsageError) as caught:
        allocator.admit(ROOT / "instances" / "tiny")
    assert caught.value.faults[0].code == "E2361"


def test_more_in_beds_than_beds_is_proven_impossible() -> None:
    inpatients = [{"site_id": "HE", "severity": "severe", "periods_in": 1, "number": 3}]
    instance = hand_case(inpatients=inpatients)
    assert [one.code for one in bed_findings(instance)][:1] == ["E3921"]
    with pytest.raises(allocator.ImpossibleError):
        allocator.admit(instance)


@pytest.mark.parametrize(
    ("tables", "code"),
    [
        ({"staff_hours": [{"site_id": "HE", "period": 1, "hours": 1}]}, "E3922"),
        ({"care": [{"severity": "severe"}, {"severity": "odd"}]}, ""),
        ({"entry_rules": [{"rule_id": "r", "from_id": "E", "allowed": False}]}, "W3924"),
    ],
)
def test_the_doctor_sums(tables: dict[str, Rows], code: str) -> None:
    inside = [{"site_id": "HE", "severity": "severe", "periods_in": 1, "number": 1}]
    found = {one.code for one in bed_findings(hand_case(**({"inpatients": inside} | tables)))}
    assert code in found or not code


def codes(**tables: Rows) -> set[str]:
    with pytest.raises(InstanceError) as caught:
        hand_case(**tables)
    return {fault.code for fault in caught.value.faults}


def test_bad_tables_are_told_all_at_once() -> None:
    care = [{"severity": "severe", "kind": "severe", "leaves": 0.9, "worsens": 0.3}]
    stays = [{"severity": "severe", "periods": 2, "share": 0.5, "steps_to": "severe"}]
    ward = {"ward_id": "E", "site_id": "HE", "severity": "severe", "beds": 2}
    beds = [ward | {"opens": 3, "closes": 2, "converts_from": "E"}]
    patients = [{"community_id": "east", "period": 1, "number": 5}]
    inpatients = [{"site_id": "HE", "severity": "severe", "periods_in": 9, "number": 1}]
    found = codes(care=care, stays=stays, beds=beds, patients=patients, inpatients=inpatients)
    assert found >= {"E1371", "E1372", "E1374", "E1375", "E1376", "E1377", "E1378", "E1379"}
    assert "E1204" in codes(stays=[{"severity": "severe", "periods": -1}])
    assert "E1302" in codes(beds=[ward | {"severity": "sever"}])


def test_a_class_without_a_bed_is_a_warning() -> None:
    care = [{"severity": "severe", "kind": "severe"}, {"severity": "critical", "kind": "critical"}]
    patients = [{"community_id": "east", "severity": "critical", "period": 1, "number": 5}]
    instance = hand_case(care=care, patients=patients)
    assert "W1371" in {fault.code for fault in instance.notes["warnings"]}
    table = reasons(instance, planned(instance), 20.0)
    assert table["code"].tolist() == ["EXCLUDED_BY_RULE"]


def test_steps_that_lead_round_and_round_are_a_warning() -> None:
    care = [{"severity": "severe", "kind": "severe"}, {"severity": "mild"}]
    there = {"severity": "severe", "periods": 1, "steps_to": "mild"}

    def warned(*stays: dict[str, object]) -> bool:
        instance = hand_case(care=care, stays=list(stays))
        return "W1372" in {fault.code for fault in instance.notes["warnings"]}

    back = {"severity": "mild", "periods": 1, "steps_to": "severe"}
    assert warned(there, back)
    assert not warned(there)
    assert not warned(
        there, back | {"share": 0.9}, {"severity": "mild", "periods": 2, "share": 0.1}
    )


def test_every_group_that_waits_has_a_reason() -> None:
    instance = hand_case()
    table = reasons(instance, planned(instance), 30.0)
    found = dict(zip(table["community_id"], table["code"], strict=True))
    # The east alone has 4 beds for 5; the west alone has beds enough.
    assert found == {"east": "IMPOSSIBLE_ALONE", "west": "CROWDED_OUT"}
    assert table.set_index("community_id").loc["east", "family"] == "beds"
    only = reasons(instance, planned(instance), 30.0, community="west")
    assert only["community_id"].tolist() == ["west"]


def test_an_entry_rule_is_cited() -> None:
    rule = {"rule_id": "r", "from_id": "E", "allowed": False}
    instance = hand_case(entry_rules=[rule])
    table = reasons(instance, planned(instance), 30.0, community="east")
    assert table[["code", "family", "detail"]].to_numpy().tolist() == [
        ["EXCLUDED_BY_RULE", "entry", "entry_rules.csv:2"]
    ]


def test_the_instance_of_wuhan_is_the_one_the_generator_makes() -> None:
    folder = ROOT / "instances" / "wuhan-2020-beds"
    made = wuhan_2020_beds()
    assert instance_hash(load(folder)) == instance_hash(made)
    assert (folder / "README.md").read_text(encoding="utf-8") == wuhan_readme(made)
    shelters = made["sites"][made["sites"]["kind"] == "shelter"]["site_id"]
    beds: Any = made["beds"]
    assert beds[beds["site_id"].isin(set(shelters))]["beds"].sum() == 13467
    assert len(shelters) == 16
    assert beds[~beds["site_id"].isin(set(shelters))]["beds"].sum() == pytest.approx(26911, abs=2)
    assert made["patients"]["number"].sum() == 49986
    assert made["care"].set_index("severity")["mix"].to_dict() == {
        "mild": 0.81,
        "severe": 0.14,
        "critical": 0.05,
    }
