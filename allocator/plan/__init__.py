"""Plans: tables, status, goals; written as one act and read with patience."""

from allocator.plan.compare import Comparison, compare_plans
from allocator.plan.folder import held
from allocator.plan.goal import GoalResult
from allocator.plan.load import load_plan
from allocator.plan.plan import Plan
from allocator.plan.save import save_plan
from allocator.plan.status import Status
from allocator.plan.tables import plan_table, plan_tables

__all__ = [
    "Comparison",
    "GoalResult",
    "Plan",
    "Status",
    "compare_plans",
    "held",
    "load_plan",
    "plan_table",
    "plan_tables",
    "save_plan",
]
