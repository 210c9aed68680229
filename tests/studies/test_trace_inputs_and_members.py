"""Traces of input stages and members: every kind, its next step, and its lines of Python."""

from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.estimators.input_samples import CODES, NUMBERS, Y
from tests.studies.lines_of_a_trace import run_lines

import lamina
from lamina.blocks.inputs import INPUT_KINDS
from lamina.formulas import NORMALIZATIONS, OPTIMIZERS
from lamina.inputs import Categorical, Identity, OneHot, Periodic, PiecewiseLinear, Scaled
from lamina.members import Independent, Shared
from lamina.studies.group_lines import GROUP_LINES
from lamina.studies.mathml import mathml

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Two columns of numbers, then two of codes.
X = np.column_stack([NUMBERS[:12, :2], CODES[:12, :2]]).astype(float)
y = Y[:12]
LABELS = (np.argsort(np.argsort(y)) % 3).astype(int)
CODED = [2, 3]
STAGES = {
    "identity": Identity(),
    "scaled": Scaled(),
    "periodic": Periodic(n_frequencies=3, n_outputs=2, sigma=0.5),
    "scaled periodic": Periodic(n_frequencies=3, n_outputs=2, scaled=True),
    "piecewise_linear": PiecewiseLinear(n_bins=4, n_outputs=2),
    "scaled piecewise_linear": PiecewiseLinear(n_bins=4, n_outputs=2, scaled=True),
    "categorical": Categorical(columns=CODED, n_outputs=2),
    "scaled categorical": Categorical(columns=CODED, n_outputs=2, scaled=True),
    "one_hot": OneHot(columns=CODED),
    "scaled one_hot": OneHot(columns=CODED, scaled=True),
    "every kind": [
        Periodic(columns=[1], n_frequencies=2, n_outputs=1),
        PiecewiseLinear(columns=[0], n_bins=3, n_outputs=2, scaled=True),
        Categorical(columns=[3], n_outputs=2),
        OneHot(columns=[2]),
    ],
}
MEMBERS = {
    "shared": Shared(3),
    "normal": Shared(2, first="normal"),
    "mini": Shared(3, kind="tabm_mini"),
    "one": Shared(1),
    "independent": Independent(3),
}
BRIEF = {
    "hidden_layer_sizes": (4, 3),
    "activation": "tanh",
    "max_iter": 3,
    "tol": 10,
    "n_iter_no_change": 1,
    "random_state": 0,
    "shuffle": False,
    "batch_size": 12,
}
every_stage = pytest.mark.parametrize("inputs", STAGES.values(), ids=STAGES)
every_members = pytest.mark.parametrize("members", MEMBERS.values(), ids=MEMBERS)
PARTS = ("coefs_", "intercepts_", "unit_parameters_", "input_parameters_", "running_statistics_")


def get_parameters(model, member=None):
    """Return the fitted parameters, of all members or of one, as a flat vector."""
    parts = [part for name in PARTS for part in getattr(model, name, ())]
    return np.concatenate([np.ravel(part if member is None else part[member]) for part in parts])


def check(fits=True, cls=lamina.MLPRegressor, targets=y, weight=None, member=None, **parameters):
    """Compare a trace with the next step of the fit, and its lines with its numbers."""
    model = cls(**{**BRIEF, **parameters})
    model = model.fit(X, targets) if fits else model.set_params(max_iter=1)
    dropout = bool(parameters.get("dropout"))
    trace = lamina.trace_step(model, X, targets, weight, dropout=dropout, member=member)
    if fits:
        run_lines(model, trace, weight)
    before = trace.step.parameters
    after = model.partial_fit(X, targets, sample_weight=weight) if fits else model.fit(X, targets)
    moved = before + trace.update.change
    # The bias before a batch normalization has no gradient but rounding error.
    assert_allclose(moved, get_parameters(after, trace.step.member), rtol=0, atol=1e-10)
    return trace


def test_every_kind_of_inputs_has_its_lines():
    assert set(GROUP_LINES) == set(INPUT_KINDS)
    kinds = {name.removeprefix("scaled ") for name in STAGES} | {"scaled"}
    assert kinds - {"every kind"} == set(INPUT_KINDS)


@every_stage
@pytest.mark.parametrize("fits", [False, True], ids=["first", "later"])
def test_a_stage_is_traced_as_the_next_step(inputs, fits):
    trace = check(fits, inputs=inputs)
    first = trace.layers[0]
    assert first.layer == "hidden_1"
    np.testing.assert_array_equal(first.a_prev, trace.inputs["a_0"])
    np.testing.assert_array_equal(trace.to_dict()["X"][:, :2], X[:, :2])
    assert trace.to_dict()["inputs"].keys() == trace.inputs.keys()


@pytest.mark.parametrize("solver", OPTIMIZERS)
@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"weight_decay": 0.1, "max_gradient_norm": 0.01},
        {"rate_factors": {"embedding": 0.1, "scale": 6}, "weight_decay": 0.1, "alpha": 0.3},
    ],
    ids=["plain", "surrounded", "with factors"],
)
def test_every_optimizer_is_traced_on_a_stage_and_on_members(solver, extra):
    check(inputs=STAGES["every kind"], members=MEMBERS["shared"], solver=solver, **extra)


