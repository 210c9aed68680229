"""One job in a process of its own: `python -m benchmarks.scale.job train FOLDER`.

It prints a line of JSON with rows, seconds and a checksum of its result.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import lamina
import lamina.tables
from benchmarks.scale.table import TARGET
from lamina.encoding.batches import Source
from lamina.encoding.statistics import encode_batch
from lamina.training import observe_fits

EPOCHS = 2
HIDDEN = (64, 64)


class Clock:
    """Seconds until the first epoch ends, and of the epochs after it."""

    def __init__(self) -> None:
        self.began = perf_counter()
        self.ends: list[float] = []

    @contextmanager
    def observing(self) -> Iterator[None]:
        """Note the end of every epoch of the fits inside the `with` block."""
        with observe_fits(lambda _: self.ends.append(perf_counter())):
            yield

    def result(self) -> dict[str, float]:
        """Return the seconds of encoding, and of one epoch."""
        epoch = self.ends[-1] - self.ends[-2]
        return {"encoding": self.ends[0] - self.began - epoch, "epoch": epoch}


def train(folder: Path) -> dict[str, Any]:
    """Fit to the files in two passes, and keep the model."""
    source, model, clock = open_table(folder), build_model(), Clock()
    with clock.observing():
        model.fit(source, target=TARGET, spool=folder / "spool")
    (folder / "model.pickle").write_bytes(pickle.dumps(model))
    return {**clock.result(), "rows": source.n_rows, **described(model)}


def train_in_memory(folder: Path) -> dict[str, Any]:
    """Fit to the encoded rows in memory, with the encoding of the model that was kept."""
    kept = pickle.loads((folder / "model.pickle").read_bytes())
    source = open_table(folder)
    features = [name for name in source.columns if name != TARGET]
    X = np.concatenate([encode_batch(kept.encoding_, b) for b in source.batches(features)])
    y = np.concatenate([b.rows[TARGET].to_numpy() for b in source.batches([TARGET])])
    model, clock = build_model(), Clock()
    with clock.observing():
        model.fit(X, y)
    return {**clock.result(), "rows": len(X), **described(model)}


def predict(folder: Path) -> dict[str, Any]:
    """Predict the files with the model that was kept."""
    model = pickle.loads((folder / "model.pickle").read_bytes())
    began = perf_counter()
    predictions = model.predict(open_table(folder))
    seconds = perf_counter() - began
    return {"rows": len(predictions), "seconds": seconds, "bytes": predictions.nbytes}


def open_table(folder: Path) -> Source:
    """Open the files of the table."""
    return lamina.tables.open(f"{folder}/*.parquet")


def build_model() -> lamina.MLPRegressor:
    """Return the network of both fits."""
    return lamina.MLPRegressor(
        hidden_layer_sizes=HIDDEN,
        max_iter=EPOCHS,
        batch_size=1024,
        dtype="float32",
        random_state=0,
        diagnostics=False,
    )


def described(model: lamina.MLPRegressor) -> dict[str, Any]:
    """Return the number of parameters, and a checksum of them."""
    arrays = [*model.coefs_, *model.intercepts_]
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(each).tobytes() for each in arrays))
    return {"parameters": sum(each.nbytes for each in arrays), "checksum": digest.hexdigest()}


JOBS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "train": train,
    "predict": predict,
    "train_in_memory": train_in_memory,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(JOBS[sys.argv[1]](Path(sys.argv[2]))))
