r"""
One parameter at a time
=======================

A network has a dozen parameters, and each has a range in which it works. We vary one at a time,
from far too small to far too large, and keep the others fixed. :func:`lamina.sweep` trains a copy
for each value and each fold, in parallel threads, and :class:`~lamina.plots.SweepDisplay` draws the
loss curves and scores.
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


def vary(parameter, values, **settings):
    """Train forty epochs for each value on each of three folds of the digits."""
    model = MLPClassifier(
        (32,), max_iter=40, n_iter_no_change=40, learning_rate_init=0.005, random_state=0
    ).set_params(**settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # forty epochs are intended
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
# Alpha is the factor of the penalty :math:`\tfrac{1}{2} \alpha \lVert W \rVert^2`. Over six powers
# of ten it changes almost nothing. At 10 the training score falls towards the test score; then both
# fall together, until the weights are nearly zero and the network predicts the same for every
# sample.

alphas = vary("alpha", np.logspace(-5, 3, 9))
SweepDisplay(sweep=alphas).plot()

assert np.ptp(test_scores(alphas)[:6]) < 0.01
assert test_scores(alphas)[-1] < 0.2

# %%
# Batch size, from 2 to full
# --------------------------
# In the same number of epochs, small batches make many steps with a noisy gradient, and a full
# batch makes forty with the exact one. Eight samples are best here; the full batch has not
# converged.

full = len(digits.X) * 2 // 3
batches = vary("batch_size", np.array([2, 8, 32, 128, full]))
SweepDisplay(sweep=batches).plot()
assert test_scores(batches).max() == test_scores(batches)[1]

# %%
# The learning rate, from 1e-5 to 0.5
# -----------------------------------
# Gradient descent without and with momentum. Momentum of 0.9 sums about the last ten steps, so the
# same rate has ten times the effect, and the curve moves to the left. If you change one of the two,
# change the other too.

rates = np.geomspace(1e-5, 0.5, 8)
plain = vary("learning_rate_init", rates, solver="sgd", momentum=0)
with_momentum = vary("learning_rate_init", rates, solver="sgd", momentum=0.9)

SweepDisplay(sweep=plain).plot()
SweepDisplay(sweep=with_momentum).plot()

assert np.all(np.diff(test_scores(plain)) >= 0)
assert test_scores(plain).argmax() == len(rates) - 1
assert rates[test_scores(with_momentum).argmax()] < 0.1

# %%
# Solvers
# -------
# All solvers have the same learning rate, which is unfair: 'adagrad' and 'sgd' need a larger one,
# 'lion' a smaller one. The others are within two hundredths of each other, and so is 'lbfgs', which
# has no rate.

solvers = vary(
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
# With one hidden layer the activation matters little. 'identity', a linear model, is as good
# because these digits are nearly linearly separable.

activations = vary(
    "activation", ["identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu"]
)
SweepDisplay(sweep=activations).plot()
assert np.ptp(test_scores(activations)) < 0.02

# %%
# Dropout
# -------
# Up to a half it does no harm, and for a network this small no good either. Beyond that, too few
# units are left.

dropouts = vary("dropout", [0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
assert np.ptp(test_scores(dropouts)[:5]) < 0.01
assert test_scores(dropouts)[-1] < 0.92
SweepDisplay(sweep=dropouts).plot()
