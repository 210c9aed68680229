"""The perceptron of a traced step: inside an estimator, one of independent members, its draws."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from lamina.blocks import member_seed
from lamina.encoding.frames import ArrayOrTable
from lamina.engines.independent import member_networks
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.running import prepare_memory
from lamina.estimators.settings.refusals import require_whole
from lamina.export.scikit_learn import THEIRS
from lamina.formulas.noise import Draws
from lamina.network import Network
from lamina.studies.inside import OURS, perceptron_inside

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def traced_perceptron(
    model: BaseEstimator, X: ArrayOrTable, y: ArrayOrTable
) -> tuple[BaseEstimator, ArrayOrTable, ArrayOrTable]:
    """Return the perceptron, fitted or not, and its input for X and y."""
    try:
        inside = perceptron_inside(model)
    except NotFittedError:
        if isinstance(model, Pipeline):
            before = clone(model)[:-1]
            rows = before.fit_transform(X, y) if len(before) else X
            return traced_perceptron(model.steps[-1][1], rows, y)
        if isinstance(model, OURS):
            return model, X, y
        for ours, theirs in THEIRS.items():
            if isinstance(model, theirs):
                return ours(**model.get_params(deep=False)), X, y
        raise
    return inside.model, inside.rows(X), inside.targets(y)


def traced_network(fit: Assignment, member: int | None) -> tuple[Network, int | None]:
    """Return the network to trace, and its place among independent members."""
    network, n_members = fit.network(fit.start), fit.spec.n_members
    if fit.spec.independent_member is None:
        if member is not None:
            raise ValueError(
                f"member={member!r} chooses one of several independent members, and this model has "
                f"{'one network' if n_members == 1 else 'members that share their layers'}: leave "
                "member out"
            )
        return network, None
    chosen = 0 if member is None else member
    require_whole("member", chosen, "the place of a member, from 0 on")
    if not 0 <= chosen < n_members:
        raise ValueError(f"member={member!r} must be from 0 to {n_members - 1}, the last member")
    return member_networks(network)[chosen], chosen


def traced_draws(fit: Assignment, member: int | None) -> Draws:
    """Return the inputs of the draws of the fit's next step; the fit does not change."""
    state = prepare_memory(replace(fit, random_state=deepcopy(fit.random_state))).optimizer
    seed = state.seed if member is None else member_seed(state.seed, member)
    return Draws(seed, state.step, np.arange(len(fit.rows.y)))
