"""`python -m benchmarks.devices`: time a training step on a GPU, beside PyTorch eager on the same.

Small networks are compared with a loop in PyTorch, a wide one with the card's peak. The time of a
step is the difference between a long and a short fit, divided by the steps between them, so that
what a fit does once (copies, captured graphs) does not count. All cases take at most 8 minutes.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

import lamina
from benchmarks.machine import describe_machine
from lamina import MLPClassifier, MLPRegressor
from lamina.engines.devices import choose_device, is_torch_installed

ALPHA, RATE = 1e-4, 1e-3
# Published peaks of dense products in operations a second, of cards in their fastest form.
PEAKS = {
    "H200": {None: 67e12, "tf32": 494.5e12, "bfloat16": 989e12},
    "H100": {None: 67e12, "tf32": 494.5e12, "bfloat16": 989e12},
    "A100": {None: 19.5e12, "tf32": 156e12, "bfloat16": 312e12},
    "L40S": {None: 91.6e12, "tf32": 183e12, "bfloat16": 362e12},
    "L4": {None: 30.3e12, "tf32": 60e12, "bfloat16": 121e12},
    "T4": {None: 8.1e12},
}
FRACTION, RATIO = 0.6, 5.0
# Further rounds on a busy machine, until a long fit takes longer than a short one.
MORE_ROUNDS = 4
# Seconds after which no further case begins.
LONGEST = 360.0
SKIPPED = (
    "These are times of a CPU; the goals are for a GPU. Skipped without one: captured CUDA graphs, "
    "the wide network of 4096 units, bfloat16 and TF32 on tensor cores, the published peak."
)

# Trains for a number of epochs.
Fit = Callable[[int], object]


class BusyMachineError(Exception):
    """A time cannot be measured, because other programs use the machine."""


class Case(NamedTuple):
    """Network, batch, and the epochs of a short and a long fit."""

    name: str
    widths: tuple[int, ...]
    batch_size: int
    n_batches: int
    epochs: tuple[int, int]
    precision: str | None = None
    is_wide: bool = False

    @property
    def n_samples(self) -> int:
        return self.batch_size * self.n_batches

    @property
    def operations(self) -> float:
        """Operations of the products of a step: forward, gradients of weights and of inputs."""
        of_layers = [before * after for before, after in pairwise(self.widths)]
        return 2.0 * self.batch_size * (3 * sum(of_layers) - of_layers[0])


CASES = (
    Case("regression", (20, 256, 256, 256, 1), 256, 40, (5, 205)),
    Case("digits", (784, 128, 64, 10), 64, 200, (2, 52)),
    Case("wide", (256, 4096, 4096, 10), 4096, 4, (2, 42), None, True),
    Case("wide-tf32", (256, 4096, 4096, 10), 4096, 4, (2, 42), "tf32", True),
    Case("wide-bfloat16", (256, 4096, 4096, 10), 4096, 4, (2, 42), "bfloat16", True),
)
# A CPU takes tens of times as long for a step, so that it makes fewer.
ON_CPU = (
    Case("regression", (20, 256, 256, 256, 1), 256, 10, (1, 4)),
    Case("digits", (784, 128, 64, 10), 64, 20, (1, 5)),
    Case("wide", (256, 512, 512, 10), 512, 2, (1, 5), None, True),
)
# The same course in a second, for the tests.
SMOKE = (
    Case("regression", (4, 8, 1), 8, 3, (1, 3)),
    Case("digits", (5, 8, 6, 3), 8, 3, (1, 3)),
    Case("wide", (5, 16, 16, 3), 16, 2, (1, 3), None, True),
)


def make_samples(case: Case) -> tuple[NDArray[np.float32], Any]:
    """Return samples with numbers as targets for one output, else with codes of classes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(case.n_samples, case.widths[0])).astype(np.float32)
    scores = X[:, : max(case.widths[-1], 2)]
    return X, X[:, 0] - X[:, 1] if case.widths[-1] == 1 else scores.argmax(axis=1)


