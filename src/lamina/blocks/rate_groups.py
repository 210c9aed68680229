"""Groups of tensors that share a factor of the learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Name of each group, a key of `rate_factors`, and its tensors.
RATE_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "weight": "the weights W of all layers",
        "bias": "the biases b, and β of a normalization",
        "scale": "γ of a normalization, and learned scales of inputs",
        "embedding": "embeddings of numbers and categories",
        "activation": "learned parameters of activations",
    }
)
