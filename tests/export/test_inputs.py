"""Networks with an input stage in every target: their numbers, and codes that are refused."""

import numpy as np
import pytest
from tests.contracts.test_inputs import STAGES, network_of, samples_of
from tests.export.test_operations import every_file, require

from lamina.blocks import InputStage
from lamina.blocks.inputs import CategoricalInputs, OneHotInputs, PeriodicInputs
from lamina.engines.reference import ReferenceEngine
from lamina.errors import ExportError
from lamina.export.lowering import network_operations as n
from lamina.export.lowering.builder import Lowering
from lamina.export.lowering.fitted_network import _refuse_unknown_parts
from lamina.export.lowering.inputs import LOWERED_INPUTS, SUPPORTED_INPUTS
from lamina.export.lowering.networks import NetworkLowering, lower_blocks
from lamina.export.lowering.program import ModelProgram
from lamina.export.scikit_learn import REFUSED
from lamina.formulas import INVERSE_LINKS, PRECISIONS

every_stage = pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
DTYPES = {"float64": 1e-11, "float32": 1e-4}


def program_of(network, precision=None):
    """Return the program of a network on a matrix."""
    spec = network.spec
    lowering = Lowering([f"x{i}" for i in range(spec.n_features)])
    source = lowering.add(n.Features(spec.n_features, network.dtype))
    logits = lower_blocks(NetworkLowering(lowering, precision), network, source)
    link = lowering.add(n.InvertLink(*logits, INVERSE_LINKS["identity"], spec.n_outputs))
    operations = tuple(lowering.operations)
    return ModelProgram((), spec.n_features, operations, (link,), dtype=network.dtype)


@every_stage
@pytest.mark.parametrize("dtype", DTYPES)
@every_file
def test_every_target_predicts_the_numbers_of_the_network(stage, dtype, target):
    require(target)
    network, X = network_of(stage, dtype), samples_of(stage, dtype=dtype).X
    program = program_of(network)
    found = target.evaluate(program, target.render(program), X).numbers
    expected = ReferenceEngine().predict(network, X)
    np.testing.assert_allclose(found, expected, rtol=DTYPES[dtype], atol=DTYPES[dtype])


@every_stage
@every_file
def test_the_products_after_a_stage_have_rounded_operands_and_the_stage_has_not(stage, target):
    require(target)
    network, X = network_of(stage, "float32"), samples_of(stage, dtype="float32").X
    program = program_of(network, PRECISIONS["bfloat16"])
    found = target.evaluate(program, target.render(program), X).numbers
    expected = ReferenceEngine("bfloat16").predict(network, X)
    # A sum whose last bit differs may be rounded to the next number.
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-2)
    assert np.median(np.abs(found - expected)) < 1e-5


@every_stage
def test_a_module_of_pytorch_predicts_and_learns_the_arrays_of_the_stage(stage):
    torch = pytest.importorskip("torch")
    from lamina.export.pytorch.sequential import sequential

    network, X = network_of(stage), samples_of(stage).X
    module = sequential(program_of(network), logits=False)
    prediction = module(torch.tensor(X))
    expected = ReferenceEngine().predict(network, X)
    np.testing.assert_allclose(prediction.detach(), expected, rtol=1e-11, atol=1e-11)
    exported = torch.export.export(module, (torch.tensor(X),)).module()(torch.tensor(X))
    np.testing.assert_allclose(exported.detach(), expected, rtol=1e-11, atol=1e-11)
    learned = sum(each.numel() for each in module.parameters() if each.requires_grad)
    assert learned == network.layout.n_trained
    prediction.sum().backward()
    assert all(each.grad is not None for each in module.parameters() if each.requires_grad)


CODES = InputStage("inputs", 3, (CategoricalInputs((2,), (4,), 2), OneHotInputs((0, 1), (3, 1))))
WRONG = {"one too many": (2, 4.0), "negative": (0, -1.0), "half": (2, 1.5), "of one": (1, 1.0)}


@pytest.mark.parametrize(("column", "code"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("dtype", DTYPES)
@every_file
def test_a_row_with_a_number_that_is_no_code_has_no_prediction(column, code, dtype, target):
    require(target)
    network, X = network_of(CODES, dtype), samples_of(CODES, dtype=dtype).X
    X[1, column] = code
    program = program_of(network)
    content = target.render(program)
    if target.name == "python":
        with pytest.raises(ValueError, match=rf"X\[1, {column}\] is .* no code of column {column}"):
            target.evaluate(program, content, X)
        return
    numbers = target.evaluate(program, content, X).numbers
    assert np.isnan(numbers).all(axis=1).tolist() == [i == 1 for i in range(len(X))]


@pytest.mark.parametrize(("column", "code"), WRONG.values(), ids=WRONG)
def test_a_module_of_pytorch_refuses_a_number_that_is_no_code(column, code):
    torch = pytest.importorskip("torch")
    from lamina.export.pytorch.sequential import sequential

    module = sequential(program_of(network_of(CODES)), logits=False)
    X = samples_of(CODES).X
    X[1, column] = code
    with pytest.raises(
        (IndexError, RuntimeError), match=r"out of (range|DATA bounds)|Class values"
    ):
        module(torch.tensor(X))


def test_every_kind_of_inputs_is_lowered_with_its_fields():
    assert set(SUPPORTED_INPUTS) == set(LOWERED_INPUTS)
    for stage in STAGES.values():
        _refuse_unknown_parts(network_of(stage).spec)


def test_a_kind_of_inputs_that_no_export_has_is_refused_with_its_name():
    class OtherInputs(PeriodicInputs):
        pass

    stage = InputStage("inputs", 2, (OtherInputs((0, 1)),))
    with pytest.raises(ExportError, match="no export supports periodic inputs of type OtherInputs"):
        _refuse_unknown_parts(network_of(stage).spec)


def test_scikit_learn_s_networks_have_no_input_stage():
    for stage in STAGES.values():
        assert any(type(each) in REFUSED for each in program_of(network_of(stage)).operations)
