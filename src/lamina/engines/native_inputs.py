"""Input stages as the kernels of the native engine receive them."""

from __future__ import annotations

from lamina import _native
from lamina.blocks import InputGroup, InputStage

# Work of an output, a frequency or a bin of a column, in multiply-adds.
COLUMN_WORK = 16


def declare_groups(stage: InputStage | None) -> list[_native.InputGroup]:
    """Return the declarations of a stage's groups; an empty list if there is no stage."""
    return [] if stage is None else [_declare(group) for group in stage.groups]


def _declare(group: InputGroup) -> _native.InputGroup:
    n_outputs, n_terms = group.sizes
    return _native.InputGroup(
        kind=_native.INPUTS[group.kind],
        columns=list(group.columns),
        n_outputs=n_outputs,
        n_terms=n_terms,
        n_codes=list(group.n_codes),
    )


def stage_work(stage: InputStage | None) -> int:
    """Return the work per sample of a pass over a stage, in multiply-adds."""
    if stage is None:
        return 0
    sizes = ((len(group.columns), *group.sizes) for group in stage.groups)
    return stage.fan_out + sum(COLUMN_WORK * n * (m + terms) for n, m, terms in sizes)
