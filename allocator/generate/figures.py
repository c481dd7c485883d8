"""Figures behind a generated instance: each with its unit, status, source and note."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import pandas as pd

from allocator.generate.shapes import Floats

STATUSES = ("sourced", "derived", "assumed")


def read_figures(name: str) -> pd.DataFrame:
    """Return a table of the folder `figures` as text, "" for blank.

    Args:
        name: File name without its ending, such as `shanghai_2022`.
    """
    path = files(__package__).joinpath("figures", f"{name}.csv")
    with path.open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype="str", keep_default_na=False)


class Figures:
    """Numbers looked up by subject and figure, such as ("rider", "count")."""

    def __init__(self, name: str) -> None:
        """Read the table `name`: subject, figure, value, unit, status, source, note."""
        self.table = read_figures(name)
        keys = zip(self.table["subject"], self.table["figure"], strict=True)
        self._values = dict(zip(keys, self.table["value"].astype(float), strict=True))

    def __call__(self, subject: str, figure: str) -> float:
        """Return one value.

        Raises:
            KeyError: There is no such figure.
        """
        return self._values[subject, figure]

    def find(self, subject: str, figure: str, missing: float = 0.0) -> float:
        """Return one value, or `missing` when the table has none."""
        return self._values.get((subject, figure), missing)

    def column(self, subjects: Sequence[str], figure: str, missing: float = 0.0) -> Floats:
        """Return the value of `figure` for every subject, `missing` where the table has none."""
        return np.array([self.find(subject, figure, missing) for subject in subjects])

    def having(self, figure: str) -> list[str]:
        """Return the subjects that have `figure`, in the order of the table."""
        return self.table.loc[self.table["figure"] == figure, "subject"].tolist()
