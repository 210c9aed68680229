"""Steps of optimizers as one kernel of PyTorch, in place of one for each operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from lamina.engines.optimizer import OptimizerSettings
from lamina.engines.pytorch.tensors import constant_on
from lamina.formulas import OPTIMIZERS
from lamina.formulas.optimizer import Apply, Factors
from lamina.formulas.optimizers import adam

DEVICES = ("cpu", "cuda")
INFINITE = np.array(np.inf, np.float32)


def fused_adam(w: Any, g: Any, state: Any, factors: Factors, params: Mapping[str, float]) -> None:
    """Make a step of Adam as `formulas.optimizers.adam` does.

    PyTorch's kernel corrects the bias of both moments at a step's count, and adds epsilon to the
    corrected root. The correction is in the learning rate here, so the kernel's count is infinite.
    """
    rate: Any = factors[0]
    count = constant_on(INFINITE, w.tensor.device)
    slots = state.tensor.unbind()
    torch._fused_adam_(
        [w.tensor],
        [g.tensor],
        [slots[0]],
        [slots[1]],
        [*slots[2:]],
        [count],
        lr=rate.tensor.to(torch.float32),
        beta1=params["beta_1"],
        beta2=params["beta_2"],
        weight_decay=0.0,
        eps=params["epsilon"],
        amsgrad=len(slots) > 2,
        maximize=False,
    )


# Kernels by the functions that they replace.
FUSED: dict[Apply, Apply] = {adam: fused_adam}


def fused_step(optimizer: OptimizerSettings, values: torch.Tensor) -> Apply | None:
    """Return an optimizer's step as one kernel, or None if PyTorch has none for these values.

    The kernel reads a learning rate in float32, so it does not serve float64.
    """
    if values.dtype != torch.float32 or values.device.type not in DEVICES:
        return None
    if not hasattr(torch, "_fused_adam_"):
        return None
    return FUSED.get(OPTIMIZERS[optimizer.name].apply)
