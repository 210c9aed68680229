r"""
MNIST, to 98.5 %
================

70,000 handwritten digits of 28 by 28 pixels (LeCun, Cortes and Burges 1998). First we train on ten
thousand of them and look at the mistakes; then on all, with dropout and a schedule.
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
# We train on 8,000 samples and test on 2,000, with pixels scaled to between 0 and 1. Twenty epochs
# are enough here, so we ignore the warning that the loss is still falling.

X, _, y, _ = train_test_split(
    mnist.X, mnist.y, train_size=10_000, stratify=mnist.y, random_state=42
)
X_train, X_test, y_train, y_test = train_test_split(X / 255, y, test_size=0.2, random_state=42)

model = MLPClassifier((128, 64), batch_size=64, max_iter=20, random_state=42)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    model.fit(X_train, y_train)
print(f"loss {model.loss_curve_[0]:.4f} -> {model.loss_curve_[-1]:.4f}")
print(f"test accuracy {model.score(X_test, y_test):.2%}")
assert round(model.loss_curve_[0], 4) == 0.7135
assert round(model.loss_curve_[-1], 4) == 0.0025
assert round(model.score(X_test, y_test), 4) == 0.9555

# %%
# Precision is the fraction of predicted threes that are threes; recall is the fraction of threes
# that are predicted as threes.

predicted = model.predict(X_test)
print(classification_report(y_test, predicted, digits=3))

# %%
# Fours predicted as nines and nines as sevens are mistakes that people make, too.

ConfusionMatrixDisplay.from_predictions(y_test, predicted, cmap="Blues", colorbar=False)

# %%
# These digits are misclassified; each shows its predicted class and probability.

wrong = np.flatnonzero(predicted != y_test)
print(f"{len(wrong)} of {len(y_test):,} are wrong")
assert len(wrong) == 89
ImagesDisplay.from_estimator(model, X_test[wrong[:18]], y_test[wrong[:18]])

# %%
# All of them
# -----------
# The data set has its own split: 60,000 training samples and 10,000 test samples. The network is
# wider, and dropout sets three in ten of its hidden units to zero in every step, so that no unit
# relies on another. The learning rate rises and falls once. Float32 is precise enough, and twice as
# fast as float64.

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
print(f"test accuracy {accuracy:.2%}")
assert accuracy >= 0.985

# %%
# High rates in the middle keep the loss from converging; the last epochs, with rates close to zero,
# bring it down.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
epochs, losses = model.history_["epoch"], model.history_["loss"]
(loss_line,) = ax.plot(epochs, losses, "o-", label="training loss")
ax.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
rate_ax = ax.twinx()
(rate_line,) = rate_ax.plot(epochs, model.history_["learning_rate"], "C1s--", label="learning rate")
rate_ax.set(ylabel="learning rate", ylim=(0, None))
ax.legend(handles=[loss_line, rate_line], loc="upper right")
