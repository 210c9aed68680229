"""L-BFGS of independent members: one minimisation after another, each with all threads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lamina.engines import Rows
from lamina.engines.independent import IndependentEngine, member_places
from lamina.formulas.table import Array
from lamina.network import NetworkSpec
from lamina.training.history import Ending
from lamina.training.lbfgs import LbfgsPlan, LbfgsResult, minimise


def minimise_members(
    engine: IndependentEngine, spec: NetworkSpec, plan: LbfgsPlan, rows: Rows, start: Array
) -> LbfgsResult:
    """Minimise the loss of each member; after Ctrl-C or the deadline, later ones stay at the start.

    Parameters
    ----------
    engine : IndependentEngine
    spec : NetworkSpec
        Of all members.
    plan : LbfgsPlan
    rows : Rows
        In float64.
    start : ndarray of float64 of shape (n_parameters,)

    Returns
    -------
    LbfgsResult
        The mean of the losses, the most iterations, and the ending of the first member that did
        not converge.
    """
    member = spec.independent_member
    assert member is not None
    parameters, results = start.copy(), list[LbfgsResult]()
    for places in member_places(spec):
        results.append(minimise(engine.member_engine, member, plan, rows, start[places]))
        parameters[places] = results[-1].parameters
        if results[-1].ending in (Ending.INTERRUPTED, Ending.OUT_OF_TIME):
            break
    worst = next((each for each in results if each.ending is not Ending.CONVERGED), results[0])
    loss = float(np.mean([each.loss for each in results]))
    iterations = max(each.iterations for each in results)
    return replace(worst, parameters=parameters, loss=loss, iterations=iterations)