@every_stage
@every_members
def test_members_behind_a_stage_are_traced_as_the_next_step(inputs, members):
    check(inputs=inputs, members=members)


@every_members
@pytest.mark.parametrize("fits", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_members_are_traced_as_the_next_step(members, fits, weighted):
    weight = np.linspace(0.5, 2, len(y)) if weighted and fits else None
    check(fits, lamina.MLPClassifier, LABELS, weight, members=members)
    check(fits, lamina.MLPClassifier, LABELS > 1, weight, members=members)
    check(fits, weight=weight, members=members)


@every_members
@pytest.mark.parametrize(
    "extra",
    [
        {"normalization": "layer", "dropout": 0.5, "residual": True, "hidden_layer_sizes": (4, 4)},
        {"parametrization": "ntk", "blended_activation": True, "activation": "prelu"},
        {"hidden_layer_sizes": ()},
        {"solver": "muon", "average_decay": None, "hidden_layer_sizes": (4, 4, 4)},
        {"penalty": "l1", "alpha": 0.2},
    ],
    ids=lambda extra: " ".join(extra),
)
def test_options_of_members_are_traced(members, extra):
    check(members=members, **extra)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_options_behind_a_stage_are_traced(normalization):
    # Only sgd does not amplify the rounding error of a bias before a batch normalization.
    extra = {"normalization": normalization, "dropout": 0.3, "residual": True, "solver": "sgd"}
    check(inputs=STAGES["every kind"], hidden_layer_sizes=(5, 5), **extra)
    check(inputs=STAGES["scaled"], hidden_layer_sizes=(4, 4), **extra)


def test_several_targets_of_members_are_traced():
    check(targets=np.column_stack([y, y**2]), members=Shared(3))
    two = np.column_stack([LABELS, LABELS > 1])
    check(cls=lamina.MLPClassifier, targets=two, members=Shared(3))
    check(cls=lamina.MLPClassifier, targets=two, members=Shared(3), loss="log_loss", fits=False)


@pytest.mark.parametrize("member", [0, 1, 2, None])
def test_each_independent_member_is_traced_alone(member):
    ways = {"members": Independent(3), "inputs": "periodic", "dropout": 0.3}
    trace = check(member=member, **ways)
    assert trace.step.member == (member or 0)
    assert f"member {member or 0} of 3" in trace.title
    fresh = check(False, member=member, members=Independent(3))
    assert trace.loss != fresh.loss


@pytest.mark.parametrize(
    ("members", "member", "error", "words"),
    [
        (None, 0, ValueError, "this model has one network: leave member out"),
        (Shared(3), 1, ValueError, "members that share their layers: leave member out"),
        (Independent(3), 3, ValueError, r"member=3 must be from 0 to 2"),
        (Independent(3), -1, ValueError, r"member=-1 must be from 0 to 2"),
        (Independent(3), 1.5, TypeError, "member=1.5 must be a whole number"),
    ],
)
def test_a_member_that_does_not_exist_is_refused(members, member, error, words):
    model = lamina.MLPRegressor(**BRIEF, members=members)
    with pytest.raises(error, match=words):
        lamina.trace_step(model, X, y, member=member)


def test_each_row_of_shared_members_is_a_row_of_each_member():
    model = lamina.MLPRegressor(**BRIEF, members=Shared(3)).fit(X, y)
    trace = lamina.trace_step(model, X, y)
    first, of_members = trace.layers[0], model.predict_members(X)
    assert first.z.shape == (36, 4)
    assert first.extra["r"].value.shape == (3, 4)
    predictions = trace.to_dict()["member_predictions"]
    assert_allclose(predictions.reshape(12, 3).T, of_members, rtol=1e-9)
    assert_allclose(trace.prediction[:, 0], of_members.mean(axis=0), rtol=1e-9)
    assert any("3 members share W" in note for note in trace.notes)
    with pytest.raises(ValueError, match="paths through all of them"):
        trace.path(0, 0, 0, 0)


def test_paths_behind_a_stage_begin_at_its_outputs():
    model = lamina.MLPRegressor(**BRIEF, inputs="periodic").fit(X, y)
    trace = lamina.trace_step(model, X, y)
    paths = trace.path(0, "hidden_1", 5, 1)
    assert paths.paths[0].units[0] == "inputs[5]"
    assert paths.sum_of_paths == pytest.approx(paths.backpropagated, rel=1e-9)
    assert paths.gradient == pytest.approx(trace.layers[0].dW[5, 1], rel=1e-9)


@every_stage
def test_it_prints_every_number_and_renders_its_formulas(inputs):
    trace = lamina.trace_step(
        lamina.MLPRegressor(**BRIEF, inputs=inputs, members=Shared(2)), X[:2], y[:2]
    )
    text, page = repr(trace), trace._repr_html_()
    for number in trace.numbers:
        assert number.symbol in text
        ElementTree.fromstring(f"<page>{mathml(number.formula).replace('&nbsp;', ' ')}</page>")
    assert page.count("<math") == page.count("</math>") > 20
