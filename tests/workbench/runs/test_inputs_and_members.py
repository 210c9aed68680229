"""Input stages and members in the workbench: every view, the exported script, what is refused."""

import contextlib
import io
import re
import warnings

import numpy as np
import pytest

from lamina.errors import ExperimentError
from lamina.formulas import INPUT_FORMULAS
from lamina.workbench.server.answers import ANSWERS
from lamina.workbench.server.script import build_script
from lamina.workbench.views.frames import decode

STAGES = {
    "periodic": {"name": "periodic", "n_frequencies": 3, "n_outputs": 2, "sigma": 0.5},
    "piecewise_linear": {"name": "piecewise_linear", "n_bins": 4, "n_outputs": 2},
    "scaled": "scaled",
    "identity": "identity",
    "a list": [
        {"name": "periodic", "columns": [1], "n_outputs": 1},
        {"name": "scaled", "columns": 0},
    ],
}
MEMBERS = {
    "independent": {"name": "independent", "n_members": 3},
    "shared": {"name": "shared", "n_members": 4},
    "mini": {"name": "shared", "n_members": 3, "kind": "tabm_mini", "first": "normal"},
    "one": {"name": "shared", "n_members": 1},
}
MODELS = [
    *({"inputs": stage} for stage in STAGES.values()),
    *({"members": members} for members in MEMBERS.values()),
    {"inputs": STAGES["periodic"], "members": MEMBERS["shared"]},
    {"inputs": "periodic", "members": "independent"},
]
every_model = pytest.mark.parametrize("model", MODELS, ids=str)
VIEWS = {"region": 8, "units": 6, "confusion": True, "fit": True}
QUERIES = [
    ("training_scores", {}),
    *(("distributions", {"quantity": name}) for name in ("weights", "gradients", "activations")),
    ("landscape", {"n_points": "5"}),
    ("link", {}),
]


def learned(session, until, model, data=None):
    """Return a session that has learned two epochs."""
    run = session({"data": data or {"n_samples": 60}, "model": model})
    run.do({"do": "watch", **VIEWS})
    run.do({"do": "step", "epochs": 2})
    until(lambda: run.run.controller.latest.epoch == 2 or run.run.message)
    assert run.run.message is None
    return run


@every_model
@pytest.mark.parametrize(
    "data", [None, {"kind": "made", "name": "hills"}], ids=["classes", "numbers"]
)
def test_every_view_shows_stages_and_members(model, data, session, until):
    run = learned(session, until, model, data)
    state, (header, arrays) = run.state(), decode(run.frame(run.snapshot))
    network = state["network"]
    assert network["n_members"] == run.run.spec.n_members
    first = network["layers"][0]
    assert first["fan_in"] == len(state["data"]["inputs"]) == len(arrays["inputs"])
    assert header["units_drawn"] == [layer["fan_out"] for layer in network["layers"][:-1]]
    last = network["biases"][-1]
    assert last["start"] + last["shape"][0] <= len(arrays["parameters"])
    assert np.isfinite(arrays["region"]).all()
    for name, query in QUERIES:
        assert ANSWERS[name].content(run, query)


@every_model
def test_the_script_repeats_stages_and_members(model, session, until):
    run = learned(session, until, model)
    script, out = build_script(run.run, run.snapshot), io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        exec(compile(script, "workbench_run.py", "exec"), {"__name__": "__main__"})
    loss = float(re.search(r"loss after 2 epochs: (\S+)", out.getvalue()).group(1))
    assert loss == run.run.controller.latest.loss
    for name in model:
        assert re.search(rf"^    {name}=", script, re.M)


