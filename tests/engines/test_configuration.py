"""show_config, and the warning where products in bfloat16 are emulated."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import lamina
from lamina.engines import available_engines
from lamina.engines.threads import usable_cores
from lamina.errors import UnknownNameError

FIT = """
import sys, warnings, numpy as np
from lamina import MLPRegressor
from lamina.errors import SlowPrecisionWarning
X = np.ones((20, 2))
with warnings.catch_warnings(record=True) as found:
    warnings.simplefilter("always")
    for _ in range(2):
        model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=1, precision="bfloat16")
        model.fit(X, X[:, 0]).predict(X)
print([str(each.message) for each in found if each.category is SlowPrecisionWarning])
"""


def fit_with(instruction_set: str) -> str:
    """Return what a fresh process prints that fits twice with these kernels."""
    environment = os.environ | {"LAMINA_INSTRUCTION_SET": instruction_set}
    run = subprocess.run(
        [sys.executable, "-c", FIT], capture_output=True, text=True, check=True, env=environment
    )
    return run.stdout


def test_the_configuration_names_what_computes() -> None:
    configuration = lamina.show_config(mode="dicts")
    assert configuration["engines"] == available_engines()
    assert configuration["cores"] == usable_cores()
    if "native" in available_engines():
        assert configuration["instruction_set"] in {"avx512", "avx2", "baseline"}
        assert configuration["bfloat16_unit"] in {"amx", "avx512_bf16", "emulated"}


def test_every_value_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert lamina.show_config() is None
    printed = capsys.readouterr().out
    for value in lamina.show_config(mode="dicts").values():
        assert (", ".join(value) if isinstance(value, list) else str(value)) in printed


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"mode='dict' is none .* Did you mean 'dicts'"):
        lamina.show_config(mode="dict")


@pytest.mark.skipif("native" not in available_engines(), reason="no native engine")
def test_a_fit_whose_products_are_emulated_warns_once() -> None:
    printed = fit_with("baseline")
    assert printed.count("precision='bfloat16' is slower than float32 here") == 1


@pytest.mark.skipif("native" not in available_engines(), reason="no native engine")
def test_a_fit_on_a_processor_with_bfloat16_does_not_warn() -> None:
    unit = lamina.show_config(mode="dicts")["bfloat16_unit"]
    if unit == "emulated":
        pytest.skip("this processor, or LAMINA_INSTRUCTION_SET, has no unit for bfloat16")
    assert fit_with("avx512").strip() == "[]"
