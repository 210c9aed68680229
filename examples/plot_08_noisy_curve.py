r"""
A noisy curve, and the loss as a function of the weights
========================================================

A hundred and fifty points around :math:`y = x / 2 + \sin x \cos 2x`, and a network that finds the
curve. Then we change its weights by hand, to show that training is the search for a minimum of the
loss, a function of these 1,801 numbers.
"""

import matplotlib.pyplot as plt
import numpy as np

from lamina import MLPRegressor
from lamina.plots import FitDisplay, LossLandscapeDisplay

generator = np.random.default_rng(0)
x = np.sort(generator.uniform(-4, 4, 150))
X = x[:, np.newaxis]


def curve(x):
    return x / 2 + np.sin(x) * np.cos(2 * x)


noise = 0.2
y = curve(x) + noise * generator.normal(size=len(x))

# %%
# The fit
# -------
# The network has 80 and 20 units. The mean squared residual cannot fall far below the variance of
# the noise, 0.04, unless the network fits the noise; the penalty ``alpha`` prevents that.

model = MLPRegressor(
    hidden_layer_sizes=(80, 20),
    activation="tanh",
    solver="lbfgs",
    alpha=0.05,
    max_iter=5000,
    random_state=0,
)
model.fit(X, y)
of_noise = np.mean((model.predict(X) - y) ** 2)
grid = np.linspace(-4, 4, 400)
of_curve = np.sqrt(np.mean((model.predict(grid[:, np.newaxis]) - curve(grid)) ** 2))
print(f"mean squared residual {of_noise:.3f}, variance of the noise {noise**2:.3f}")
print(f"distance from the true curve {of_curve:.3f}")
assert abs(of_noise - noise**2) < 0.01
assert of_curve < 0.12

display = FitDisplay.from_estimator(model, X, y)
display.ax_.plot(grid, curve(grid), "C1--", label="true curve")
display.ax_.legend()

# %%
# The loss is a function of the weights
# -------------------------------------
# ``coefs_`` are views of the network's parameters: the network predicts with whatever is assigned
# to their elements. We copy the second layer, 80 × 20 weights, and replace it by a random
# permutation of its weights.


def loss():
    """Return the mean squared residual with the current weights."""
    return np.mean((model.predict(X) - y) ** 2)


layer = model.coefs_[1]
learned, learned_loss = layer.copy(), loss()

layer[:] = generator.permutation(learned.ravel()).reshape(learned.shape)
shuffled_loss = loss()
shuffled_curve = model.predict(grid[:, np.newaxis])

layer[:] = learned
restored_loss = loss()
print(f"learned {learned_loss:.3f}, shuffled {shuffled_loss:.3f}, restored {restored_loss:.3f}")
assert shuffled_loss > 5 * learned_loss
assert restored_loss == learned_loss

# %%
# The same numbers in another order predict nothing useful: the information is in the position of
# each weight.

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(x, y, ".", color="grey", label="data")
ax.plot(grid, model.predict(grid[:, np.newaxis]), label=f"learned: {learned_loss:.2f}")
ax.plot(grid, shuffled_curve, "--", label=f"second layer shuffled: {shuffled_loss:.2f}")
ax.set(xlabel="x", ylabel="y")
ax.legend(title="mean squared residual")

# %%
# Along a line
# ------------
# A line connects the learned weights :math:`W` and permuted ones :math:`V`,
# :math:`W + t\,(V - W)`. Along it the loss is a curve, and the trained network is at its minimum.
# The loss along a single weight, :math:`w + t`, rises far less. If the smallest of 1,600 weights
# changes by one, the loss less than doubles; and for the largest it stays below half of that of the
# permuted weights. The network has learned a function of all weights together.

other = generator.permutation(learned.ravel()).reshape(learned.shape)
steps = np.linspace(-0.5, 1, 61)
along = []
for t in steps:
    layer[:] = learned + t * (other - learned)
    along.append(loss())
layer[:] = learned

large = np.unravel_index(np.abs(learned).argmax(), learned.shape)
small = np.unravel_index(np.abs(learned).argmin(), learned.shape)
shifts = np.linspace(-1, 1, 61)
of_one = {}
for name, at in (("the largest weight", large), ("the smallest weight", small)):
    of_one[name] = []
    for shift in shifts:
        layer[at] = learned[at] + shift
        of_one[name].append(loss())
    layer[at] = learned[at]
assert loss() == learned_loss

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
axes[0].semilogy(steps, along)
axes[0].set(xlabel="t", ylabel="mean squared residual", title="From the learned weights to others")
for (name, curve_of_one), style in zip(of_one.items(), ("-", "--"), strict=True):
    axes[1].plot(shifts, curve_of_one, style, label=name)
axes[1].set(xlabel="change of one weight", title="One weight of 1,600")
axes[1].legend()

assert max(of_one["the smallest weight"]) < 2 * learned_loss
assert max(of_one["the largest weight"]) < along[-1] / 2
assert along[-1] > 5 * learned_loss
lowest = steps[int(np.argmin(along))]
assert abs(lowest) < 0.03

# %%
# Over a plane
# ------------
# Two directions span a plane, and the loss over it is a landscape. These directions are random and
# scaled, unit by unit, to the norm of the weights (Li et al. 2018). The network is at the bottom of
# a valley.

LossLandscapeDisplay.from_estimator(model, X, y)
