r"""
A noisy curve, and the loss as a function of the weights
========================================================

A hundred and fifty points around :math:`y = x / 2 + \sin x \cos 2x`, and a network that finds the
curve behind them. Then we take hold of its weights: what is training but the search for the place
where the loss, a function of these 1,801 numbers, is low?
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
# 80 units and then 20. The mean squared residual cannot fall far below the variance of the noise,
# 0.04, unless the network learns the noise by heart; the penalty ``alpha`` keeps it from that.

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
display.ax_.plot(grid, curve(grid), "C1--", label="the curve behind it")
display.ax_.legend()

# %%
# The loss is a function of the weights
# -------------------------------------
# ``coefs_`` are views of the network's own numbers: what is written into them, the network
# predicts with. We take the second layer, 80 × 20 weights, keep a copy, and put others of the same
# size in its place, drawn at random.


def loss():
    """The mean squared residual with the weights as they are now."""
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
# The very same numbers in another order are worth nothing: what a network knows is in where each
# weight stands.

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(x, y, ".", color="grey", label="data")
ax.plot(grid, model.predict(grid[:, np.newaxis]), label=f"learned: {learned_loss:.2f}")
ax.plot(grid, shuffled_curve, "--", label=f"second layer shuffled: {shuffled_loss:.2f}")
ax.set(xlabel="x", ylabel="y")
ax.legend(title="mean squared residual")

# %%
# Along a line
# ------------
# From the learned weights :math:`W` to the shuffled ones :math:`V` leads a line,
# :math:`W + t\,(V - W)`. Along it the loss is a curve, and training has stopped at the bottom of
# it. For a single weight, :math:`w + t`, the loss is a curve as well, and a flat one: whether the
# weight is the largest of 1,600 or the smallest, the loss less than doubles when it changes by one.
# What the network has learned stands in all of them together.

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

assert max(map(max, of_one.values())) < 2 * learned_loss
assert along[-1] > 5 * learned_loss
lowest = steps[int(np.argmin(along))]
assert abs(lowest) < 0.03

# %%
# Over a plane
# ------------
# Two directions make a plane, and the loss over it a landscape. These are drawn at random and made
# as long, unit by unit, as the weights themselves (Li et al. 2018). The network stands at the
# bottom of a valley.

LossLandscapeDisplay.from_estimator(model, X, y)
