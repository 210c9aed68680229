r"""
A network from nothing
======================

A multi-layer perceptron is a handful of matrix products. We write one in NumPy alone: two inputs,
ten and five hidden units, one output, a sigmoid in every unit, the backward pass by hand, and
gradient descent in a loop. Then lamina does the same in one line, and finds the same weights.
"""

import warnings
from itertools import pairwise
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.model_selection import train_test_split

from lamina import MLPClassifier
from lamina.datasets import load

moons = load("moons")
X_train, X_test, y_train, y_test = train_test_split(
    moons.X, moons.y, stratify=moons.y, random_state=0
)
y = y_train[:, np.newaxis]
n_samples = len(y)

# %%
# The initial weights
# -------------------
# A layer has a matrix of weights :math:`W`, with a row for each input and a column for each unit,
# and a bias :math:`b` for each unit. We draw the weights uniformly from an interval that shrinks as
# the layers grow, so that the variance of their sums stays the same (Glorot and Bengio 2010).

widths = (2, 10, 5, 1)
generator = np.random.default_rng(1)
weights, biases = [], []
for fan_in, fan_out in pairwise(widths):
    bound = np.sqrt(6 / (fan_in + fan_out))
    weights.append(generator.uniform(-bound, bound, (fan_in, fan_out)))
    biases.append(np.zeros(fan_out))

first = [each.copy() for each in weights + biases]  # lamina will start with the same
n_parameters = sum(each.size for each in first)
print(f"{n_parameters} parameters")
assert n_parameters == 91

# %%
# Forward
# -------
# Layer by layer,
#
# .. math:: z_l = a_{l-1} W_l + b_l, \qquad a_l = \sigma(z_l), \qquad
#           \sigma(z) = \frac{1}{1 + e^{-z}},
#
# from :math:`a_0 = X` to the last :math:`a`, which is the probability :math:`p` of the second
# class. The loss is the mean log loss over all samples:
#
# .. math:: L = -\frac{1}{n} \sum_i \bigl( y_i \log p_i + (1 - y_i) \log(1 - p_i) \bigr).


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X):
    activations = [X]
    for W, b in zip(weights, biases, strict=True):
        activations.append(sigmoid(activations[-1] @ W + b))
    return activations


def log_loss(p):
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


# %%
# Backward
# --------
# Let :math:`\delta_l = \partial L / \partial z_l`. For sigmoid and log loss together,
# :math:`\delta` of the output is simple, and the chain rule gives that of the other layers. The
# gradient of the sigmoid is :math:`\sigma'(z) = a (1 - a)`, so
#
# .. math:: \delta_3 = \frac{p - y}{n}, \qquad
#           \delta_{l-1} = \delta_l W_l^\top \odot a_{l-1} (1 - a_{l-1}).
#
# The gradients of a layer's weights and biases follow from its :math:`\delta`:
#
# .. math:: \frac{\partial L}{\partial W_l} = a_{l-1}^\top \delta_l, \qquad
#           \frac{\partial L}{\partial b_l} = \sum_i \delta_{l, i}.


def backward(activations):
    delta = (activations[-1] - y) / n_samples
    weight_gradients, bias_gradients = [], []
    for layer in reversed(range(len(weights))):
        below = activations[layer]
        weight_gradients.insert(0, below.T @ delta)
        bias_gradients.insert(0, delta.sum(axis=0))
        delta = delta @ weights[layer].T * below * (1 - below)
    return weight_gradients, bias_gradients


# %%
# Finite differences check the gradient. They find most mistakes in a backward pass, which are hard
# to notice otherwise: a network with a wrong gradient often learns all the same, only worse.

weight_gradients, _ = backward(forward(X_train))
step = 1e-6
weights[0][1, 3] += step
above = log_loss(forward(X_train)[-1])
weights[0][1, 3] -= 2 * step
below = log_loss(forward(X_train)[-1])
weights[0][1, 3] += step
difference = (above - below) / (2 * step)
print(f"by hand {weight_gradients[0][1, 3]:.8f}, by a difference {difference:.8f}")
assert abs(weight_gradients[0][1, 3] - difference) < 1e-9

