r"""
One knob at a time
==================

A network has a dozen settings, and each has a range in which it works. We turn one at a time, from
far too little to far too much, and leave all others alone. scikit-learn's ``validation_curve``
trains a copy for each value and each fold; the native core lets them run side by side in threads.
"""

import warnings

import joblib
import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import ValidationCurveDisplay, validation_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier
from lamina.datasets import load

digits = load("digits")


def sweep(parameter, values, **settings):
    """Forty epochs for each value on each of three folds of the digits."""
    model = MLPClassifier(
        (32,), max_iter=40, n_iter_no_change=40, learning_rate_init=0.005, random_state=0
    ).set_params(**settings)
    with warnings.catch_warnings(), joblib.parallel_config(backend="threading", n_jobs=2):
        warnings.simplefilter("ignore", ConvergenceWarning)  # forty epochs are what we ask for
        train, test = validation_curve(
            make_pipeline(StandardScaler(), model),
            digits.X,
            digits.y,
            param_name=f"mlpclassifier__{parameter}",
            param_range=values,
            cv=3,
        )
    return ValidationCurveDisplay(
        param_name=parameter,
        param_range=values,
        train_scores=train,
        test_scores=test,
        score_name="accuracy",
    )


def test_scores(found):
    return found.test_scores.mean(axis=1)


def side_by_side(found, ax):
    """Draw the scores of values that have no order."""
    place = np.arange(len(found.param_range))
    for scores, marker, name in (
        (found.train_scores, "o", "train"),
        (found.test_scores, "s", "test"),
    ):
        ax.errorbar(
            place, scores.mean(axis=1), scores.std(axis=1), fmt=marker, capsize=3, label=name
        )
    ax.set(xticks=place, xticklabels=found.param_range, ylabel="accuracy")
    ax.set_title(found.param_name)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    ax.spines[["top", "right"]].set_visible(False)


# %%
# Alpha, from 1e-5 to 1e3
# -----------------------
# The strength of the penalty :math:`\tfrac{1}{2} \alpha \lVert W \rVert^2`. Over six powers of ten
# it changes next to nothing. At 10 it takes hold: the training score comes down towards the test
# score; then both fall together, until the weights are nearly zero and the network says the same
# for every row.

alphas = sweep("alpha", np.logspace(-5, 3, 9))
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
alphas.plot(ax, std_display_style="errorbar", errorbar_kw={"marker": "o"})
ax.set(xscale="log", xlabel="alpha", ylabel="accuracy")

assert np.ptp(test_scores(alphas)[:6]) < 0.01
assert test_scores(alphas)[-1] < 0.2

# %%
# Batch size, from 2 to full
# --------------------------
# In as many epochs, small batches take many steps with a noisy slope, and a full batch forty with
# the exact one. Eight rows are best here; the full batch has not arrived yet.

full = len(digits.X) * 2 // 3
batches = sweep("batch_size", np.array([2, 8, 32, 128, full]))
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
batches.plot(ax, std_display_style="errorbar", errorbar_kw={"marker": "o"})
ax.set(xscale="log", xlabel="batch size", ylabel="accuracy")
assert test_scores(batches).max() == test_scores(batches)[1]

# %%
# The learning rate, from 1e-5 to 0.5
# -----------------------------------
# Gradient descent without momentum and with it. Momentum of 0.9 adds up the last ten steps or so,
# which makes each rate count ten times: the curve moves to the left. A rate never comes alone: if
# the one is changed, the other must be as well.

rates = np.geomspace(1e-5, 0.5, 8)
plain = sweep("learning_rate_init", rates, solver="sgd", momentum=0)
with_momentum = sweep("learning_rate_init", rates, solver="sgd", momentum=0.9)

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)
for ax, found, title in (
    (axes[0], plain, "without momentum"),
    (axes[1], with_momentum, "momentum 0.9"),
):
    found.plot(ax, std_display_style="errorbar", errorbar_kw={"marker": "o"})
    ax.set(xscale="log", title=title, xlabel="learning rate", ylabel="accuracy")

assert np.all(np.diff(test_scores(plain)) >= 0)
assert test_scores(plain).argmax() == len(rates) - 1
assert rates[test_scores(with_momentum).argmax()] < 0.1

# %%
# Solvers
# -------
# All with the same learning rate, which is hardly fair: 'adagrad' and 'sgd' want a larger one,
# 'lion' a smaller one. The others are within two hundredths of each other, and so is 'lbfgs', which
# has no rate.

solvers = sweep(
    "solver", ["sgd", "adam", "adamw", "nadam", "rmsprop", "adagrad", "lion", "muon", "lbfgs"]
)
rated = dict(zip(solvers.param_range, test_scores(solvers), strict=True))
assert max(rated["sgd"], rated["adagrad"], rated["lion"]) < 0.9
assert (
    np.ptp([rated[name] for name in ("adam", "adamw", "nadam", "rmsprop", "muon", "lbfgs")]) < 0.02
)

# %%
# Activations
# -----------
# With one hidden layer it matters little which; that 'identity', a linear model, is as good says
# that these digits are nearly linear, and nothing about the others.

activations = sweep(
    "activation", ["identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu"]
)
assert np.ptp(test_scores(activations)) < 0.02

# %%
# Dropout
# -------
# Up to a half it costs nothing, and on a network this small it brings nothing either. Beyond, too
# few units are left to learn with.

dropouts = sweep("dropout", [0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
assert np.ptp(test_scores(dropouts)[:5]) < 0.01
assert test_scores(dropouts)[-1] < 0.92

figure, axes = plt.subplots(3, 1, figsize=(8, 10), layout="constrained")
for ax, found in zip(axes, (solvers, activations, dropouts), strict=True):
    side_by_side(found, ax)
