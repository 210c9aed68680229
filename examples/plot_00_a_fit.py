"""
Handwritten digits
==================

A network with two hidden layers learns to read 8 × 8 pixels.
"""

from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier
from lamina.datasets import load
from lamina.plots import LossCurveDisplay

digits = load("digits")
X_train, X_test, y_train, y_test = train_test_split(
    digits.X, digits.y, stratify=digits.y, random_state=42
)
model = make_pipeline(StandardScaler(), MLPClassifier((128, 64), max_iter=400, random_state=42))
model.fit(X_train, y_train)
assert model.score(X_test, y_test) > 0.97

# %%
# The loss falls from epoch to epoch:

LossCurveDisplay.from_estimator(model, log_scale=True)
