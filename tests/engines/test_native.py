"""Instruction sets of the native engine: all give one model, the wide ones bit for bit."""

import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

if importlib.util.find_spec("lamina._native") is None:
    pytest.skip("the native extension is not built", allow_module_level=True)

from lamina import _native

# Trains every network that the formulas allow, both a larger and a small one, and writes the
# parameters of all of them to a file.
TRAIN_ALL = """
import json
import sys
import numpy as np
from scipy import sparse
from lamina import _native
from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows, choose_engine
from lamina.formulas import ACTIVATIONS, LOSSES
from lamina.network import Network, NetworkSpec, draw_parameters

hyperparameters = json.loads(sys.argv[2])
results = {"instruction_set": _native.instruction_set(), "unit": _native.bfloat16_unit()}
# With a smaller epsilon, Adam turns the rounding error of a gradient that cancels into a whole
# step; and of some losses the derivative is so steep that many steps would carry a last bit far.
OTHERS = [
    ACTIVATIONS.choose(name, {each.name: 0.3 for each in record.hyperparameters})
    for name, record in ACTIVATIONS.items()
    if record.hyperparameters
]
settings = [
    OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0}),
    OptimizerSettings("adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-2}),
]
for dtype, precision in [("float32", None), ("float64", None), ("float32", "bfloat16")]:
    engine = choose_engine("native", precision=precision)
    for activation in [*ACTIVATIONS, *OTHERS]:
        for loss in LOSSES:
            for layout in ("dense", "csr"):
                for widths, batch in (((40, 19, 9, 5), 8), ((4, 7, 5), 20)):
                    for optimizer in settings:
                        draw = np.random.RandomState(0)
                        X = draw.standard_normal((53, 40)) * (draw.uniform(size=(53, 40)) < 0.3)
                        X = X[:, : widths[0]].astype(dtype)
                        X = X if layout == "dense" else sparse.csr_array(X)
                        objective = Objective(loss, 0.01, "l2", hyperparameters.get(loss, {}))
                        outputs = LOSSES[loss].outputs_per_target(objective.hyperparameters)
                        y = draw.randint(2, size=(53, 5)).astype(dtype)
                        if LOSSES[loss].targets == "codes":
                            y = draw.randint(5, size=53).astype(np.int32)
                        elif LOSSES[loss].task == "regression":
                            y += 1
                        spec = NetworkSpec.perceptron(
                            (*widths[:-1], 5 * outputs), activation, LOSSES[loss].inverse_link
                        )
                        parameters = draw_parameters(spec, draw, dtype, 6.0)
                        trainer = engine.trainer(
                            spec,
                            objective,
                            optimizer,
                            Rows(X, y, draw.uniform(0.5, 2, 53).astype(dtype)),
                            parameters,
                            OptimizerState.fresh(optimizer.name, parameters),
                        )
                        rates = np.full(-(-53 // batch), 1e-3)
                        trainer.epoch(draw.permutation(53), batch, rates)
                        words = [precision or dtype, activation, loss, layout, len(widths) - 1]
                        case = "-".join(map(str, [*words, optimizer.name]))
                        results[case] = parameters
                        results[case + "-p"] = engine.predict(Network(spec, parameters), X)
np.savez(sys.argv[1], **results)
"""
FUSED = {"avx512", "avx2", "neon"}
NAMES = {"instruction_set", "unit"}
# In bfloat16 a last bit of float32 may decide which way a number is rounded.
TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "bfloat16": 2.0**-8}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, loss_hyperparameters):
    """Return the trained parameters of every instruction set of this machine, by case."""
    folder = tmp_path_factory.mktemp("instruction_sets")
    results = {}
    for name in _native.instruction_sets():
        path = folder / f"{name}.npz"
        environment = {**os.environ, "LAMINA_INSTRUCTION_SET": name}
        arguments = [sys.executable, "-c", TRAIN_ALL, path, json.dumps(loss_hyperparameters)]
        subprocess.run(arguments, env=environment, check=True)
        with np.load(path) as file:
            results[name] = dict(file)
    return results


def test_the_instruction_set_in_use_is_among_the_available_ones():
    assert _native.instruction_set() in _native.instruction_sets()


def test_the_environment_chooses_the_instruction_set(trained):
    for name, results in trained.items():
        assert results["instruction_set"] == name


def test_instruction_sets_with_fused_multiply_add_agree_bit_for_bit(trained):
    fused = [results for name, results in trained.items() if name in FUSED]
    if len(fused) < 2:
        pytest.skip("this machine has fewer than two instruction sets with fused multiply-add")
    for results in fused[1:]:
        # VDPBF16PS sums in another order; native/tests compares each set's emulation with AMX's.
        units = {str(each["unit"]) for each in (results, fused[0])}
        left_out = "bfloat16" if len(units) > 1 and "avx512_bf16" in units else "none"
        different = [
            case
            for case, values in results.items()
            if case not in NAMES
            and not case.startswith(left_out)
            and values.tobytes() != fused[0][case].tobytes()
        ]
        assert different == []


def test_all_instruction_sets_agree_up_to_rounding(trained):
    first, *others = trained.values()
    for results in others:
        for case, values in results.items():
            if case in NAMES:
                continue
            tolerance = TOLERANCE[case.split("-")[0]] * np.abs(first[case]).max()
            np.testing.assert_allclose(values, first[case], rtol=0, atol=tolerance, err_msg=case)


def test_an_unknown_instruction_set_is_refused_by_name():
    environment = {**os.environ, "LAMINA_INSTRUCTION_SET": "avx1024"}
    run = subprocess.run(
        [sys.executable, "-c", "from lamina import _native; _native.instruction_set()"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "avx1024" in run.stderr
    assert all(name in run.stderr for name in _native.instruction_sets())


def test_the_core_refuses_a_number_that_is_no_kind_of_block():
    objective = _native.Objective(_native.LOSSES["squared_error"], [], 0, 0.0, 0.0, -1, 0.0)
    for kind in (-1, len(_native.BLOCKS)):
        block = _native.Block(kind, fan_in=2, fan_out=1)
        network = _native.Declaration([block], [], 0.0, 0.0, _native.FULL_PRECISION)
        with pytest.raises(ValueError, match="the kind of a block is none of BLOCKS"):
            _native.Network64(network, objective, largest_batch=1)
