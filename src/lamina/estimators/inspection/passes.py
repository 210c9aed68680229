"""Pass samples through a network in chunks: activations, input gradients, their integrals.

Shapes: rows (n_samples, n_features) dense or csr, in the dtype of the parameters; a direction
(n_samples, n_outputs) holds, for each sample, the weights of the logits f in the sum whose gradient
is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy import sparse

from lamina.blocks import Mode, Product
from lamina.estimators.fitting.input_codes import codes_of_columns
from lamina.estimators.inspection.idle_units import steep_activations
from lamina.estimators.settings.refusals import require_whole, shown
from lamina.formulas.table import Array, Matrix
from lamina.network import Network, NetworkSpec
from lamina.network.passes import Forward, forward, input_gradient

# Numbers of a chunk in all layers: some megabytes, which stay in the caches.
CHUNK_NUMBERS = 1 << 19
# The rule of n points needs the eigenvalues of a matrix of n rows.
MOST_POINTS = 2000


class Idleness(NamedTuple):
    """Flatness of a hidden block's activations, where no gradient passes.

    Attributes
    ----------
    n_idle : int
        Number of units that are flat for every sample.
    flat_fraction : float
        Fraction of all pairs of sample and unit that is flat.
    """

    n_idle: int
    flat_fraction: float


@dataclass(frozen=True)
class Passes:
    """Network and the samples to pass through it, by the blocks' own formulas.

    Attributes
    ----------
    network : Network
    rows : ndarray or csr matrix of shape (n_samples, n_features)
    product : callable
        Product of matrices, in the estimator's precision.
    """

    network: Network
    rows: Matrix
    product: Product

    def chunks(self) -> Iterator[slice]:
        """Yield consecutive slices of the samples."""
        widths = self.network.spec.n_features + 2 * sum(
            block.width_out for block in self.network.spec.blocks
        )
        step, n_samples = max(1, CHUNK_NUMBERS // widths), self.rows.shape[0]
        return (slice(start, min(start + step, n_samples)) for start in range(0, n_samples, step))

    def forward(self, rows: Matrix) -> Forward:
        """Run the forward pass of one chunk."""
        with np.errstate(all="ignore"):
            return forward(self.network, rows, Mode(product=self.product))

    def activations(self) -> list[Array]:
        """Return a of every block, and the prediction in the last block's place."""
        spec = self.network.spec
        widths = [*(block.width_out for block in spec.blocks[:-1]), spec.n_outputs]
        layers = [self._empty(width) for width in widths]
        for part in self.chunks():
            passed = self.forward(self.rows[part])
            for layer, a in zip(layers, [*passed.a[1:-1], passed.prediction], strict=True):
                layer[part] = a
        return layers

    def activation(self, block: int) -> Array:
        """Return a of one block, of shape (n_samples, fan_out)."""
        layer = self._empty(self.network.spec.blocks[block].width_out)
        for part in self.chunks():
            layer[part] = self.forward(self.rows[part]).a[block + 1]
        return layer

    def idleness(self) -> list[Idleness]:
        """Return the flatness of each hidden layer."""
        n_steep = [np.zeros(block.width_out, np.int64) for block in self.network.spec.layers[:-1]]
        for part in self.chunks():
            passed = self.forward(self.rows[part])
            for counts, steep in zip(n_steep, steep_activations(self.network, passed), strict=True):
                counts += steep.sum(axis=0)
        n_samples = self.rows.shape[0]
        return [
            Idleness(int(np.count_nonzero(counts == 0)), 1 - float(counts.mean()) / n_samples)
            for counts in n_steep
        ]

    def directions(self, output: int | None = None) -> list[Array]:
        """Return the direction of one output's logit, or of every output's, for all samples."""
        n_outputs, n_samples = self.network.spec.n_outputs, self.rows.shape[0]
        if output is not None:
            require_whole("output", output, "0 is the first output, -1 the last")
        if output is not None and not -n_outputs <= output < n_outputs:
            raise IndexError(
                f"output={output} is none of the network's {n_outputs}: the first is 0, the last "
                f"{n_outputs - 1} or -1"
            )
        columns = range(n_outputs) if output is None else [output % n_outputs]
        return [self.build_directions(np.full(n_samples, column)) for column in columns]

    def build_directions(self, outputs: NDArray[np.int64]) -> Array:
        """Return the direction of each sample's own output."""
        return np.eye(self.network.spec.n_outputs, dtype=self.network.dtype)[outputs]

    def gradients(self, direction: Array) -> Array:
        """Return ∂(direction · f)/∂x of every sample, of shape (n_samples, n_features)."""
        gradients = self._empty(self.network.spec.n_features)
        for part in self.chunks():
            gradients[part] = self._gradient(self.rows[part], direction[part])
        return gradients

    def integrated_gradients(self, direction: Array, baseline: ArrayLike, n_steps: int) -> Array:
        """Return (x - x') ∫₀¹ ∂(direction · f)/∂x (x' + t (x - x')) dt, by Gauss-Legendre."""
        self._refuse_categories()
        start = self._baseline(baseline)
        points, weights = _rule(n_steps, start.dtype)
        attributions = self._empty(self.network.spec.n_features)
        for part in self.chunks():
            x: Any = self.rows[part]
            way = (x.toarray() if sparse.issparse(x) else x) - start
            mean = np.zeros_like(way)
            for point, weight in zip(points, weights, strict=True):
                mean += weight * self._gradient(start + point * way, direction[part])
            attributions[part] = way * mean
        return attributions

    def _refuse_categories(self) -> None:
        stage = self.network.spec.input_stage
        if stage is not None and (coded := sorted(codes_of_columns(stage))):
            raise ValueError(
                f"columns {coded} of X hold categories, and between two categories are no points "
                "to integrate gradients over. Use feature_importances(X, y, method='permutation')."
            )

    def _gradient(self, rows: Matrix, direction: Array) -> Array:
        passed = self.forward(rows)
        with np.errstate(all="ignore"):
            return input_gradient(self.network, passed, direction, self.product)

    def _empty(self, width: int) -> Array:
        return np.empty((self.rows.shape[0], width), self.network.dtype)

    def _baseline(self, baseline: ArrayLike) -> Array:
        try:
            point = np.asarray(baseline, dtype=self.network.dtype)
        except (TypeError, ValueError):
            raise TypeError(
                f"baseline={shown(baseline)} must be a number, or one for each feature, such as "
                "X.mean(axis=0)"
            ) from None
        n_features = self.network.spec.n_features
        if point.shape not in ((), (n_features,)):
            raise ValueError(
                f"baseline of shape {point.shape} does not match {n_features} features: pass one "
                f"number for all, or an array of shape ({n_features},)"
            )
        return np.broadcast_to(point, (n_features,))


