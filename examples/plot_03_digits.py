r"""
Handwritten digits
==================

1,797 digits of eight by eight pixels, which scikit-learn ships. We train a network with two hidden
layers on them, look at its loss curve and its mistakes, and then test whether it needs two layers.
"""

import warnings

import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier
from lamina.datasets import load
from lamina.plots import LossCurveDisplay, WeightsDisplay

digits = load("digits")
X_train, X_test, y_train, y_test = train_test_split(
    digits.X, digits.y, stratify=digits.y, random_state=42
)

# %%
# 128 units, then 64
# ------------------
# The scaler gives every pixel a mean of zero and a standard deviation of one. It is in a pipeline
# with the network, so that it is fitted on the training samples alone. Training ends when the loss
# has not improved by ``tol`` for ten epochs: here after 80.

model = make_pipeline(StandardScaler(), MLPClassifier((128, 64), max_iter=400, random_state=42))
model.fit(X_train, y_train)
network = model[-1]
print(f"{network.n_parameters_:,} parameters, {network.n_iter_} epochs")
print(f"train {model.score(X_train, y_train):.3f}, test {model.score(X_test, y_test):.3f}")
assert network.n_iter_ == 80
assert round(model.score(X_test, y_test), 3) == 0.973

# %%
# The loss falls by three orders of magnitude, so its axis is logarithmic.

LossCurveDisplay.from_estimator(model, log_scale=True)

# %%
# The confusion matrix
# --------------------
# scikit-learn's displays take the pipeline like any classifier. Twelve of the 450 test digits are
# misclassified. Four of these are eights classified as ones: at eight pixels a slim eight has
# hardly any holes.

confusion = ConfusionMatrixDisplay.from_estimator(
    model, X_test, y_test, cmap="Blues", colorbar=False
)
counts = confusion.confusion_matrix
assert counts.sum() - counts.trace() == 12
assert counts[8, 1] == 4

# %%
# The weights of the first layer
# ------------------------------
# Each unit of the first layer has a weight for every pixel. Shown as an image, the weights are
# positive where ink activates the unit, and negative where it inhibits it.

WeightsDisplay.from_estimator(model, image_shape=(8, 8), max_units=32)

# %%
# The number of layers
# --------------------
# We compare no hidden layer with one, two and three. Without one the network is a linear model,
# logistic regression, which has not converged after 400 epochs. One hidden layer is as good as
# more: these digits are not a hard problem, and the last three differ by four test digits.

rows = []
for hidden in [(), (64,), (128, 64), (256, 128, 64)]:
    deep = make_pipeline(StandardScaler(), MLPClassifier(hidden, max_iter=400, random_state=42))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        deep.fit(X_train, y_train)
    rows.append(
        {
            "hidden layers": str(hidden),
            "parameters": deep[-1].n_parameters_,
            "epochs": deep[-1].n_iter_,
            "train": round(deep.score(X_train, y_train), 3),
            "test": round(deep.score(X_test, y_test), 3),
        }
    )
depths = pd.DataFrame(rows).set_index("hidden layers")
assert depths["test"].to_list() == [0.964, 0.980, 0.973, 0.982]
assert depths["epochs"].to_list() == [400, 164, 80, 48]
depths
