"""Run the Python lines of a trace, and compare each number with the traced one."""

from types import SimpleNamespace

import numpy as np

from lamina.blocks import member_seed
from lamina.blocks.member_rows import draws_of_members
from lamina.engines.batch_loss import row_losses
from lamina.formulas.noise import Draws, dropout_factors
from lamina.network import ParameterLayout, block_parameters
from lamina.network.passes import predict_member, with_noise
from lamina.studies.trace_code import IMPORTS, step_function

# Functions of lamina that a line may call.
FUNCTIONS = (dropout_factors, draws_of_members, with_noise, predict_member, row_losses)


def known_before(model, trace, sample_weight):
    """Return the variables that the lines may read: the inputs of the step."""
    step, layout = trace.step, trace.step.layout
    network = trace.step.parameters
    if getattr(model, "_trained_parameters", None) is not None:
        network = model._trained_parameters
    views = layout.views(network)
    learning = SimpleNamespace(
        coefs_=views.weights,
        intercepts_=views.biases,
        unit_parameters_=views.unit_parameters,
        input_parameters_=views.input_parameters,
        running_statistics_=views.statistics,
    )
    seed = member_seed(getattr(model, "_noise_seed", 0), step.member or 0)
    draws = Draws(seed, getattr(model, "_optimizer_step", 0), np.arange(len(step.rows.y)))
    return {
        "X": step.rows.X,
        "targets": step.rows.y,
        "sample_weight": sample_weight,
        "model": model,
        "learning": learning,
        "draws": draws,
        "memory": {} if trace.update is None else build_memory(step.spec, trace),
        "spec": step.spec,
        "objective": step.objective,
        "rows": step.rows,
        **{each.__name__: each for each in FUNCTIONS},
    }


def build_memory(spec, trace):
    """Return the optimizer's state for each parameter, by its name."""
    memory, slots = {}, [block_parameters(spec, slot) for slot in trace.update.memory]
    has_stage = spec.input_stage is not None
    if has_stage:
        updates = [each for each in trace.numbers if each.variable in learned_inputs(trace)]
        inputs = [
            ParameterLayout.from_spec(spec).views(s).input_parameters for s in trace.update.memory
        ]
        for place, number in enumerate(updates):
            memory[number.variable] = [slot[place] for slot in inputs]
    for i, block in enumerate(spec.layers):
        parts = [slot[i + has_stage] for slot in slots]
        for name in ("W", "b", "r", "s"):
            memory[f"{name}_{i + 1}"] = [getattr(each, name, None) for each in parts]
        for k, learned in enumerate(getattr(block, "dense", block).learned):
            memory[f"{learned.name}_{i + 1}"] = [each.unit_parameters[k] for each in parts]
    return memory


def learned_inputs(trace):
    """Return the variables of the learned parameters of an input stage."""
    return {
        each.variable.removeprefix("update_")
        for each in trace.numbers
        if each.part == "update" and each.layer == "inputs"
    }


def run_lines(model, trace, sample_weight=None):
    """Run every line, and compare its result with the traced number."""
    space = known_before(model, trace, sample_weight)
    exec(IMPORTS, space)
    if trace.update is not None:
        exec(step_function(trace.update), space)
    for number in trace.numbers:
        exec(number.code, space)
        np.testing.assert_allclose(
            space[number.variable], number.value, rtol=1e-9, atol=1e-12, err_msg=number.code
        )
        assert np.shape(space[number.variable]) == number.shape, number.code
    assert len({each.variable for each in trace.numbers}) == len(trace.numbers)
