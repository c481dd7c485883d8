"""What generated scenarios are made of: every marginal, its default and its meaning.

Without imports of weight, so that the command line starts fast.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

METHODS = ("forward", "medoids")


def _marginal(default: float, most: float, meaning: str) -> Any:
    return field(default=default, metadata={"most": most, "meaning": meaning})


@dataclass(frozen=True)
class Marginals:
    """Marginals of the random figures, and how much they hang together.

    All follow one severity V of every place and scenario, V ~ N(0, 1) at each place:
    V = sqrt(size) G + sqrt(place) F + sqrt(1 - size - place) E. G is the size of the outbreak,
    the same everywhere. F says how near its centre is: the share of the people who live
    farther from the place than the centre, as a normal quantile; the centre is drawn by
    population. E is noise of the place.

    Raises:
        ValueError: A figure is out of its bounds.
    """

    living_mean: float = _marginal(
        1.0, 100, "need of living items over the usual one: lognormal with this mean"
    )
    living_cv: float = _marginal(0.4, 10, "and this coefficient of variation")
    medical_mean: float = _marginal(
        1.0, 100, "need of medical items over the usual one: lognormal with this mean"
    )
    medical_cv: float = _marginal(1.0, 10, "and this coefficient of variation")
    site_loss: float = _marginal(0.05, 1, "probability that a site is hit")
    site_left: float = _marginal(
        0.5, 1, "what survives at a site that is hit: uniform from 0 to this share"
    )
    lane_closed: float = _marginal(0.05, 1, "probability that a lane is closed")
    lane_delayed: float = _marginal(0.1, 1, "probability that it is open but delayed")
    lane_longer: float = _marginal(
        2.0, 100, "minutes and cost of a delayed lane over the usual ones: uniform from 1 to this"
    )
    supplier_failure: float = _marginal(0.1, 1, "probability that a supplier fails")
    supplier_left: float = _marginal(
        0.5, 1, "what a supplier that fails can deliver: uniform from 0 to this share"
    )
    size: float = _marginal(
        0.3, 1, "part of the variance of severity due to the size of the outbreak"
    )
    place: float = _marginal(0.5, 1, "part of it due to the distance from its centre")
    tie: float = _marginal(
        0.5,
        1,
        "correlation of the latent figures behind losses, closures and delays (with the severity "
        "of the site, of the end of the lane) and failures (with the size)",
    )

    def __post_init__(self) -> None:
        """Refuse figures out of bounds."""
        for spec in fields(self):
            value, most = getattr(self, spec.name), spec.metadata["most"]
            if not 0 <= value <= most:
                raise ValueError(f"{spec.name} must be between 0 and {most:g}, not {value!r}")
        if self.size + self.place > 1:
            raise ValueError("size and place are parts of one variance: at most 1 in all")
        if self.lane_closed + self.lane_delayed > 1:
            raise ValueError("a lane is closed, delayed or neither: at most 1 in all")
        if self.lane_longer < 1:
            raise ValueError(f"lane_longer must be 1 at least, not {self.lane_longer!r}")


def marginal_lines(marginals: Marginals | None = None) -> list[tuple[str, float, str]]:
    """Return (name, value, meaning) of every figure."""
    chosen = marginals or Marginals()
    return [
        (spec.name, float(getattr(chosen, spec.name)), spec.metadata["meaning"])
        for spec in fields(chosen)
    ]
