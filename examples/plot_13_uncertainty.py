r"""
How sure is the network?
========================

A network trained on squared error says what to expect, and not how far off it may be. Two losses
say both: 'quantile' predicts values that a given fraction of the targets lies below, 'gaussian_nll'
a mean and a standard deviation. Here the noise depends on :math:`x`, so there is something to find
out.
"""

import matplotlib.pyplot as plt
import numpy as np

from lamina import MLPRegressor
from lamina.plots import FitDisplay

generator = np.random.default_rng(0)


def true_std(x):
    """The standard deviation of the noise."""
    return 0.1 + 0.2 * (1 + np.sin(x + 1))


def draw(n):
    x = generator.uniform(-4, 4, n)
    return x[:, np.newaxis], np.sin(x) + true_std(x) * generator.normal(size=n)


X, y = draw(2000)
X_new, y_new = draw(20_000)

# %%
# Quantiles
# ---------
# For the quantile :math:`q` the loss of a prediction :math:`p` is
#
# .. math:: \max\bigl(q\,(y - p),\ (q - 1)\,(y - p)\bigr):
#
# to be too low costs :math:`q` for each unit, to be too high :math:`1 - q`. It is smallest where a
# fraction :math:`q` of the targets lies below :math:`p`, whatever their distribution is (Koenker
# and Bassett 1978). One network gives several quantiles at once, and sorts them, so that none
# crosses another.

settings = {
    "hidden_layer_sizes": (32, 32),
    "activation": "tanh",
    "learning_rate": "cosine",
    "learning_rate_init": 0.01,
    "max_iter": 150,
    "n_iter_no_change": 150,
    "random_state": 0,
}
levels = [0.05, 0.25, 0.5, 0.75, 0.95]
quantiles = MLPRegressor("quantile", quantile=levels, **settings).fit(X, y)

below = np.mean(y_new[:, np.newaxis] < quantiles.predict(X_new), axis=0)
for level, fraction in zip(levels, below, strict=True):
    print(f"below the quantile {level:.2f} lie {fraction:.3f} of new rows")
assert np.abs(below - levels).max() < 0.02

FitDisplay.from_estimator(quantiles, X, y)

# %%
# Mean and standard deviation
# ---------------------------
# 'gaussian_nll' takes the noise for normal, which it is here. For every row the network predicts a
# mean :math:`\mu` and a standard deviation :math:`\sigma`, and pays
#
# .. math:: \ln \sigma + \frac{(y - \mu)^2}{2 \sigma^2}:
#
# a small :math:`\sigma` makes errors dear, a large one costs by itself (Nix and Weigend 1994).

gaussian = MLPRegressor("gaussian_nll", **settings).fit(X, y)
mean, std = gaussian.predict(X_new, return_std=True)
within = np.mean(np.abs(y_new - mean) < 1.645 * std)
print(f"{within:.1%} of new rows are within 1.645 standard deviations; normally, 90 % are")
assert abs(within - 0.9) < 0.02

FitDisplay.from_estimator(gaussian, X, y)

# %%
# Is the standard deviation right?
# --------------------
# We made the noise, so for once the truth is known. Both networks find it: one says it outright, of
# the other it is the distance between two quantiles over that of a normal distribution.

x = np.linspace(-4, 4, 200)
grid = x[:, np.newaxis]
_, of_gaussian = gaussian.predict(grid, return_std=True)
predicted = quantiles.predict(grid)
of_quantiles = (predicted[:, 4] - predicted[:, 0]) / (2 * 1.645)

figure, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.plot(x, true_std(x), color="grey", linewidth=3, alpha=0.5, label="the truth")
ax.plot(x, of_gaussian, label="'gaussian_nll'")
ax.plot(x, of_quantiles, "--", label="'quantile', from 0.05 to 0.95")
ax.set(xlabel="x", ylabel="standard deviation of the noise", ylim=(0, None))
ax.legend()

for found in (of_gaussian, of_quantiles):
    assert np.mean(np.abs(found - true_std(x))) < 0.04