def fit_by_lamina(case: Case, device: str) -> Fit:
    """Return a fit with the engine 'pytorch' on a device."""
    X, y = make_samples(case)
    estimator = MLPRegressor if case.widths[-1] == 1 else MLPClassifier

    def fit(epochs: int) -> object:
        model = estimator(
            hidden_layer_sizes=case.widths[1:-1],
            alpha=ALPHA,
            learning_rate_init=RATE,
            batch_size=case.batch_size,
            max_iter=epochs,
            n_iter_no_change=np.inf,
            dtype="float32",
            precision=case.precision,
            diagnostics=False,
            random_state=0,
            engine="pytorch",
            device=device,
        )
        return model.fit(X, y)

    return fit


def fit_by_pytorch(case: Case, device: str) -> Fit:
    """Return an eager loop over batches that are on the device, with the fused Adam."""
    import torch
    from torch import nn

    X, y = (torch.from_numpy(part).to(device) for part in make_samples(case))
    is_regression = case.widths[-1] == 1
    loss_of = nn.MSELoss() if is_regression else nn.CrossEntropyLoss()
    y = y[:, None] if is_regression else y

    def fit(epochs: int) -> object:
        torch.manual_seed(0)
        layers: list[nn.Module] = []
        for before, after in pairwise(case.widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        network = nn.Sequential(*layers[:-1]).to(device)
        fused = device.startswith("cuda")
        optimizer = torch.optim.Adam(network.parameters(), RATE, weight_decay=ALPHA, fused=fused)
        for _ in range(epochs):
            for batch in torch.randperm(len(X), device=device).split(case.batch_size):
                optimizer.zero_grad(set_to_none=True)
                loss_of(network(X[batch]), y[batch]).backward()
                optimizer.step()
        return next(network.parameters()).sum().item()  # Waits for the device.

    return fit


def seconds_of_step(fit: Fit, case: Case, rounds: int) -> float:
    """Return the time of one step, from the fastest of several fits of each length.

    Raises
    ------
    BusyMachineError
        If the long fits took no longer than the short ones, since other programs use the machine.
    """
    fastest = [np.inf, np.inf]
    for done in range(rounds + MORE_ROUNDS):
        if done >= rounds and fastest[0] < fastest[1]:
            break
        for i, epochs in enumerate(case.epochs):
            start = perf_counter()
            fit(epochs)
            fastest[i] = min(fastest[i], perf_counter() - start)
    if fastest[1] <= fastest[0]:
        raise BusyMachineError(
            "a long fit took no longer than a short one: the machine is too busy"
        )
    short, long = case.epochs
    return (fastest[1] - fastest[0]) / ((long - short) * case.n_batches)


def _largest_product(case: Case, device: str) -> int:
    """Return the size of the product whose rate counts as the peak."""
    if case.n_samples < 1000:
        return 64
    return 1024 if device == "cpu" else 8192


def measured_peak(device: str, precision: str | None, size: int) -> float:
    """Return the operations a second of one large product of this precision."""
    import torch

    from lamina.engines.pytorch.products import tf32_allowed

    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    A, B = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    fastest = np.inf
    with tf32_allowed() if precision == "tf32" else nullcontext():
        for _ in range(8):
            start = perf_counter()
            (A @ B)[0, 0].item()  # Waits for the device.
            fastest = min(fastest, perf_counter() - start)
    return float(2.0 * size**3 / fastest)


def published_peak(description: str, precision: str | None) -> float | None:
    """Return the published peak of a card, or None for a card that PEAKS lacks."""
    for name, peaks in PEAKS.items():
        if name in description.split():
            return peaks.get(precision)
    return None


def difference_of_losses(device: str) -> float:
    """Return the largest difference of the first 20 losses from the native engine, in float64."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 10))
    dtype = "float32" if device == "mps" else "float64"
    curves = [
        MLPRegressor(
            hidden_layer_sizes=(32, 16),
            max_iter=20,
            n_iter_no_change=np.inf,
            dtype=dtype,
            random_state=0,
            engine=engine,
            device=device if engine == "pytorch" else None,
        )
        .fit(X, X[:, 0] * X[:, 1])
        .loss_curve_
        for engine in ("pytorch", None)
    ]
    return float(np.abs(np.subtract(*curves)).max())


def measure(case: Case, device: str, description: str, rounds: int) -> dict[str, Any]:
    """Return the figures of a case as plain numbers."""
    seconds = seconds_of_step(fit_by_lamina(case, device), case, rounds)
    found = {"case": case.name, "microseconds": 1e6 * seconds, "precision": case.precision}
    if not case.is_wide:
        peer = seconds_of_step(fit_by_pytorch(case, device), case, rounds)
        return {**found, "pytorch_microseconds": 1e6 * peer, "ratio": peer / seconds}
    rate = case.operations / seconds
    peak = measured_peak(device, case.precision, _largest_product(case, device))
    published = published_peak(description, case.precision)
    found |= {"operations_a_second": rate, "fraction_of_a_large_product": rate / peak}
    return found | ({} if published is None else {"fraction_of_peak": rate / published})


def as_line(found: dict[str, Any]) -> str:
    """Return the figures of a case as a line, with the goal."""
    start = f"{found['case']:14} {found['microseconds']:10.1f} µs a step"
    if "ratio" in found:
        return (
            f"{start}, PyTorch eager {found['pytorch_microseconds']:.1f} µs: "
            f"{found['ratio']:.1f} × (goal {RATIO:g} ×)"
        )
    parts = [f"{found['operations_a_second'] / 1e12:.2f} TFLOP/s"]
    parts.append(f"{found['fraction_of_a_large_product']:.0%} of a large product")
    if "fraction_of_peak" in found:
        parts.append(f"{found['fraction_of_peak']:.0%} of the published peak")
    return f"{start}, {', '.join(parts)} (goal {FRACTION:.0%})"


def main(
    device: Annotated[str, typer.Option(help="auto, cuda, cuda:1, mps or cpu.")] = "auto",
    case: Annotated[list[str] | None, typer.Option(help="Only this case. Repeatable.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Fits of each length.")] = 3,
    smoke: Annotated[bool, typer.Option("--smoke", help="Tiny networks, as in the tests.")] = False,
    output: Annotated[Path | None, typer.Option(help="A JSON file for the figures.")] = None,
) -> None:
    """Print the time of a step of each case on a device."""
    if not is_torch_installed():
        print('Nothing is measured: PyTorch is not installed. pip install "lamina[torch]"')
        return
    place = choose_device(device)
    if place == "cpu" and device == "auto":
        print("Nothing is measured: this machine has no GPU. --device cpu times the CPU instead.")
        return
    start = perf_counter()
    cases = SMOKE if smoke else ON_CPU if place == "cpu" else CASES
    if case:
        cases = [each for each in cases if each.name in case]
    description = next(each.description for each in lamina.devices() if each.name == place)
    print(f"{place}: {description}")
    if place == "cpu":
        print(SKIPPED)
    warnings.simplefilter("ignore", ConvergenceWarning)
    difference = difference_of_losses(place)
    print(f"The first 20 losses differ from the native engine's by at most {difference:.1e}.")
    figures = []
    for each in cases:
        if perf_counter() - start > LONGEST:
            print(f"{each.name:14} is skipped: {LONGEST / 60:g} minutes have passed.")
            continue
        try:
            figures.append(measure(each, place, description, rounds))
        except BusyMachineError as error:
            print(f"{each.name:14} is not measured: {error}")
            continue
        print(as_line(figures[-1]), flush=True)
    if output is not None:
        record = {"device": place, "description": description, "difference": difference}
        record |= {"machine": describe_machine(), "cases": figures}
        output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
