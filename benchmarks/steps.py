"""`python -m benchmarks.steps`: time a training step of RealMLP's and TabM's networks.

lamina and the authors' packages on PyTorch train on the same rows, in alternating rounds. The time
of a step is the difference between a long and a short fit, divided by the steps between them, so
that what a fit does once does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from statistics import median
from time import perf_counter
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.machine import OthersFraction, describe_machine
from lamina import MLPRegressor
from lamina.inputs import Categorical, Periodic, PiecewiseLinear
from lamina.members import Shared

N_ROWS, N_NUMBERS, N_CATEGORIES, N_CODES, BATCH_SIZE = 5120, 20, 5, 30, 256
STEPS_OF_AN_EPOCH = N_ROWS // BATCH_SIZE
N_MEMBERS, N_BINS, N_OUTPUTS, WIDTH = 32, 48, 16, 512
NUMBERS = list(range(N_NUMBERS))

# Trains for a number of epochs with a number of threads.
Fit = Callable[[int, int], object]


class Case(NamedTuple):
    """Epochs of the short and the long fit, and the peers' fits by name."""

    short: int
    long: int
    fits: Mapping[str, Fit]


def make_rows(n_categories: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return numbers beside codes of categories, and a target that depends on both."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(N_ROWS, N_NUMBERS))
    codes = rng.integers(0, N_CODES, size=(N_ROWS, n_categories))
    y = np.sin(numbers[:, 0]) + numbers[:, 1] + codes.sum(axis=1) / N_CODES
    return np.hstack([numbers, codes]).astype(np.float32), y.astype(np.float32)


def fit_lamina(n_categories: int, **settings: Any) -> Fit:
    """Return a fit of lamina's network on these rows."""
    X, y = make_rows(n_categories)

    def fit(epochs: int, n_threads: int) -> object:
        model = MLPRegressor(
            batch_size=BATCH_SIZE,
            max_iter=epochs,
            n_iter_no_change=np.inf,
            dtype="float32",
            engine="native",
            n_threads=n_threads,
            random_state=0,
            **settings,
        )
        return model.fit(X, y)

    return fit


def realmlp_of_lamina() -> Fit:
    """Return a fit with RealMLP's network and optimizer."""
    return fit_lamina(
        N_CATEGORIES,
        inputs=[
            Periodic(columns=NUMBERS, sigma=0.1),
            Categorical(columns=list(range(N_NUMBERS, N_NUMBERS + N_CATEGORIES)), n_outputs=8),
        ],
        hidden_layer_sizes=(256, 256, 256),
        activation="mish",
        blended_activation=True,
        parametrization="ntk",
        solver="adamw",
        beta_2=0.95,
        learning_rate="coslog4",
        learning_rate_init=0.2,
        rate_factors={"bias": 0.1, "embedding": 0.1, "activation": 0.1},
        weight_decay=0.02,
        weight_decay_schedule="flat_cos",
        dropout=0.15,
        dropout_schedule="flat_cos",
    )


def realmlp_of_pytabkit() -> Fit:
    """Return a fit of pytabkit's RealMLP; few rows are held out, as each epoch predicts them."""
    import pandas as pd
    from pytabkit import RealMLP_TD_Regressor

    X, y = make_rows(N_CATEGORIES)
    frame = pd.DataFrame(X)
    for column in range(N_NUMBERS, X.shape[1]):
        frame[column] = frame[column].astype(int).astype(str).astype("category")
    frame.columns = frame.columns.astype(str)

    def fit(epochs: int, n_threads: int) -> object:
        model = RealMLP_TD_Regressor(
            device="cpu",
            random_state=0,
            n_threads=n_threads,
            n_epochs=epochs,
            val_fraction=0.01,
        )
        return model.fit(frame, y)

    return fit


def tabm_of_lamina() -> Fit:
    """Return a fit with TabM's network and optimizer."""
    return fit_lamina(
        0,
        inputs=PiecewiseLinear(n_bins=N_BINS, n_outputs=N_OUTPUTS),
        members=Shared(N_MEMBERS),
        hidden_layer_sizes=(WIDTH,) * 3,
        activation="relu",
        dropout=0.1,
        solver="adamw",
        learning_rate_init=2e-3,
        weight_decay=3e-4,
    )


def tabm_of_its_authors() -> Fit:
    """Return a loop over batches with the package tabm and PyTorch's fused AdamW."""
    import tabm
    import torch
    from rtdl_num_embeddings import PiecewiseLinearEmbeddings, compute_bins

    X, y = map(torch.from_numpy, make_rows(0))

    def fit(epochs: int, n_threads: int) -> object:
        torch.set_num_threads(n_threads)
        embeddings = PiecewiseLinearEmbeddings(
            compute_bins(X, n_bins=N_BINS), N_OUTPUTS, activation=False, version="B"
        )
        model = tabm.TabM(
            n_num_features=N_NUMBERS,
            num_embeddings=embeddings,
            d_out=1,
            n_blocks=3,
            d_block=WIDTH,
            dropout=0.1,
            k=N_MEMBERS,
            arch_type="tabm",
            start_scaling_init="random-signs",
        )
        optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=3e-4, fused=True)
        for _ in range(epochs):
            for rows in torch.randperm(len(X)).split(BATCH_SIZE):
                optimizer.zero_grad()
                prediction = model(X[rows]).squeeze(-1)
                (prediction - y[rows, None]).square().mean().backward()
                optimizer.step()
        return model

    return fit


def seconds_of_step(fit: Fit, case: Case, n_threads: int) -> float:
    """Return the time of one step."""
    times = []
    for epochs in (case.short, case.long):
        start = perf_counter()
        fit(epochs, n_threads)
        times.append(perf_counter() - start)
    return (times[1] - times[0]) / ((case.long - case.short) * STEPS_OF_AN_EPOCH)


class Network(NamedTuple):
    """A network by lamina and by its authors' package, with the epochs of the two fits."""

    lamina: Callable[[], Fit]
    package: str
    peer: Callable[[], Fit]
    short: int
    long: int

    def build(self) -> Case:
        """Return the case, with the peer if its package is installed."""
        fits = {"lamina": self.lamina()}
        if find_spec(self.package):
            fits[self.package] = self.peer()
        return Case(self.short, self.long, fits)


NETWORKS = {
    "realmlp": Network(realmlp_of_lamina, "pytabkit", realmlp_of_pytabkit, 4, 12),
    "tabm": Network(tabm_of_lamina, "tabm", tabm_of_its_authors, 1, 2),
}


def main(
    case: Annotated[
        list[str] | None, typer.Option(help=f"Only this one of: {', '.join(NETWORKS)}. Repeatable.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Alternating rounds.")] = 3,
) -> None:
    """Print the time of a step for every peer and number of threads."""
    others, cores = OthersFraction(), describe_machine()["cores"]
    for name in case or NETWORKS:
        if name not in NETWORKS:
            expected = ", ".join(NETWORKS)
            raise typer.BadParameter(f"{name!r} is none of: {expected}.", param_hint="--case")
        built, times = NETWORKS[name].build(), dict[tuple[str, int], list[float]]()
        for _ in range(rounds):
            for peer, fit in built.fits.items():
                for n_threads in sorted({1, cores}):
                    measured = seconds_of_step(fit, built, n_threads)
                    times.setdefault((peer, n_threads), []).append(measured)
        for (peer, n_threads), seconds in times.items():
            print(f"{name:8} {peer:10} {n_threads} threads  {median(seconds) * 1e3:8.3f} ms a step")
    print(f"Other processes took {others.read() or 0:.0%} of the machine.")


if __name__ == "__main__":
    typer.run(main)
