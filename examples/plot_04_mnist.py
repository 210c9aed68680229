r"""
MNIST, to 98.5 %
================

70,000 handwritten digits of 28 by 28 pixels (LeCun, Cortes and Burges 1998). First ten thousand of
them, with a report of what goes wrong; then all, with dropout and a schedule.
"""

import warnings
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import ConfusionMatrixDisplay, classification_report
from sklearn.model_selection import train_test_split

from lamina import MLPClassifier
from lamina.datasets import load
from lamina.plots import ImagesDisplay

mnist = load("mnist")
print(mnist.X.shape, mnist.X.dtype)

# %%
# Ten thousand
# ------------
# 8,000 rows to learn from and 2,000 to be measured on, pixels from 0 to 1. Twenty epochs are what
# we ask for; that it could have gone on, as the warning would say, we know.

X, _, y, _ = train_test_split(
    mnist.X, mnist.y, train_size=10_000, stratify=mnist.y, random_state=42
)
X_train, X_test, y_train, y_test = train_test_split(X / 255, y, test_size=0.2, random_state=42)

model = MLPClassifier((128, 64), batch_size=64, max_iter=20, random_state=42)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    model.fit(X_train, y_train)
print(f"loss {model.loss_curve_[0]:.4f} -> {model.loss_curve_[-1]:.4f}")
print(f"{model.score(X_test, y_test):.2%} of the test rows")
assert round(model.loss_curve_[0], 4) == 0.7135
assert round(model.loss_curve_[-1], 4) == 0.0025
assert round(model.score(X_test, y_test), 4) == 0.9555

# %%
# Precision is the fraction of those that it calls a three which are threes; recall the fraction of
# the threes that it calls so.

predicted = model.predict(X_test)
print(classification_report(y_test, predicted, digits=3))

# %%
# Fours taken for nines and nines for sevens: mistakes that people make as well.

ConfusionMatrixDisplay.from_predictions(y_test, predicted, cmap="Blues", colorbar=False)

# %%
# The digits that it gets wrong, and how sure it was.

wrong = np.flatnonzero(predicted != y_test)
print(f"{len(wrong)} of {len(y_test):,} are wrong")
assert len(wrong) == 89
ImagesDisplay.from_estimator(model, X_test[wrong[:18]], y_test[wrong[:18]])

# %%
# All of them
# -----------
# The data set's own split: 60,000 rows to learn from, 10,000 to be measured on. The network is
# wider, and every step silences three in ten of its hidden units at random (dropout), so that none
# can rely on another. The learning rate goes up and then down again within one cycle. Numbers of 32
# bits are enough, and twice as quick as 64.

X_train, X_test = np.split((mnist.X / np.float32(255)), [60_000])
y_train, y_test = np.split(mnist.y, [60_000])

model = MLPClassifier(
    (512, 256),
    dropout=0.3,
    alpha=0,
    batch_size=128,
    learning_rate="one_cycle",
    learning_rate_init=0.003,
    max_iter=15,
    random_state=0,
)
start = perf_counter()
model.fit(X_train, y_train)
seconds = perf_counter() - start
accuracy = model.score(X_test, y_test)
print(f"{model.n_parameters_:,} parameters, {model.n_iter_} epochs, {seconds:.0f} s")
print(f"{accuracy:.2%} of the test rows")
assert accuracy >= 0.985

# %%
# Large rates in the middle keep the loss from settling; the last epochs, with rates near nothing,
# bring it down.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
epochs, losses = model.history_["epoch"], model.history_["loss"]
(loss_line,) = ax.plot(epochs, losses, "o-", label="training loss")
ax.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
rate_ax = ax.twinx()
(rate_line,) = rate_ax.plot(epochs, model.history_["learning_rate"], "C1s--", label="learning rate")
rate_ax.set(ylabel="learning rate", ylim=(0, None))
ax.legend(handles=[loss_line, rate_line], loc="upper right")
