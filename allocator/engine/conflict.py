"""The smallest set of rules that contradict each other, out of groups of rows of a program.

Hitting sets (Ignatiev, Previti, Liffiton and Marques-Silva 2015, Smallest MUS extraction with
minimal hitting set dualization): every set of rules whose absence leaves the others without
contradiction must be hit; the smallest set that hits all found so far is tried; once it
contradicts itself there is none smaller.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model
from scipy import sparse

from allocator.engine.cpsat import STEP, Rows, cp_columns, cp_row
from allocator.engine.program import Ints, Program

SHARE = 0.25  # of the time left, for one solve


@dataclass(frozen=True)
class Conflict:
    """Groups that contradict each other together with the rows of no group.

    `smallest` says whether it is proven that no set of fewer groups does.
    """

    groups: tuple[int, ...]
    smallest: bool


def smallest_conflict(
    program: Program, group: Ints, seconds: float, seed: int = 0
) -> Conflict | None:
    """Return the smallest set of groups that no point obeys; None where some point obeys all.

    Args:
        program: The program.
        group: Group of every row, from 0; -1 = always holds.
        seconds: Wall seconds; when they are over, what is left need not be the smallest.
        seed: Seed of the search.
    """
    deadline = time.monotonic() + seconds
    search = _Search(program, group, seed)
    everything = frozenset(range(search.count))
    core = search.core(everything, deadline)
    if core is None:
        return None
    missing: list[frozenset[int]] = []
    while time.monotonic() < deadline:
        chosen = _hitting(missing, seed)
        if len(chosen) >= len(core):
            return Conflict(tuple(sorted(core)), True)
        obeyed = search.most_obeyed(chosen, deadline)
        if obeyed is None:
            return Conflict(tuple(sorted(chosen)), True)
        if not obeyed:
            break
        missing.append(everything - obeyed)
    return Conflict(tuple(sorted(_thinned(search, core, deadline))), False)


def _thinned(search: _Search, core: frozenset[int], deadline: float) -> frozenset[int]:
    """Leave out every group the contradiction does not need, as far as the time goes."""
    for one in sorted(core):
        if time.monotonic() < deadline:
            core = search.core(core - {one}, deadline) or core
    return core


def _hitting(sets: list[frozenset[int]], seed: int) -> frozenset[int]:
    """Return a smallest set that meets all of `sets`."""
    model = cp_model.CpModel()
    chosen = {one: model.new_bool_var("") for one in sorted(frozenset().union(*sets))}
    for members in sets:
        model.add_bool_or([chosen[one] for one in sorted(members)])
    model.minimize(sum(chosen.values()))
    solver = _solver(seed, None)
    solver.solve(model)
    return frozenset(one for one, column in chosen.items() if solver.value(column))


class _Search:
    """A model in which every group of rows can be switched off."""

    def __init__(self, program: Program, group: Ints, seed: int) -> None:
        self._seed = seed
        scale = np.where(program.integer, 1.0, STEP)
        self._model, columns = cp_columns(program.lower, program.upper, scale)
        self.count = int(group.max(initial=-1)) + 1
        self._on = [self._model.new_bool_var("") for _ in range(self.count)]
        rows = Rows(sparse.csr_matrix(program.matrix()), program.row_lower, program.row_upper)
        for row, number in enumerate(group.tolist()):
            added = cp_row(self._model, columns, rows, row, scale)
            if added is not None and number >= 0:
                added.only_enforce_if(self._on[number])

    def core(self, wanted: frozenset[int], deadline: float) -> frozenset[int] | None:
        """Return groups out of `wanted` that contradict each other; None where none is proven."""
        self._model.clear_assumptions()
        self._model.add_assumptions([self._on[one] for one in sorted(wanted)])
        solver = _solver(self._seed, deadline)
        if solver.solve(self._model) != cp_model.INFEASIBLE:
            return None
        named = {column.index: one for one, column in enumerate(self._on)}
        found = solver.sufficient_assumptions_for_infeasibility()
        return frozenset(named[index] for index in found)

    def most_obeyed(self, chosen: frozenset[int], deadline: float) -> frozenset[int] | None:
        """Return as many groups as can hold beside `chosen`; None where these contradict.

        An empty set means that there was no time to tell.
        """
        self._model.clear_assumptions()
        model = self._model.clone()
        for one in sorted(chosen):
            model.add(model.get_bool_var_from_proto_index(self._on[one].index) == 1)
        model.maximize(sum(model.get_bool_var_from_proto_index(one.index) for one in self._on))
        solver = _solver(self._seed, deadline)
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return None
        if status == cp_model.UNKNOWN:
            return frozenset()
        values = solver.response_proto.solution
        return frozenset(one for one, column in enumerate(self._on) if values[column.index])


def _solver(seed: int, deadline: float | None) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = 1
    if deadline is not None:
        left = max(0.01, deadline - time.monotonic())
        solver.parameters.max_time_in_seconds = max(0.01, SHARE * left)
    return solver
