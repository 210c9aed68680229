r"""
Searching for a good network
============================

Three searches choose the width, depth, penalty and learning rate of a pipeline: a grid search,
successive halving, which drops bad candidates early, and Optuna, which learns from earlier trials.
Then we compare threads with processes.
"""

from time import perf_counter

import joblib
import matplotlib.pyplot as plt
import pandas as pd
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier
from lamina.training.callbacks import OptunaPruning

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
pipeline = make_pipeline(
    StandardScaler(),
    MLPClassifier(learning_rate="cosine", max_iter=40, n_iter_no_change=40, random_state=0),
)


def top(search, n=5):
    """Return a table of the best configurations of a search."""
    results = pd.DataFrame(search.cv_results_).sort_values("rank_test_score").head(n)
    table = pd.DataFrame(list(results["params"]), index=results["rank_test_score"])
    table.columns = table.columns.str.removeprefix("mlpclassifier__")
    return table.assign(
        accuracy=results["mean_test_score"].round(4).to_numpy(),
        deviation=results["std_test_score"].round(4).to_numpy(),
    )


# %%
# A grid
# ------
# The name of a pipeline's step and two underscores precede its parameters. Three architectures,
# three penalties and two learning rates make eighteen networks, each trained on five folds. The
# native core releases the GIL while it trains, so joblib's threads run in parallel in one process,
# with one copy of the data.

grid = {
    "mlpclassifier__hidden_layer_sizes": [(16,), (64,), (64, 32)],
    "mlpclassifier__alpha": [1e-4, 1e-2, 1.0],
    "mlpclassifier__learning_rate_init": [1e-3, 1e-2],
}
search = GridSearchCV(pipeline, grid, cv=5, n_jobs=2)
with joblib.parallel_config(backend="threading"):
    search.fit(X_train, y_train)
print(f"best {search.best_score_:.4f} in cross-validation, test {search.score(X_test, y_test):.4f}")
assert search.best_score_ > 0.96
assert search.score(X_test, y_test) > 0.95
top(search)

# %%
# The best configurations differ by less than their standard deviation over the folds. On such small
# data the first place is chance, and any of them is good.

# %%
# Halving
# -------
# HalvingRandomSearchCV draws many configurations, trains each for a few epochs, keeps the best
# third, trains those three times as long, and so on. The resource that it distributes is
# ``max_iter``.

halving = HalvingRandomSearchCV(
    pipeline,
    {
        "mlpclassifier__hidden_layer_sizes": [(16,), (64,), (128,), (64, 32), (128, 64)],
        "mlpclassifier__alpha": loguniform(1e-5, 10),
        "mlpclassifier__learning_rate_init": loguniform(1e-4, 1e-1),
    },
    resource="mlpclassifier__max_iter",
    min_resources=4,
    max_resources=108,
    n_candidates=27,
    factor=3,
    cv=5,
    random_state=0,
    n_jobs=2,
)
with joblib.parallel_config(backend="threading"):
    halving.fit(X_train, y_train)
for n_candidates, epochs in zip(halving.n_candidates_, halving.n_resources_, strict=True):
    print(f"{n_candidates:2} configurations of {epochs} epochs")
tested = halving.score(X_test, y_test)
print(f"best {halving.best_score_:.4f} in cross-validation, test {tested:.4f}")
assert halving.n_candidates_ == [27, 9, 3, 1]
assert tested > 0.95
top(halving)

# %%
# The figure shows the rounds. After four epochs only large learning rates have made progress;
# configurations with small rates that would be good in the long run are dropped. That is the price
# of the time that halving saves.

rounds = pd.DataFrame(halving.cv_results_)
rates = rounds["param_mlpclassifier__learning_rate_init"].astype(float)
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for i, marker in enumerate("os^*"):
    in_round = rounds["iter"] == i
    ax.semilogx(
        rates[in_round],
        rounds["mean_test_score"][in_round],
        marker,
        markersize=5 + 3 * i,
        alpha=0.8,
        label=f"{halving.n_resources_[i]} epochs",
    )
ax.set(xlabel="learning rate", ylabel="accuracy in cross-validation")
ax.legend(title="trained for")

survivors = rates[rounds["iter"] == 1]
assert survivors.min() > 1e-3

# %%
# Optuna
# ------
# Optuna (Akiba et al. 2019) proposes each configuration based on earlier ones, and can
# stop one during training. lamina's callback reports the held-out loss after every epoch; a trial
# that is worse than the median of the others at that epoch is pruned.

try:
    import optuna
except ImportError:
    optuna = None
    print('Optuna is not installed, so this part is skipped: pip install "lamina[optuna]"')


def objective(trial):
    width = trial.suggest_int("width", 8, 128, log=True)
    n_layers = trial.suggest_int("layers", 1, 3)
    model = clone(pipeline).set_params(
        mlpclassifier__hidden_layer_sizes=(width,) * n_layers,
        mlpclassifier__alpha=trial.suggest_float("alpha", 1e-5, 10, log=True),
        mlpclassifier__learning_rate_init=trial.suggest_float("rate", 1e-4, 1e-1, log=True),
        mlpclassifier__early_stopping=True,
        mlpclassifier__validation_fraction=0.3,
        mlpclassifier__callbacks=OptunaPruning(trial),
    )
    model.fit(X_train, y_train)
    return min(model[-1].validation_loss_curve_)


trials = None
if optuna is not None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=10, n_warmup_steps=5),
    )
    study.optimize(objective, n_trials=50)
    trials = study.trials_dataframe(attrs=("number", "value", "params", "state"))
    trials.columns = trials.columns.str.removeprefix("params_")
    n_pruned = (trials["state"] == "PRUNED").sum()
    print(f"{n_pruned} of {len(trials)} trials were pruned; best loss {study.best_value:.4f}")
    assert len(trials) == 50
    assert n_pruned > 5
    trials = trials[trials["state"] == "COMPLETE"].sort_values("value").head(5).round(4)
trials

# %%
# Threads and processes
# ---------------------
# Python code in threads doesn't run in parallel, so searches usually use processes: each one
# starts, imports everything, and receives a copy of the data. lamina trains without the GIL, so
# threads are enough. For a grid of small networks, processes spend most of their time starting.

seconds = {}
for backend in ("loky", "threading"):
    start = perf_counter()
    with joblib.parallel_config(backend=backend, n_jobs=2):
        scores = GridSearchCV(pipeline, grid, cv=5).fit(X_train, y_train).cv_results_
    seconds[backend] = perf_counter() - start
    assert list(scores["mean_test_score"]) == list(search.cv_results_["mean_test_score"])
print(f"processes {seconds['loky']:.2f} s, threads {seconds['threading']:.2f} s, the same scores")
