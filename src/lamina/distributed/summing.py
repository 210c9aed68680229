"""Sums over a fixed binary tree: ((s₀ + s₁) + (s₂ + s₃)) + ((s₄ + s₅) + (s₆ + s₇)).

The leaves are virtual shards, in order. A worker adds the complete subtree of its own shards, and
the group adds the rest, so that the bits of a sum do not depend on the number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Sum = TypeVar("Sum")


def tree_sum(leaves: Iterable[Sum], add: Callable[[Sum, Sum], Sum]) -> Sum:
    """Return the sum of leaves whose number is a power of two.

    At most log₂ of their number plus one are held at a time.

    Examples
    --------
    >>> tree_sum("abcd", lambda left, right: f"({left}+{right})")
    '((a+b)+(c+d))'
    """
    waiting: list[tuple[int, Sum]] = []
    for leaf in leaves:
        level, total = 0, leaf
        while waiting and waiting[-1][0] == level:
            total = add(waiting.pop()[1], total)
            level += 1
        waiting.append((level, total))
    ((_, total),) = waiting
    return total
