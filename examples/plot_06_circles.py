r"""
Circles, and why a network needs an activation
==============================================

A ring around a ring, with so much noise that they touch. No straight line separates them, so a
linear model fails and a network doesn't. We draw the network and its prediction regions, measure it
on training and test samples, remove its activation, and write the same training in PyTorch.
"""

import warnings
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_circles
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import ConfusionMatrixDisplay, RocCurveDisplay, roc_auc_score
from sklearn.model_selection import train_test_split

from lamina import MLPClassifier
from lamina.plots import DecisionRegionDisplay, NetworkDisplay

X, y = make_circles(n_samples=1000, noise=0.15, factor=0.5, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)

# %%
# Eight units, then six
# ---------------------
# Two inputs, two hidden layers of ReLUs, and one output, the probability of the inner ring.

settings = {
    "hidden_layer_sizes": (8, 6),
    "batch_size": 16,
    "learning_rate_init": 0.01,
    "max_iter": 300,
    "random_state": 0,
}
start = perf_counter()
model = MLPClassifier(activation="relu", **settings).fit(X_train, y_train)
seconds = perf_counter() - start
train, test = model.score(X_train, y_train), model.score(X_test, y_test)
n_steps = model.n_iter_ * len(X_train) // 16
print(f"train {train:.1%}, test {test:.1%} after {model.n_iter_} epochs")
print(f"{1e6 * seconds / n_steps:.0f} µs a step")
assert test > 0.92

NetworkDisplay.from_estimator(model, row=X_test[:1], class_names=["outer", "inner"])

# %%
# Each ReLU bends the prediction along a line; together they make a polygon around the inner ring.

DecisionRegionDisplay.from_estimator(model, X_train, y_train)

# %%
# Train and test
# --------------
# scikit-learn's displays show the confusion matrices and ROC curves of training and test samples.

figure, axes = plt.subplots(1, 3, figsize=(11, 4.2), layout="constrained")
for ax, rows, truth, name in (
    (axes[0], X_train, y_train, "train"),
    (axes[1], X_test, y_test, "test"),
):
    ConfusionMatrixDisplay.from_estimator(
        model, rows, truth, display_labels=["outer", "inner"], cmap="Blues", colorbar=False, ax=ax
    )
    ax.set_title(name)
    style = "-" if name == "train" else "--"
    RocCurveDisplay.from_estimator(
        model, rows, truth, name=name, ax=axes[2], curve_kwargs={"linestyle": style}
    )
axes[1].set_ylabel("")
axes[2].set(title="ROC", xlabel="false positives", ylabel="true positives")
assert roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]) > 0.95

# %%
# Without an activation
# ---------------------
# With :math:`f(z) = z` the layers are nothing but matrix products, and a sequence of matrix
# products is a single one:
#
# .. math:: (x W_1 + b_1) W_2 + b_2 = x\,(W_1 W_2) + (b_1 W_2 + b_2).
#
# Any number of layers collapses to one line through the plane, which is hardly better than
# guessing.

collapsed = MLPClassifier(activation="identity", **settings).fit(X_train, y_train)
print(f"identity: test {collapsed.score(X_test, y_test):.1%}")
assert collapsed.score(X_test, y_test) < 0.7

W1, W2, W3 = collapsed.coefs_
b1, b2, b3 = collapsed.intercepts_
weight, bias = W1 @ W2 @ W3, (b1 @ W2 + b2) @ W3 + b3
logits = (X_test @ weight + bias)[:, 0]
assert np.allclose(logits, collapsed.decision_function(X_test))

DecisionRegionDisplay.from_estimator(collapsed, X_train, y_train)

# %%
# The same with a loop in PyTorch
# -------------------------------
# In PyTorch users write the training loop, which makes it flexible. For a perceptron, the loop is
# always the same.

try:
    import torch
    from torch import nn
except ImportError:
    torch = None
    print('PyTorch is not installed, so the rest is skipped: pip install "lamina[torch]"')

if torch is not None:
    torch.manual_seed(0)
    torch.set_num_threads(1)  # the fastest setting for so small a network
    theirs = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 1))
    optimizer = torch.optim.Adam(theirs.parameters(), lr=0.01)
    loss_of = nn.BCEWithLogitsLoss()
    inputs = torch.tensor(X_train, dtype=torch.float32)
    targets = torch.tensor(y_train[:, np.newaxis], dtype=torch.float32)
    start = perf_counter()
    for _ in range(model.n_iter_):
        for batch in torch.randperm(len(inputs)).split(16):
            optimizer.zero_grad()
            loss = loss_of(theirs(inputs[batch]), targets[batch])
            loss.backward()
            optimizer.step()
    seconds = perf_counter() - start
    with torch.no_grad():
        logits = theirs(torch.tensor(X_test, dtype=torch.float32))[:, 0].numpy()
    accuracy = np.mean((logits > 0) == y_test)
    print(f"PyTorch: test {accuracy:.1%}, {1e6 * seconds / n_steps:.0f} µs a step")
    assert accuracy > 0.9

# %%
# The same epochs, loss for loss
# ------------------------------
# The two fits above start from other weights and take the samples in another order. From the same
# weights and in the same order they are the same training, here on PyTorch's tensors with
# `engine="pytorch"`; `device="auto"` runs it on a GPU where there is one. AdamW without decay has
# the same equations in both libraries.

if torch is not None:
    torch.manual_seed(1)
    theirs = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 1))
    linear = [layer for layer in theirs if isinstance(layer, nn.Linear)]
    first_weights = [layer.weight.detach().numpy().T.copy() for layer in linear]
    first_biases = [layer.bias.detach().numpy().copy() for layer in linear]

    optimizer = torch.optim.AdamW(theirs.parameters(), lr=0.01, weight_decay=0)
    their_losses = []
    for _ in range(30):
        total = 0.0
        for batch in torch.arange(len(inputs)).split(16):
            optimizer.zero_grad()
            loss = loss_of(theirs(inputs[batch]), targets[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        their_losses.append(total / len(inputs))

    ours = MLPClassifier(
        hidden_layer_sizes=(8, 6),
        solver="adamw",
        weight_decay=0,
        alpha=0,
        batch_size=16,
        learning_rate_init=0.01,
        max_iter=30,
        shuffle=False,
        initializer=[*first_weights, *first_biases],
        random_state=0,
        engine="pytorch",
        device="auto",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # thirty epochs are meant to be few
        ours.fit(X_train.astype(np.float32), y_train)
    largest = max(abs(np.subtract(ours.loss_curve_, their_losses)))
    print(f"{ours.engine_}: the losses of 30 epochs differ by at most {largest:.0e}")
    assert largest < 1e-3

    _, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
    ax.plot(their_losses, linewidth=4, alpha=0.4, label="loop in PyTorch")
    ax.plot(ours.loss_curve_, label='engine="pytorch"')
    ax.set(xlabel="epoch", ylabel="loss")
    ax.legend()

# %%
# Export to PyTorch
# -----------------
# :func:`lamina.to_torch` converts a trained network to a PyTorch module with the same
# probabilities.

if torch is not None:
    from lamina import to_torch

    module = to_torch(model)
    print(module)
    with torch.no_grad():
        p = module(torch.from_numpy(X_test)).numpy()
    assert np.allclose(p.ravel(), model.predict_proba(X_test)[:, 1])
