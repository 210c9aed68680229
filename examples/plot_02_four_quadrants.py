r"""
Four classes, line by line
==========================

Four clouds of points, one in each quadrant, and a network that classifies them: two inputs, four
hidden sigmoids, four outputs with a softmax. Every equation is followed by its line of NumPy, and
the loss starts at its expected value, :math:`\ln 4 = 1.386`.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import DecisionBoundaryDisplay

from lamina import MLPClassifier
from lamina.datasets import make_quadrants

X, y = make_quadrants(n_samples=400, random_state=0)

figure, ax = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
for quadrant, marker in enumerate("os^D"):
    ax.scatter(*X[y == quadrant].T, marker=marker, s=14, label=f"class {quadrant}")
ax.set(xlabel="x₁", ylabel="x₂", title="Four quadrants, four classes")
ax.legend(loc="center", fontsize="small")

# %%
# The forward pass
# ----------------
# For a sample :math:`x` of two numbers,
#
# .. math::
#
#    z_1 &= x W_1 + b_1, & a_1 &= \sigma(z_1) = \frac{1}{1 + e^{-z_1}}, \\
#    z_2 &= a_1 W_2 + b_2, & p_k &= \frac{e^{z_{2k}}}{\sum_j e^{z_{2j}}}.
#
# :math:`W_1` has two rows and four columns, :math:`W_2` four and four. The softmax turns four
# logits :math:`z_2` into four probabilities that sum to one; subtracting the largest logit first
# changes nothing and keeps the exponentials small.

generator = np.random.default_rng(0)
W1, b1 = generator.normal(0, 0.1, (2, 4)), np.zeros(4)
W2, b2 = generator.normal(0, 0.1, (4, 4)), np.zeros(4)
first = [each.copy() for each in (W1, W2, b1, b2)]


def forward(X):
    z1 = X @ W1 + b1
    a1 = 1 / (1 + np.exp(-z1))
    z2 = a1 @ W2 + b2
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    return a1, e / e.sum(axis=1, keepdims=True)


# %%
# The loss
# --------
# The cross-entropy is the mean of :math:`-\ln p` of the true class. An untrained network gives each
# of four classes a quarter, and has the loss
#
# .. math:: L = -\ln \tfrac{1}{4} = \ln 4 = 1.386.
#
# Ours begins with weights near zero, so its initial loss is that. A very different initial loss is
# a sign of initial weights that are too large, or of a mistake.


def cross_entropy(p):
    return -np.log(p[np.arange(len(y)), y]).mean()


_, p = forward(X)
print(f"first loss {cross_entropy(p):.3f}, ln 4 = {np.log(4):.3f}")
assert abs(cross_entropy(p) - np.log(4)) < 0.01

# %%
# The backward pass
# -----------------
# For softmax and cross-entropy together, the gradient of the loss with respect to the logits is the
# probability minus the target, which is one for the true class and zero for the others. The chain
# rule gives the other gradients.
#
# .. math::
#
#    \delta_2 &= \frac{p - t}{n}, &
#    \frac{\partial L}{\partial W_2} &= a_1^\top \delta_2, &
#    \frac{\partial L}{\partial b_2} &= \sum_i \delta_{2,i}, \\
#    \delta_1 &= \delta_2 W_2^\top \odot a_1 (1 - a_1), &
#    \frac{\partial L}{\partial W_1} &= X^\top \delta_1, &
#    \frac{\partial L}{\partial b_1} &= \sum_i \delta_{1,i}.

t = np.eye(4)[y]


def backward(a1, p):
    delta2 = (p - t) / len(X)
    delta1 = delta2 @ W2.T * a1 * (1 - a1)
    return X.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0)


# %%
# Learning
# --------
# A step changes every weight against its gradient, :math:`W \leftarrow W - \eta\, \partial L /
# \partial W`, here with :math:`\eta = 1` and all samples at once. The loss falls from
# :math:`\ln 4`.

losses = []
for _ in range(1000):
    a1, p = forward(X)
    losses.append(cross_entropy(p))
    gradients = backward(a1, p)
    for parameters, gradient in zip((W1, b1, W2, b2), gradients, strict=True):
        parameters -= 1.0 * gradient

accuracy = np.mean(forward(X)[1].argmax(axis=1) == y)
print(f"last loss {losses[-1]:.3f}, accuracy {accuracy:.1%}")
assert losses[-1] < 0.01
assert accuracy == 1

figure, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.plot(losses)
ax.axhline(np.log(4), linestyle="--", linewidth=1, color="grey")
ax.text(1000, np.log(4) - 0.03, "ln 4: an untrained network", ha="right", va="top")
ax.set(xlabel="step", ylabel="cross-entropy", ylim=(0, 1.5))

# %%
# The same with lamina
# --------------------
# With the same initial weights, the same learning rate and all samples in one batch, lamina makes
# the same thousand steps. Its ``loss_curve_`` is our list of losses.

model = MLPClassifier(
    (4,),
    activation="logistic",
    solver="sgd",
    momentum=0,
    alpha=0,
    batch_size=len(X),
    shuffle=False,
    learning_rate_init=1.0,
    max_iter=1000,
    n_iter_no_change=1000,
    initializer=first,
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)  # a thousand steps are intended
    model.fit(X, y)
assert np.allclose(model.loss_curve_, losses, rtol=1e-9)

# %%
# Each class has its quadrant. The hidden units don't correspond to classes: each is a smooth
# step across the plane, and the output layer combines them into corners.

figure, ax = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
DecisionBoundaryDisplay.from_estimator(
    model,
    X,
    response_method="predict_proba",
    multiclass_colors=["C0", "C1", "C2", "C3"],
    alpha=0.5,
    ax=ax,
)
for quadrant, marker in enumerate("os^D"):
    ax.scatter(*X[y == quadrant].T, marker=marker, s=14, edgecolor="white", linewidth=0.5)
ax.set(xlabel="x₁", ylabel="x₂", title="The most probable class")
