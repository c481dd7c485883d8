"""How a run ended, in words."""

from __future__ import annotations

from allocator.plan import Plan
from allocator.report.words import TOLD, gap_words, number, percent

NARROW = 1e-3

ENDED = {
    "completed": "The search ran to its end",
    "time_limit": "The search stopped at the time limit",
    "work_limit": "The search stopped at the work limit",
    "interrupted": "The search was interrupted; this is the best plan so far",
    "error": "The solver failed; this is the best plan so far",
}
JUDGED = {
    "valid": "The judge recomputed the plan: it breaks no rule",
    "invalid": "NOT VALID: the plan breaks rules or was not judged; see: allocator check",
    "none": "There is no plan",
}


def status_sentences(plan: Plan) -> list[str]:
    """Return what the judge says, what is proven and how the search ended."""
    sentences = [f"{JUDGED[plan.status.plan]}.", f"{proof_words(plan)}.", f"{_ended(plan)}."]
    made = str(plan.summary.get("made") or "solver")
    if made != "solver" and plan.status.plan != "none":
        sentences.append(f"No search found a better plan than the one made by rule: {made}.")
    if plan.run.get("reproducible") is False and plan.status.termination == "time_limit":
        sentences.append("The clock cut it, so the same command may give another plan.")
    return sentences


def _ended(plan: Plan) -> str:
    words = ENDED[plan.status.termination]
    complaint = str(plan.summary.get("complaint") or "").strip()
    if plan.status.termination == "error" and complaint:
        words += f" ({complaint.splitlines()[-1].strip()})"
    seconds = plan.run.get("seconds")
    if isinstance(seconds, dict) and seconds:
        words += f" after {number(round(sum(seconds.values()), 1))} s"
    return words


def proof_words(plan: Plan) -> str:
    """Say what the bounds prove of the goals."""
    if plan.status.proof == "infeasible":
        return "It is proven that no plan can obey the hard rules"
    unknown = [goal.name for goal in plan.goals if goal.gap is None]
    if unknown or not plan.goals or plan.status.proof == "none":
        where = f" for {', '.join(unknown)}" if unknown and len(unknown) < len(plan.goals) else ""
        return f"No proof{where}: a better plan may exist"
    wide = [goal for goal in plan.goals if (goal.gap or 0.0) > NARROW]
    if not wide:
        worst = max(plan.goals, key=lambda goal: goal.gap or 0.0)
        within = f" within {gap_words(worst)}" if (worst.gap or 0.0) > TOLD else ""
        within = within.replace("< ", "")
        roster = " within the hours of its roster" if plan.summary.get("joint") else ""
        return f"Proven optimal{within} at every goal{roster}"
    named = ", ".join(f"{goal.name} (within {gap_words(goal)})" for goal in wide)
    if len(wide) == len(plan.goals):
        return f"Proven within a gap: {named}"
    return f"Proven optimal within {percent(NARROW)} but for {named}"
