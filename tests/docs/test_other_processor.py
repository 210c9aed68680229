"""Libraries use the code for old processors, and their last bits differ."""

import os
import subprocess
import sys

import pytest
from docs.building import examples
from docs.building.other_processor import environment, kinds_of_blas

pytestmark = pytest.mark.repository

LAST_BITS = """
import numpy as np
x, A = np.linspace(0.1, 3, 999), np.random.RandomState(0).standard_normal((99, 99))
print([float(each.sum()).hex() for each in (np.sin(x), np.exp(x), np.tanh(x), A @ A)])
"""


def last_bits(**variables):
    # NumPy raises an ImportWarning for an unknown feature, which would be an error.
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", LAST_BITS],
        env={**os.environ, **variables},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_blas_and_numpy_use_the_code_for_old_processors():
    chosen = environment()
    if "OPENBLAS_CORETYPE" not in chosen or "architecture" not in str(threadpools()):
        pytest.skip("BLAS is not OpenBLAS here, or of a processor without a name of its own")
    assert chosen["OPENBLAS_CORETYPE"].lower() in kinds_of_blas(chosen).lower()
    if kinds_of_blas(chosen) == kinds_of_blas({}):
        pytest.skip("this machine is of the other kind")
    assert last_bits(**chosen) != last_bits()


def threadpools():
    from threadpoolctl import threadpool_info

    return threadpool_info()


@pytest.mark.parametrize("line", ["assert False", "import warnings; warnings.warn('x')"])
def test_an_example_that_fails_or_warns_is_named(tmp_path, monkeypatch, line):
    (tmp_path / "plot_01_right.py").write_text("assert True")
    (tmp_path / "plot_02_wrong.py").write_text(line)
    monkeypatch.setattr(examples, "EXAMPLES", tmp_path)
    assert examples.run_all() == ["plot_02_wrong.py"]
