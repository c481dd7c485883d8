"""Benders decomposition of two-stage programs: cuts on the relaxation first, then whole columns.

1. Few scenarios begin with a cut each (benders_alone); from a good point, whole or not, the search
   first goes down in a box (benders_descent).
2. The relaxation of the master is solved to the end, on growing samples of the scenarios, with
   cuts at points between the master's and the best one so far (in-out separation: Ben-Ameur and
   Neto 2007; Fischetti, Ljubic and Sinnl 2016). Cuts found here hold for whole columns too
   (McDaniel and Devine 1977).
3. The master with whole columns is solved again and again, with the cuts that are active. Columns
   of a wide range (lots, packs) stay relaxed at first: rounding them costs little, deciding the
   others makes the plan. What the master chooses is fixed, the rest is solved to the end by cuts,
   and rounded: that gives the points. The dual bound of every master is a bound of the whole.
"""

from __future__ import annotations

from allocator.engine.benders_descent import descend
from allocator.engine.benders_known import Report
from allocator.engine.benders_lp import free_threads
from allocator.engine.benders_search import Search
from allocator.engine.benders_tuning import Tuning
from allocator.engine.benders_whole import Rounding
from allocator.engine.executors import open_workers
from allocator.engine.ordered import Budget
from allocator.engine.program import Floats
from allocator.engine.two_stage import Complete, TwoStage, TwoStageAnswer


def solve_benders(
    two_stage: TwoStage,
    budget: Budget,
    *,
    complete: Complete | None = None,
    start: Floats | None = None,
    centre: Floats | None = None,
    seed: int = 0,
    threads: int = 1,
    workers: str = "",
    report: Report = lambda answer: None,
    tuning: Tuning | None = None,
) -> TwoStageAnswer:
    """Solve by cuts; the bound is true at any stop.

    Args:
        two_stage: The program.
        budget: Deadline, gap and work: simplex iterations in all; under a limit of work alone every
            scenario is solved from nothing and the same work gives the same answer to the byte.
        complete: Makes a first-stage point whole (of the columns of `first`), or says None.
        start: A first-stage point known to be possible.
        centre: One of the relaxation, near which the first cuts are made; None = the start.
        seed: Of the order of the scenarios and of HiGHS.
        threads: Threads of this process, where `workers` is blank.
        workers: Address of a cluster, as `open_workers` takes it.
        report: Hears of every better point or bound.
        tuning: Settings of the search.
    """
    free_threads()
    with open_workers(workers, threads) as crew:
        search = Search(two_stage, budget, crew, seed, report, tuning or Tuning())
        search.begin_alone()
        search.try_point(start)
        inside = search.valued(centre)
        relaxed = search.converge_samples(descend(search, inside))
        if relaxed is not None:
            if complete is not None:
                search.try_point(complete(relaxed.first[: two_stage.first.column_count]))
            Rounding(search).run(relaxed)
        return search.answer()
