"""Write tables as CSV text: fast, and the same bytes for the same values."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.plan.precision import WRITTEN_DECIMALS, rounded


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` with one header row, numbers with `WRITTEN_DECIMALS` decimals at most.

    NaN is blank. The file starts with a byte order mark when it is not plain ASCII, so that
    Excel reads it. A path that ends in .gz is packed, the same bytes for the same values.
    """
    columns = [_cells(frame[name]) for name in frame.columns]
    plain = all(_plain(frame[name]) for name in frame.columns) and str(frame.columns).isascii()
    with _text_file(path, "utf-8" if plain else "utf-8-sig") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(frame.columns)
        writer.writerows(zip(*columns, strict=True))


@contextmanager
def _text_file(path: Path, encoding: str) -> Iterator[TextIO]:
    if path.suffix != ".gz":
        with path.open("w", encoding=encoding, newline="") as file:
            yield file
        return
    with (
        path.open("wb") as raw,
        # Neither the time nor the name is part of the content.
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding=encoding, newline="") as text,
    ):
        yield text


def _plain(values: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return True
    return all(str(text).isascii() for text in pd.unique(values))


def _cells(values: pd.Series) -> list[str]:
    if pd.api.types.is_bool_dtype(values.dtype):
        return ["true" if value else "false" for value in values]
    if pd.api.types.is_integer_dtype(values.dtype):
        return _by_distinct(values.to_numpy(), str)
    if pd.api.types.is_float_dtype(values.dtype):
        return _by_distinct(rounded(values.to_numpy()), _number)
    texts: list[str] = values.astype("str").where(values.notna(), "").tolist()
    return texts


def _by_distinct(values: NDArray[np.generic], text: Callable[[Any], str]) -> list[str]:
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    words = [text(value) for value in distinct.tolist()]
    return [words[code] for code in codes.tolist()]


def _number(value: float) -> str:
    if np.isnan(value):
        return ""
    return f"{value:.{WRITTEN_DECIMALS}f}".rstrip("0").rstrip(".")