@every_model
@pytest.mark.parametrize("row", ["0", "next"])
def test_a_traced_step_is_shown_or_refused_in_one_sentence(model, row, session, until):
    run = learned(session, until, model)
    header, arrays = decode(ANSWERS["trace"].content(run, {"row": row}))
    numbers = header["numbers"]
    if "members" in model:
        [note] = header["notes"]
        assert numbers == []
        assert re.fullmatch(r"[^.]*members=.*none\.", note)
        return
    assert [each["layer"] for each in numbers].count("inputs") > 3
    inputs = {each["id"]: each for each in numbers if each["layer"] == "inputs"}
    assert inputs["a_0"]["axes"] == inputs["x_1"]["axes"] == ["rows", "fan_out"]
    for each in numbers:
        assert 0 <= len(each["shape"]) <= 2
        assert len(each["axes"]) == len(each["shape"]) == arrays[each["id"]].ndim
        assert set(each["from"]) <= {number["id"] for number in numbers}


def test_the_paths_of_a_weight_behind_a_stage_begin_at_its_outputs(session, until):
    run = learned(session, until, {"inputs": STAGES["periodic"]})
    asked = {"row": "0", "layer": "hidden_1", "i": "4", "j": "1"}
    found = ANSWERS["path"].content(run, asked)
    assert found["paths"][0]["units"][0] == "inputs[4]"
    assert found["sum"] == pytest.approx(found["backpropagated"], rel=1e-9)
    with pytest.raises(ExperimentError, match="must be one of hidden_1"):
        ANSWERS["path"].content(run, {**asked, "layer": "inputs"})


@pytest.mark.parametrize("model", [{}, {"members": "shared"}, {"inputs": "periodic"}], ids=str)
def test_a_landscape_places_networks_by_the_parameters_of_frames(model, session, until):
    run = learned(session, until, model)
    _, arrays = decode(ANSWERS["landscape"].content(run, {"n_points": "5"}))
    _, frame = decode(run.frame(run.snapshot))
    assert ("projection" in arrays) == ("members" not in model)
    if "projection" in arrays:
        assert arrays["projection"].shape[1] == len(frame["parameters"])


def test_what_acts_on_one_network_is_refused_with_members(session, until):
    run = learned(session, until, {"members": "independent"})
    with pytest.raises(ExperimentError, match="step by whole epochs"):
        run.do({"do": "step", "batches": 1})
    edit = {"do": "edit", "block": 0, "row": 0, "column": 0, "value": 1.0}
    with pytest.raises(ExperimentError, match=r"weights cannot be edited with members="):
        run.do(edit)


def test_a_weight_behind_a_stage_can_be_edited(session, until):
    run = learned(session, until, {"inputs": STAGES["periodic"]})
    run.do({"do": "edit", "block": 0, "row": 4, "column": 2, "value": 1.25})
    until(lambda: run.run.controller.edits)
    network = run.run.drawn(run.run.controller.latest)
    until(lambda: run.run.drawn(run.run.controller.latest).weights[0][4, 2] == 1.25)
    assert network.spec.input_stage is not None


def test_every_kind_is_in_the_vocabulary(session):
    from lamina.workbench.server.vocabulary import parameters

    found = {each["name"]: each["takes"] for each in parameters()}
    for name, kinds in (("inputs", set(INPUT_FORMULAS)), ("members", {"shared", "independent"})):
        [choice] = [each for each in found[name] if each["kind"] == "choice"]
        assert set(choice["names"]) == kinds
        assert {"kind": "none"} in found[name]


@pytest.mark.parametrize(
    ("model", "parameter", "words"),
    [
        ({"inputs": "periodik"}, "inputs", "periodic"),
        ({"inputs": {"name": "periodic", "sigma": -1}}, "inputs", "sigma"),
        ({"inputs": {"name": "periodic", "columns": [7]}}, None, "column 7"),
        ({"members": {"name": "shared", "n_members": 0}}, "members", "n_members"),
        ({"members": {"name": "shared", "n_member": 3}}, "members", "n_members"),
        ({"members": "shared", "normalization": "batch"}, "normalization", "members"),
    ],
    ids=str,
)
def test_values_without_meaning_are_refused(model, parameter, words, session):
    run = session({"data": {"n_samples": 60}})
    with pytest.raises(ExperimentError, match=words) as refusal:
        run.do({"do": "set", "experiment": {"model": model}})
    assert refusal.value.parameter == parameter
