"""Gates as the roster of a plan staffs them: people within the rules, minutes within people."""

from __future__ import annotations

from allocator.check.staff import check_staff
from allocator.check.verdict import Findings
from allocator.instance import Instance
from allocator.instance.gate_staff import staffed_instance, staffs_gates
from allocator.plan import Plan
from allocator.plan.tables import PEOPLE


def with_gate_staff(found: Findings, instance: Instance, plan: Plan) -> Instance:
    """Judge the roster of a plan that staffs its gates itself; return the gates as it does.

    A plan without a roster is judged by the minutes of the table gates.
    """
    if not staffs_gates(instance):
        return instance
    if not plan.states("roster"):
        found.approximate("the plan states no roster: gates have the minutes of the table gates")
        return instance
    of_staff = Findings("staff")
    tables = {name: plan[name] for name in PEOPLE}
    verdict = check_staff(of_staff, instance, Plan("staff", tables, plan.status))
    found.parts += of_staff.parts
    found.notes += of_staff.notes
    return staffed_instance(instance, verdict.tables["gates"])
