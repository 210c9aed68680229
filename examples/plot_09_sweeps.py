r"""
One knob at a time
==================

A network has a dozen settings, and each has a range in which it works. We turn one at a time, from
far too little to far too much, and leave all others alone. :func:`lamina.sweep` trains a copy for
each value and each fold, side by side in threads, and
:class:`~lamina.plots.SweepDisplay` draws how each of them learned and what it came to.
"""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, sweep
from lamina.datasets import load
from lamina.plots import SweepDisplay

digits = load("digits")


def turn(parameter, values, **settings):
    """Forty epochs for each value on each of three folds of the digits."""
    model = MLPClassifier(
        (32,), max_iter=40, n_iter_no_change=40, learning_rate_init=0.005, random_state=0
    ).set_params(**settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # forty epochs are what we ask for
        return sweep(
            make_pipeline(StandardScaler(), model),
            digits.X,
            digits.y,
            f"mlpclassifier__{parameter}",
            values,
            cv=3,
        )


def test_scores(found):
    return np.array(found.to_dict()["test_score"])


# %%
# Alpha, from 1e-5 to 1e3
# -----------------------
# The strength of the penalty :math:`\tfrac{1}{2} \alpha \lVert W \rVert^2`. Over six powers of ten
# it changes next to nothing. At 10 it takes hold: the training score comes down towards the test
# score; then both fall together, until the weights are nearly zero and the network says the same
# for every row.

alphas = turn("alpha", np.logspace(-5, 3, 9))
SweepDisplay(sweep=alphas).plot()

assert np.ptp(test_scores(alphas)[:6]) < 0.01
assert test_scores(alphas)[-1] < 0.2

# %%
# Batch size, from 2 to full
# --------------------------
# In as many epochs, small batches take many steps with a noisy gradient, and a full batch forty
# with the exact one. Eight rows are best here; the full batch has not arrived yet.

full = len(digits.X) * 2 // 3
batches = turn("batch_size", np.array([2, 8, 32, 128, full]))
SweepDisplay(sweep=batches).plot()
assert test_scores(batches).max() == test_scores(batches)[1]

# %%
# The learning rate, from 1e-5 to 0.5
# -----------------------------------
# Gradient descent without momentum and with it. Momentum of 0.9 adds up the last ten steps or so,
# which makes each rate count ten times: the curve moves to the left. A rate never comes alone: if
# the one is changed, the other must be as well.

rates = np.geomspace(1e-5, 0.5, 8)
plain = turn("learning_rate_init", rates, solver="sgd", momentum=0)
with_momentum = turn("learning_rate_init", rates, solver="sgd", momentum=0.9)

SweepDisplay(sweep=plain).plot()
SweepDisplay(sweep=with_momentum).plot()

assert np.all(np.diff(test_scores(plain)) >= 0)
assert test_scores(plain).argmax() == len(rates) - 1
assert rates[test_scores(with_momentum).argmax()] < 0.1

# %%
# Solvers
# -------
# All with the same learning rate, which is hardly fair: 'adagrad' and 'sgd' want a larger one,
# 'lion' a smaller one. The others are within two hundredths of each other, and so is 'lbfgs', which
# has no rate.

solvers = turn(
    "solver", ["sgd", "adam", "adamw", "nadam", "rmsprop", "adagrad", "lion", "muon", "lbfgs"]
)
SweepDisplay(sweep=solvers).plot()
rated = dict(zip(solvers.values, test_scores(solvers), strict=True))
assert max(rated["sgd"], rated["adagrad"], rated["lion"]) < 0.9
assert (
    np.ptp([rated[name] for name in ("adam", "adamw", "nadam", "rmsprop", "muon", "lbfgs")]) < 0.02
)

# %%
# Activations
# -----------
# With one hidden layer it matters little which; that 'identity', a linear model, is as good says
# that these digits are nearly linear, and nothing about the others.

activations = turn(
    "activation", ["identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu"]
)
SweepDisplay(sweep=activations).plot()
assert np.ptp(test_scores(activations)) < 0.02

# %%
# Dropout
# -------
# Up to a half it costs nothing, and on a network this small it brings nothing either. Beyond, too
# few units are left to learn with.

dropouts = turn("dropout", [0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
assert np.ptp(test_scores(dropouts)[:5]) < 0.01
assert test_scores(dropouts)[-1] < 0.92
SweepDisplay(sweep=dropouts).plot()