def _rule(n_steps: int, dtype: DTypeLike) -> tuple[Array, Array]:
    """Return points and weights of the Gauss-Legendre rule between 0 and 1."""
    require_whole("n_steps", n_steps, "50 is the default")
    if not 1 <= n_steps <= MOST_POINTS:
        raise ValueError(f"n_steps={n_steps!r} must be from 1 to {MOST_POINTS}; 50 is the default")
    points, weights = np.polynomial.legendre.leggauss(n_steps)
    return ((points + 1) / 2).astype(dtype), (weights / 2).astype(dtype)


def hidden_block(spec: NetworkSpec, layer: int) -> int:
    """Return the index of a hidden block, counted from either end."""
    require_whole("layer", layer, "0 is the first hidden layer, -1 the last")
    n_hidden = len(spec.layers) - 1
    if n_hidden == 0:
        raise ValueError(
            "hidden_layer_sizes=() has no hidden layer to return: add one, or use the features "
            "themselves"
        )
    if not -n_hidden <= layer < n_hidden:
        raise IndexError(
            f"layer={layer} is none of the {n_hidden} hidden layers: the first is 0 or "
            f"{-n_hidden}, the last {n_hidden - 1} or -1"
        )
    return len(spec.blocks) - 1 - n_hidden + layer % n_hidden
