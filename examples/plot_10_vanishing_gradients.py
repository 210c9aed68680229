r"""
Vanishing gradients
===================

Deep networks were long considered untrainable. With sigmoids they nearly are: in the backward pass
every layer multiplies the gradients by :math:`\sigma'(z) \le \tfrac{1}{4}`, and after ten layers
almost nothing is left. We show this for ten layers of sigmoids, and then the effect of ReLUs and of
normalization.
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
# We train the same ten layers of 32 units three times. The callback keeps the parameters every five
# epochs, from the initial ones on, so that gradients can be measured afterwards.

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
    print(f"{name}: test accuracy {models[name].score(X_test, y_test):.1%}")

# %%
# The ReLUs learn the digits. The loss of the sigmoids stays at :math:`\ln 10 = 2.303`, the loss of
# a network that gives each digit a probability of a tenth.

LossCurveDisplay.from_estimator(list(models.values()), names=list(models))

assert abs(models["sigmoid"].loss_ - np.log(10)) < 0.01
assert models["sigmoid"].score(X_test, y_test) < 0.15
assert models["ReLU"].score(X_test, y_test) > 0.9

# %%
# The gradient of the first layer
# -------------------------------
# The figure shows the norm of the loss gradient of each layer, :math:`\lVert \partial L / \partial
# W_l \rVert`, before the first step. Each step is proportional to it. In the sigmoid network it
# falls by a factor of about seven from layer to layer, starting at the output; the first layer gets
# a hundred-millionth of the gradient.

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
# During training
# ---------------
# Training doesn't help: the first layers of sigmoids never receive a gradient of useful size.

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)
for ax, name in zip(axes, ("sigmoid", "ReLU"), strict=True):
    GradientFlowDisplay.from_estimator(models[name], X_train, y_train, ax=ax)
    ax.set_title(name)

# %%
# A ReLU's gradient is one for positive :math:`z`, so little is lost. Batch normalization has
# another effect: it keeps every :math:`z` around zero with standard deviation one, where a sigmoid
# is steepest, and scales the gradient. With it even ten layers of sigmoids learn, here better than
# ReLUs.

assert models["sigmoid, batch norm"].score(X_test, y_test) > 0.96

# %%
# The activations of the plain sigmoids show the same. In the first layers they still vary; in the
# last ones every unit has almost the same activation for all digits, and the histogram is a comb of
# spikes. The output has no information to distinguish digits.

ActivationsDisplay.from_estimator(models["sigmoid"], X_test)

last_layer = models["sigmoid"].activations(X_test)[-2]
assert last_layer.std(axis=0).max() < 0.01
