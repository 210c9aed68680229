r"""
One hidden layer is enough
==========================

A network with one hidden layer comes as near as one likes to any continuous function on an
interval, if only the layer is wide enough (Cybenko 1989; Hornik 1991). The theorem says that such
weights exist. It says neither how many units it takes nor whether training finds the weights, so we
try.
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
# With :math:`\tanh` a unit is a step, soft or steep: its weight says how steep, its bias where. The
# output is a sum of :math:`h` steps of different heights,
#
# .. math:: f(x) = c + \sum_{j=1}^{h} v_j \tanh(w_j x + b_j),
#
# and a staircase of many small steps follows any curve. This is also how we begin: with the steps
# side by side over the interval, each as wide as its fraction of it, and all heights zero.
#
# There is no noise, and the aim is to come near rather than to generalise. So there is no penalty,
# and the solver is 'lbfgs', which takes all rows at once and gets to the bottom where minibatches
# would waver above it.


def staircase(width):
    """First weights and biases: `width` steps side by side."""
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
# Few units follow the large waves, more of them the small ones, and what is last is the kink at
# :math:`x = 1`, which no smooth step has.

figure, axes = plt.subplots(2, 2, figsize=(9, 5.5), layout="constrained", sharex=True, sharey=True)
for ax, width in zip(axes.flat, (2, 4, 8, 16), strict=True):
    i = widths.index(width)
    ax.plot(x, y, linewidth=3, alpha=0.4, color="grey", label="the function")
    ax.plot(x, models[i].predict(X), label="the network")
    ax.set_title(f"{width} units: error {errors[i]:.3f}")
figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
for ax in axes[1]:
    ax.set_xlabel("x")

# %%
# The error's curve
# -----------------
# Each doubling of the width lowers the error, from 0.7 for one unit, which is hardly better than a
# constant, to four thousandths for 128.

assert all(wider < narrower for narrower, wider in pairwise(errors))
assert errors[0] > 0.7
assert errors[-1] < 0.005

# %%
# And from random weights, as one begins in practice, when nobody can say where the steps belong?
# The best of three tries keeps up as far as eight units. Beyond sixteen, more units make the
# descent no better: the weights that the theorem promises are there, but it does not come upon
# them.

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
