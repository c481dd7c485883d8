"""The note beside generated scenarios: how they were made, every marginal, what came out."""

from __future__ import annotations

import numpy as np

from allocator.generate.marginals import Marginals, marginal_lines
from allocator.generate.scenarios.reduce import Reduction
from allocator.instance import Instance
from allocator.instance.futures import ReserveCase, reserve_case

_HEAD = """# Scenarios

{count:,} scenarios, {origin}. The same command makes the same scenarios.
{reduction}
## How they are drawn
{severity}

| figure | value | meaning |
|---|---|---|
{marginals}

Needs are the usual ones (table `needs`) times the figure of the place and kind; people grow with
them, up to the population. They have three significant digits. Figures of one scenario are the
same for all items of a kind. Names say where the centre is; `size` is G of the scenario.

## What came out
| figure | over the scenarios, by probability |
|---|---|
{outcome}
"""


def note_of(
    instance: Instance,
    marginals: Marginals,
    drawn_number: int,
    seed: int,
    reduction: Reduction | None = None,
    method: str = "forward",
) -> str:
    """Return the text of the note.

    Args:
        instance: The instance with its scenarios.
        marginals: What they were drawn from.
        drawn_number: How many were drawn, before any reduction.
        seed: The seed they were drawn with.
        reduction: What was left out, if anything.
        method: How it was chosen.
    """
    case = reserve_case(instance)
    lines = [f"| {name} | {value:g} | {text} |" for name, value, text in marginal_lines(marginals)]
    outcome = [f"| {name} | {value} |" for name, value in outcomes(case)]
    return _HEAD.format(
        count=len(case.futures),
        origin=f"drawn with seed {seed}"
        if reduction is None
        else f"of {drawn_number:,} drawn with seed {seed}",
        reduction=_reduction(reduction, drawn_number, method),
        severity=severity_text(),
        marginals="\n".join(lines),
        outcome="\n".join(outcome),
    )


def severity_text() -> str:
    """Return how the figures hang together, as the class of the marginals says it."""
    text = (Marginals.__doc__ or "").split("Raises:")[0].split("\n\n", 1)[1]
    return " ".join(text.split())


def _reduction(reduction: Reduction | None, number: int, method: str) -> str:
    if reduction is None:
        return ""
    kept = len(reduction.kept)
    words = {"forward": "fast forward selection", "medoids": "forward selection and swaps"}[method]
    return (
        f"\nThe {kept:,} were chosen out of {number:,} by {words}; each takes over the probability "
        f"of those nearest to it.\nKantorovich distance to all {number:,}: "
        f"{reduction.distance:.6g}, which is {reduction.relative:.1%} of that of the best single "
        "scenario.\n"
    )


def outcomes(case: ReserveCase) -> list[tuple[str, str]]:
    """Return what the scenarios came to, in words."""
    futures, probability = case.futures, case.futures.probability
    total = futures.need.sum(axis=1)
    usual = case.base.sum(axis=0)
    rows = []
    for item, name in enumerate(case.reserve.items.ids):
        if usual[item] > 0:
            times = total[:, item] / usual[item]
            text = (
                f"mean {probability @ times:.3f}, least {times.min():.3f}, most {times.max():.3f}"
            )
            rows.append((f"need of {name} over the usual", text))
    if len(case.reserve.sites):
        hit = (futures.survival < futures.survival.max(axis=0)).any(axis=2).mean(axis=1)
        rows.append(("share of sites hit", _spread(hit, probability)))
    if len(case.reserve.lanes):
        rows.append(
            ("share of lanes closed", _spread(futures.lane_closed.mean(axis=1), probability))
        )
        longer = ((futures.lane_factor > 1) & ~futures.lane_closed).mean(axis=1)
        rows.append(("share of lanes open but delayed", _spread(longer, probability)))
    if len(case.reserve.agreements):
        failed = (futures.available < futures.available.max(axis=0)).mean(axis=1)
        rows.append(("share of suppliers that fail", _spread(failed, probability)))
    return rows


def _spread(share: np.ndarray, probability: np.ndarray) -> str:
    return f"mean {probability @ share:.3f}, most {share.max():.3f}"
