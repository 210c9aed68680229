r"""
One hidden layer is enough
==========================

A network with one hidden layer approximates any continuous function on an interval arbitrarily
well, if the layer is wide enough (Cybenko 1989; Hornik 1991). The theorem says that such weights
exist. It doesn't say how many units are enough, or whether training finds the weights, so we test
both.
"""

import warnings
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from lamina import MLPRegressor

x = np.linspace(-3, 3, 601)
X = x[:, np.newaxis]
y = np.sin(3 * x) + np.abs(x - 1) / 2 - 0.3 * np.cos(9 * x)

# %%
# A staircase
# -----------
# With :math:`\tanh` a unit is a smooth step: its weight is the steepness, its bias the position.
# The output is a sum of :math:`h` steps of different heights,
#
# .. math:: f(x) = c + \sum_{j=1}^{h} v_j \tanh(w_j x + b_j),
#
# and a staircase of many small steps follows any curve. Our initial weights are such steps, side by
# side over the interval, each covering an equal fraction of it, with all heights zero.
#
# There is no noise, and the aim is approximation rather than generalisation. So there is no
# penalty, and the solver is 'lbfgs', which uses all samples at once and converges where minibatches
# would oscillate.


def staircase(width):
    """Return initial weights and biases: `width` steps side by side."""
    centres = (np.arange(width) + 0.5) / width * 6 - 3
    steepness = np.full(width, width / 3)
    return [steepness[np.newaxis, :], np.zeros((width, 1)), -steepness * centres, np.zeros(1)]


def fit(width, initializer, seed=0):
    model = MLPRegressor(
        hidden_layer_sizes=(width,),
        activation="tanh",
        initializer=initializer,
        solver="lbfgs",
        alpha=0,
        tol=1e-6,
        max_iter=1000,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a thousand iterations each
        return model.fit(X, y)


def rms_error(model):
    return np.sqrt(np.mean((model.predict(X) - y) ** 2))


widths = [1, 2, 4, 8, 16, 32, 64, 128]
models = [fit(width, staircase(width)) for width in widths]
errors = [rms_error(model) for model in models]

# %%
# A few units fit the large waves, more units the small ones, and last comes the kink at
# :math:`x = 1`, which no smooth step has.

figure, axes = plt.subplots(2, 2, figsize=(9, 5.5), layout="constrained", sharex=True, sharey=True)
for ax, width in zip(axes.flat, (2, 4, 8, 16), strict=True):
    i = widths.index(width)
    ax.plot(x, y, linewidth=3, alpha=0.4, color="grey", label="function")
    ax.plot(x, models[i].predict(X), label="network")
    ax.set_title(f"{width} units: error {errors[i]:.3f}")
figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
for ax in axes[1]:
    ax.set_xlabel("x")

# %%
# Error and width
# ---------------
# Each doubling of the width lowers the error, from 0.7 for one unit, which is hardly better than a
# constant, to four thousandths for 128.

assert all(wider < narrower for narrower, wider in pairwise(errors))
assert errors[0] > 0.7
assert errors[-1] < 0.005

# %%
# In practice the initial weights are random, because the positions of the steps are unknown. The
# best of three seeds is as good up to eight units. Beyond sixteen, more units don't help: good
# weights exist, as the theorem says, but training doesn't find them.

from_random = [
    min(rms_error(fit(width, "glorot_uniform", seed)) for seed in range(3)) for width in widths
]
print("units   staircase   random")
for width, ordered, random in zip(widths, errors, from_random, strict=True):
    print(f"{width:5}   {ordered:9.4f}   {random:6.4f}")
assert from_random[-1] > 5 * errors[-1]

figure, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
ax.loglog(widths, errors, "o-", base=2, label="from a staircase")
ax.loglog(widths, from_random, "s--", base=2, label="from random weights, best of three")
ax.set_yscale("log", base=10)
ax.set(xlabel="hidden units", ylabel="root of the mean squared error")
ax.xaxis.set_major_formatter("{x:.0f}")
ax.legend()
