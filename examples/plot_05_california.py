r"""
House values in California
==========================

20,640 districts of the census of 1990, eight features each, and the median value of a house in
units of 100,000 dollars. We predict it with early stopping, look at the residuals, and then predict
intervals.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import PredictionErrorDisplay, mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPRegressor
from lamina.datasets import load
from lamina.plots import LossCurveDisplay

california = load("california_housing")
print(*california.feature_names, sep=", ")
X_train, X_test, y_train, y_test = train_test_split(
    california.X, california.y, test_size=0.2, random_state=42
)

# %%
# Stopping early
# --------------
# With ``early_stopping=True`` a tenth of the training samples is held out. After every epoch the
# network is scored on them. Training ends when ten epochs have brought no progress, and the weights
# of the best epoch are restored.

model = make_pipeline(
    StandardScaler(),
    MLPRegressor(
        hidden_layer_sizes=(100, 50),
        alpha=0.001,
        batch_size=32,
        max_iter=100,
        early_stopping=True,
        random_state=42,
    ),
)
model.fit(X_train, y_train)
predicted = model.predict(X_test)
rmse, mae = root_mean_squared_error(y_test, predicted), mean_absolute_error(y_test, predicted)
r2 = model.score(X_test, y_test)
print(f"{model[-1].n_iter_} epochs; RMSE {rmse:.4f}, MAE {mae:.4f}, R² {r2:.4f}")
assert model[-1].n_iter_ == 76
assert (round(rmse, 4), round(mae, 4)) == (0.5138, 0.3460)
assert round(r2, 4) == 0.7986

# %%
# The mean absolute error is 34,600 dollars. The training loss keeps falling, while the score on the
# held-out samples varies around its best value.

LossCurveDisplay.from_estimator(model)

# %%
# Predicted against actual
# ------------------------
# A perfect prediction lies on the diagonal. The line along the top comes from the census, which
# cut values off at 500,000 dollars. The residuals, actual minus predicted, grow with the
# prediction: the value of an expensive district is harder to predict.

figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
dots = {"s": 6, "alpha": 0.3}
for ax, kind in zip(axes, ("actual_vs_predicted", "residual_vs_predicted"), strict=True):
    PredictionErrorDisplay.from_predictions(
        y_test, predicted, kind=kind, subsample=None, ax=ax, scatter_kwargs=dots
    )
axes[0].set_title("Predicted against actual")
axes[1].set_title("Residuals")

# %%
# Prediction intervals
# --------------------
# A single number doesn't say how uncertain it is. With ``loss="quantile"`` the network predicts
# several quantiles at once: a twentieth of all values should be below the first, and a twentieth
# above the last. Nine in ten are then between them, and the width of this interval measures the
# uncertainty.

quantiles = make_pipeline(
    StandardScaler(),
    MLPRegressor(
        "quantile",
        (100, 50),
        quantile=[0.05, 0.5, 0.95],
        alpha=0.001,
        batch_size=32,
        max_iter=100,
        early_stopping=True,
        random_state=42,
    ),
)
quantiles.fit(X_train, y_train)
low, middle, high = quantiles.predict(X_test).T
coverage = np.mean((low <= y_test) & (y_test <= high))
print(f"{coverage:.1%} of the test samples are between the outer two")
assert abs(coverage - 0.9) < 0.02

# %%
# The figure shows every fiftieth district of the test set, ordered by its prediction. The intervals
# are narrow for cheap districts and wide for expensive ones, as the residuals suggest.

chosen = np.argsort(middle)[25::50]
rank = np.arange(len(chosen))
widths = high - low
cheap, dear = widths[middle < 1.5].mean(), widths[middle > 3].mean()
print(f"the interval is {cheap:.2f} wide below 150,000 dollars, {dear:.2f} above 300,000")
assert dear > 2 * cheap

figure, ax = plt.subplots(figsize=(9, 4), layout="constrained")
ax.vlines(
    rank, low[chosen], high[chosen], color="C0", alpha=0.4, linewidth=4, label="90 % interval"
)
ax.plot(rank, middle[chosen], "_", color="C0", markersize=6, label="median")
inside = (low <= y_test) & (y_test <= high)
for within, marker, name in ((True, "o", "inside"), (False, "X", "outside")):
    shown = inside[chosen] == within
    ax.scatter(
        rank[shown],
        y_test[chosen][shown],
        s=18 if within else 40,
        marker=marker,
        color="C2" if within else "C3",
        label=f"actual, {name}",
        zorder=3,
    )
ax.set(xlabel="districts, by predicted value", ylabel="value, 100,000 dollars")
ax.legend(loc="upper left")