# %%
# Gradient descent
# ----------------
# Every epoch uses all samples for one step against the gradient,
# :math:`w \leftarrow w - \eta\, \partial L / \partial w`. A sigmoid's gradient is at most a
# quarter, and three of them in a row leave a small gradient for the first layer, so training takes
# thousands of epochs.

learning_rate, n_epochs = 0.5, 5000
losses = []
start = perf_counter()
for _ in range(n_epochs):
    activations = forward(X_train)
    losses.append(log_loss(activations[-1]))
    for values, gradients in zip((weights, biases), backward(activations), strict=True):
        for value, gradient in zip(values, gradients, strict=True):
            value -= learning_rate * gradient
by_hand_seconds = perf_counter() - start

p_test = forward(X_test)[-1][:, 0]
accuracy = np.mean((p_test > 0.5) == y_test)
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}; test accuracy {accuracy:.1%}")
assert losses[-1] < 0.1
assert accuracy > 0.96

# %%
# The same in one line
# --------------------
# Everything above has a name in lamina: gradient descent is the solver 'sgd' without momentum, on a
# single batch of all samples. It starts from the same initial weights. It would warn that the loss
# was still falling at the end, so we ignore the warning.

model = MLPClassifier(
    (10, 5),
    activation="logistic",
    solver="sgd",
    momentum=0,
    alpha=0,
    batch_size=n_samples,
    shuffle=False,
    learning_rate_init=learning_rate,
    max_iter=n_epochs,
    n_iter_no_change=n_epochs,
    initializer=first,
)
start = perf_counter()
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    model.fit(X_train, y_train)
print(f"{by_hand_seconds:.2f} s by hand, {perf_counter() - start:.2f} s by lamina")

farthest = max(
    np.abs(by_hand - by_lamina).max()
    for by_hand, by_lamina in zip(weights + biases, model.coefs_ + model.intercepts_, strict=True)
)
print(f"after {n_epochs} steps the weights differ by {farthest:.0e} at most")
assert farthest < 1e-9
assert model.score(X_test, y_test) == accuracy

# %%
# After five thousand steps all 91 parameters agree to the last digits of a double, and so do the
# two decision boundaries. The left one comes from our own ``forward`` on a grid, the right one from
# scikit-learn's display.

figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained", sharey=True)
shades = {"cmap": "RdBu_r", "vmin": 0, "vmax": 1, "levels": np.linspace(0, 1, 11), "alpha": 0.6}
x1, x2 = np.meshgrid(
    np.linspace(X_train[:, 0].min() - 0.5, X_train[:, 0].max() + 0.5, 200),
    np.linspace(X_train[:, 1].min() - 0.5, X_train[:, 1].max() + 0.5, 200),
)
p_grid = forward(np.column_stack([x1.ravel(), x2.ravel()]))[-1].reshape(x1.shape)
axes[0].contourf(x1, x2, p_grid, **shades)
DecisionBoundaryDisplay.from_estimator(
    model,
    X_train,
    response_method="predict_proba",
    class_of_interest=1,
    eps=0.5,
    ax=axes[1],
    **shades,
)
for ax, title in zip(axes, ("NumPy, by hand", "lamina, one line"), strict=True):
    for moon, marker, colour in ((0, "o", "tab:blue"), (1, "s", "tab:red")):
        points = X_test[y_test == moon]
        ax.scatter(*points.T, s=16, marker=marker, color=colour, edgecolor="white", linewidth=0.5)
    ax.set(title=f"{title}: test accuracy {accuracy:.1%}", xlabel="x")
axes[0].set_ylabel("y")

# %%
# A better solver
# ---------------
# Plain gradient descent is good for understanding. With a quasi-Newton method, which suits small
# data, lamina needs a fraction of the steps.

quick = MLPClassifier((10, 5), solver="lbfgs", alpha=1, max_iter=1000, random_state=0)
quick.fit(X_train, y_train)
print(f"{quick.n_iter_} iterations, test accuracy {quick.score(X_test, y_test):.1%}")
assert quick.n_iter_ < n_epochs / 5
