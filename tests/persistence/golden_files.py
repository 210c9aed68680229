"""Program that writes the golden files of the present format version into data/.

    python golden_files.py

Run it once for every new format version, and never again: a file written by an older lamina proves
that a newer one still reads it. The notes of each file hold a table and the predictions of its
model for it.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, MLPRegressor
from lamina.encoding import TableEncoding
from lamina.files.model_file import FORMAT_VERSION
from lamina.persistence import save

FOLDER = Path(__file__).parent / "data"
NUMBERS = {"width": [0.5, -1.25, 2.0, 0.0, -0.75, 1.5], "größe": [1.0, 2.0, -0.5, 0.25, -2.0, 3.0]}
MIXED = {
    "width": [0.5, None, 2.0, 0.0, -0.75, 1.5],
    "city": ["Ås", "Rome", None, "Ås", "Rome", "Ås"],
}
LABELS = ["no", "yes", "never", "yes", "no", "never"]
PRICES = [10.0, 20.5, 15.0, 12.0, 18.0, 30.0]


def write_classifier(path: Path) -> None:
    """Write a model with every kind of parameter, text labels, names, and optimizer state."""
    X, y = pd.DataFrame(NUMBERS), np.array(LABELS, dtype=object)
    model = MLPClassifier(
        hidden_layer_sizes=[3, 2],
        activation="tanh",
        random_state=np.random.RandomState(1),
        n_iter_no_change=np.inf,
        alpha=np.float32(0.5),
        batch_size=2,
        max_iter=5,
    )
    model.fit(X, y)
    notes: dict[str, Any] = {"table": NUMBERS, "targets": LABELS}
    notes["predict_proba"] = model.predict_proba(X).tolist()
    save(model, path, notes=notes)


def write_table_regressor(path: Path) -> None:
    """Write what the command line writes for a table and a numeric target."""
    X = pd.DataFrame(MIXED)
    network = MLPRegressor(hidden_layer_sizes=(3,), random_state=2, max_iter=5)
    pipeline = Pipeline([("encoding", TableEncoding()), ("model", network)])
    model = TransformedTargetRegressor(regressor=pipeline, transformer=StandardScaler())
    model.fit(X, np.array(PRICES))
    notes = {"table": MIXED, "targets": PRICES, "predict": model.predict(X).tolist()}
    save(model, path, notes=notes)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    FOLDER.mkdir(exist_ok=True)
    write_classifier(FOLDER / f"classifier_format_{FORMAT_VERSION}.lamina")
    write_table_regressor(FOLDER / f"table_regressor_format_{FORMAT_VERSION}.lamina")
