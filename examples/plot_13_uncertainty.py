r"""
Prediction intervals
====================

A network trained with the squared error predicts a mean without its uncertainty. Two losses predict
both: 'quantile' predicts quantiles of the targets, 'gaussian_nll' a mean and a standard deviation.
In this example the noise depends on :math:`x`.
"""

import matplotlib.pyplot as plt
import numpy as np

from lamina import MLPRegressor
from lamina.plots import FitDisplay

generator = np.random.default_rng(0)


def true_std(x):
    """Return the standard deviation of the noise."""
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
# each unit below the target costs :math:`q`, each unit above it :math:`1 - q`. The loss is lowest
# if a fraction :math:`q` of the targets is below :math:`p`, whatever their distribution (Koenker
# and Bassett 1978). One network predicts several quantiles at once and sorts them, so they don't
# cross.

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
    print(f"{fraction:.3f} of new samples are below the quantile {level:.2f}")
assert np.abs(below - levels).max() < 0.02

FitDisplay.from_estimator(quantiles, X, y)

# %%
# Mean and standard deviation
# ---------------------------
# 'gaussian_nll' assumes normal noise, which is true here. For every sample the network predicts a
# mean :math:`\mu` and a standard deviation :math:`\sigma`, with the loss
#
# .. math:: \ln \sigma + \frac{(y - \mu)^2}{2 \sigma^2}:
#
# a small :math:`\sigma` makes errors expensive, a large one has a cost itself (Nix and Weigend
# 1994).

gaussian = MLPRegressor("gaussian_nll", **settings).fit(X, y)
mean, std = gaussian.predict(X_new, return_std=True)
within = np.mean(np.abs(y_new - mean) < 1.645 * std)
print(f"{within:.1%} of new samples are within 1.645 standard deviations; expected: 90 %")
assert abs(within - 0.9) < 0.02

FitDisplay.from_estimator(gaussian, X, y)

# %%
# Comparison with the truth
# -------------------------
# We generated the noise, so its standard deviation is known. Both networks find it: one predicts it
# directly; for the other, it is the distance of two quantiles divided by that of a standard normal
# distribution.

x = np.linspace(-4, 4, 200)
grid = x[:, np.newaxis]
_, gaussian_std = gaussian.predict(grid, return_std=True)
predicted = quantiles.predict(grid)
quantiles_std = (predicted[:, 4] - predicted[:, 0]) / (2 * 1.645)

figure, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.plot(x, true_std(x), color="grey", linewidth=3, alpha=0.5, label="truth")
ax.plot(x, gaussian_std, label="'gaussian_nll'")
ax.plot(x, quantiles_std, "--", label="'quantile', from 0.05 to 0.95")
ax.set(xlabel="x", ylabel="standard deviation of the noise", ylim=(0, None))
ax.legend()

for found in (gaussian_std, quantiles_std):
    assert np.mean(np.abs(found - true_std(x))) < 0.04
