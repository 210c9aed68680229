"""Keys of arrays on a device: slices, indices and their views."""

from __future__ import annotations

from typing import Any, TypeAlias

import torch

Tensor: TypeAlias = torch.Tensor
Key: TypeAlias = Any


def without_negative_steps(key: Key) -> tuple[list[int], Key]:
    """Return the axes to flip, and the key with whole slices in place of [::-1]."""
    parts = key if isinstance(key, tuple) else (key,)
    flipped = [
        i for i, part in enumerate(parts) if isinstance(part, slice) and (part.step or 1) < 0
    ]
    if not flipped:
        return [], key
    whole = tuple(slice(None) if i in flipped else part for i, part in enumerate(parts))
    return flipped, whole


def is_plain(key: Key) -> bool:
    """Return True if a key selects a view."""
    parts = key if isinstance(key, tuple) else (key,)
    return not any(isinstance(part, torch.Tensor) for part in parts)


def is_same_view(tensor: Tensor, key: Key, part: Tensor) -> bool:
    """Return True if a part is the view of a tensor that a plain key selects."""
    if not isinstance(key, int | slice) or (isinstance(key, slice) and key.step is not None):
        return False
    place = tensor[key]
    return bool(place.data_ptr() == part.data_ptr() and place.shape == part.shape)
