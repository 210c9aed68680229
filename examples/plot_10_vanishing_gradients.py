r"""
Vanishing gradients
===================

Deep networks were long held to be untrainable. With sigmoids they nearly are: on the way back every
layer multiplies the gradients by :math:`\sigma'(z) \le \tfrac{1}{4}`, and after ten layers little
is left of them. We watch it happen to ten layers of sigmoids, then see what ReLUs do about it, and
what normalization does.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier
from lamina.datasets import load
from lamina.plots import ActivationsDisplay, GradientFlowDisplay, LossCurveDisplay
from lamina.studies import gradient_flow
from lamina.training.callbacks import Snapshots

digits = load("digits")
X_train, X_test, y_train, y_test = train_test_split(
    digits.X, digits.y, stratify=digits.y, random_state=0
)
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)

# %%
# Ten layers
# ----------
# The same ten layers of 32 units three times, and the same training. The callback keeps the
# parameters every five epochs, those before the first included, so that gradients can be measured
# afterwards.

ways = {
    "sigmoid": {"activation": "logistic"},
    "ReLU": {"activation": "relu"},
    "sigmoid, batch norm": {"activation": "logistic", "normalization": "batch"},
}
models = {}
for name, way in ways.items():
    models[name] = MLPClassifier(
        (32,) * 10,
        learning_rate="cosine",
        learning_rate_init=0.002,
        max_iter=60,
        n_iter_no_change=60,
        random_state=0,
        callbacks=Snapshots(every=5),
        **way,
    ).fit(X_train, y_train)
    print(f"{name}: {models[name].score(X_test, y_test):.1%} of the test rows")

# %%
# The ReLUs learn the digits. The sigmoids end where they began, at :math:`\ln 10 = 2.303`: the loss
# of a network that knows nothing, and gives each digit a tenth.

LossCurveDisplay.from_estimator(list(models.values()), names=list(models))

assert abs(models["sigmoid"].loss_ - np.log(10)) < 0.01
assert models["sigmoid"].score(X_test, y_test) < 0.15
assert models["ReLU"].score(X_test, y_test) > 0.9

# %%
# What reaches the first layer
# ----------------------------
# The gradient of the loss at a layer's weights, as a norm :math:`\lVert \partial L / \partial W_l
# \rVert`, before the first step. Each step is proportional to it. From the output of the sigmoid
# network it falls by a factor of seven or so from layer to layer; the first layer gets a
# hundred-millionth of it.

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, model), style in zip(models.items(), ("o-", "s--", "^-."), strict=True):
    flow = gradient_flow(model, X_train, y_train)
    at_first = flow.norms[flow.epochs.index(0)]
    ax.semilogy(range(1, len(at_first) + 1), at_first, style, label=name)
    print(f"{name}: the first layer's gradient is {at_first[0] / at_first[-1]:.0e} of the last's")
ax.set(xlabel="layer, 11 is the output", ylabel="norm of the gradient", xticks=range(1, 12))
ax.legend()

norms = {name: gradient_flow(model, X_train, y_train).norms[0] for name, model in models.items()}
assert norms["sigmoid"][0] < 1e-7 * norms["sigmoid"][-1]
assert norms["ReLU"][0] > 0.1 * norms["ReLU"][-1]

# %%
# And over the epochs
# -------------------
# Training does not mend it: the first layers of sigmoids never come to hear of their mistakes.

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)
for ax, name in zip(axes, ("sigmoid", "ReLU"), strict=True):
    GradientFlowDisplay.from_estimator(models[name], X_train, y_train, ax=ax)
    ax.set_title(name)

# %%
# A ReLU's gradient is one wherever it is on, so little is lost on the way. Batch norm helps in
# another way: it keeps every :math:`z` about zero and of size one, where a sigmoid is steepest, and
# scales what comes back. With it even ten layers of sigmoids learn, here better than the ReLUs do.

assert models["sigmoid, batch norm"].score(X_test, y_test) > 0.96

# %%
# The activations of the plain sigmoids say the same from the other side. In the first layers they
# still vary; in the last ones every unit gives one number for all digits, and what remains is a
# comb of spikes. Nothing is left to tell digits apart by.

ActivationsDisplay.from_estimator(models["sigmoid"], X_test)

last_layer = models["sigmoid"].activations(X_test)[-2]
assert last_layer.std(axis=0).max() < 0.01
