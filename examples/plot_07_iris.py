r"""
Three flowers
=============

The oldest data set of all: 150 irises of three species, four measurements each (Fisher 1936).
The network is small enough to draw every weight.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier
from lamina.plots import NetworkDisplay

iris = load_iris(as_frame=True)
X = iris.data.rename(columns=lambda name: name.removesuffix(" (cm)"))
species = iris.target_names[iris.target]
X_train, X_test, y_train, y_test = train_test_split(
    X, species, test_size=0.3, stratify=species, random_state=0
)

# %%
# Three units, then two
# ---------------------
# Data of this size suits the quasi-Newton solver 'lbfgs', which uses all samples at once. The
# penalty ``alpha`` keeps the weights small; its effect is larger, the fewer samples there are.

model = make_pipeline(
    StandardScaler(),
    MLPClassifier((3, 2), "tanh", solver="lbfgs", alpha=0.1, max_iter=500, random_state=4),
)
model.fit(X_train, y_train)
print(f"{model[-1].n_parameters_} parameters")
print(f"train {model.score(X_train, y_train):.3f}, test {model.score(X_test, y_test):.3f}")
assert model[-1].n_parameters_ == 32

# %%
# Every weight
# ------------
# Four measurements go in, three species come out. A line is a weight, wider if larger, dashed if
# negative. The circles show each unit's activation for one flower.

flower = X_test.iloc[[0]]
NetworkDisplay.from_estimator(model, row=flower)

# %%
# Class scores
# ------------
# The softmax gives each flower three probabilities that sum to one. Setosa is easy; between the
# other two species the network is certain about most flowers, and uncertain about three.

probabilities = pd.DataFrame(
    model.predict_proba(X_test), columns=model.classes_, index=pd.Index(y_test, name="species")
)
assert np.allclose(probabilities.sum(axis=1), 1)

figure, ax = plt.subplots(figsize=(9, 3.2), layout="constrained")
order = np.lexsort((probabilities["virginica"], y_test))
place, bottom = np.arange(len(y_test)), np.zeros(len(y_test))
for name, hatch in zip(model.classes_, ("", "///", "..."), strict=True):
    height = probabilities[name].to_numpy()[order]
    ax.bar(place, height, 1, bottom, label=name, hatch=hatch, edgecolor="white", linewidth=0.5)
    bottom += height
for name in model.classes_:
    ax.text(place[y_test[order] == name].mean(), 1.02, f"truly {name}", ha="center", va="bottom")
ax.set(xlim=(-0.5, len(y_test) - 0.5), ylim=(0, 1), xticks=[], ylabel="probability")
ax.set_xlabel("45 test flowers")
ax.spines[["top", "right"]].set_visible(False)
figure.legend(loc="outside lower center", ncols=3)

# %%
# Cross table
# -----------
# The rows are true species, the columns predicted ones.

table = pd.crosstab(
    pd.Series(y_test, name="species"), pd.Series(model.predict(X_test), name="predicted")
)
assert table.loc["setosa", "setosa"] == 15
assert table.loc["virginica", "versicolor"] == 2  # the two in doubt
assert table.to_numpy().trace() == 43
table
