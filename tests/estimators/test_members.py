"""The parameter members: fits, the members apart, and what is refused."""

import copy
import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils._param_validation import InvalidParameterError

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.engines import choose_engine
from lamina.errors import CheckpointError
from lamina.members import Independent, Shared

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = np.random.RandomState(0).standard_normal((60, 4))
LABELS = np.array(["a", "b", "c"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
NUMBERS = X[:, 0] * X[:, 1] + X[:, 2]


def classifier(**parameters):
    common = {"hidden_layer_sizes": (8, 8), "max_iter": 8, "random_state": 0}
    return MLPClassifier(**{"members": Shared(5), **common, **parameters})


TARGETS = {
    "multiclass": LABELS,
    "binary": LABELS == "a",
    "multilabel": np.column_stack([LABELS == "a", LABELS == "b"]).astype(int),
    "columns": np.column_stack([LABELS, LABELS[::-1]]),
}


@pytest.mark.parametrize("kind", ["tabm", "tabm_mini"])
@pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)
def test_the_prediction_is_the_mean_of_the_members(y, kind):
    model = classifier(members=Shared(5, kind=kind)).fit(X, y)
    engine = choose_engine("reference")
    each = [engine.predict(member, X) for member in model.members_]
    probability = model.predict_proba(X)
    if isinstance(probability, list):
        probability = np.hstack(probability)
    mean = np.mean(each, axis=0)
    found = probability if mean.shape == probability.shape else probability[:, 1:]
    np.testing.assert_allclose(found, mean, rtol=1e-12, atol=1e-14)
    assert len(model.members_) == 5
    assert all(set(member.spec.kinds) == {"dense"} for member in model.members_)
    differ = np.ptp(each, axis=0)
    assert differ.max() > 1e-3
    logits = model.decision_function(X)
    assert np.shape(logits)[-1] in (len(X), found.shape[1], 3)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"early_stopping": True},
        {"dropout": 0.2, "normalization": "layer", "residual": True},
        {"solver": "lbfgs"},
        {"solver": "muon"},
        {"activation": "prelu", "weight_decay": 0.1, "parametrization": "ntk"},
        {"hidden_layer_sizes": ()},
        {"blended_activation": True},
        {"inputs": "periodic"},
    ],
    ids=lambda parameters: "-".join(parameters) or "plain",
)
def test_both_engines_fit_the_same_members(parameters):
    fits = [
        classifier(engine=engine, **parameters).fit(X, LABELS) for engine in ("native", "reference")
    ]
    native, reference = (model.predict_proba(X) for model in fits)
    np.testing.assert_allclose(native, reference, rtol=0, atol=1e-8)


def test_a_regression_with_scaled_targets_resumes_after_cutting_members():
    model = MLPRegressor(
        hidden_layer_sizes=8, members=Shared(4), scale_target=True, max_iter=60, random_state=0
    ).fit(X, NUMBERS)
    engine = choose_engine("reference")
    each = [engine.predict(member, X)[:, 0] for member in model.members_]
    np.testing.assert_allclose(model.predict(X), np.mean(each, axis=0), rtol=1e-9, atol=1e-9)
    cut = copy.deepcopy(model).keep_members(2)
    np.testing.assert_allclose(cut.predict(X), (each[0] + each[1]) / 2, rtol=1e-9, atol=1e-9)
    assert len(cut.partial_fit(X, NUMBERS).members_) == 2


def test_the_best_members_are_kept_by_their_score():
    model = classifier(members=Shared(6), max_iter=3).fit(X, LABELS)
    engine = choose_engine("reference")
    alone = [
        np.mean(model.classes_[engine.predict(each, X).argmax(axis=1)] == LABELS)
        for each in model.members_
    ]
    best = copy.deepcopy(model).keep_members(1, X, LABELS)
    assert best.score(X, LABELS) == max(alone)
    assert len(model.keep_members(3, X, LABELS).members_) == 3
    assert model.members == Shared(3)


@pytest.mark.parametrize("keep", [0, 9])
def test_members_that_do_not_exist_are_refused(keep):
    with pytest.raises(ValueError, match=f"n_members={keep}"):
        classifier(max_iter=1).fit(X, LABELS).keep_members(keep)


@pytest.mark.parametrize("kind", ["tabm", "tabm_mini"])
def test_files_and_copies_predict_the_same(kind, tmp_path):
    model = classifier(members=Shared(3, kind=kind), dtype="float32").fit(X, LABELS)
    lamina.save(model, tmp_path / "model.lamina")
    cut = copy.deepcopy(model).keep_members(2)
    lamina.save(cut, tmp_path / "cut.lamina")
    for one, other in (
        (model, lamina.load(tmp_path / "model.lamina")),
        (model, pickle.loads(pickle.dumps(model))),
        (cut, lamina.load(tmp_path / "cut.lamina")),
    ):
        np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    assert clone(model).members == Shared(3, kind=kind)
    assert "members: 3" in str(lamina.describe(model))


def test_gradients_of_a_fit_with_members_equal_finite_differences():
    model = classifier(activation="tanh", alpha=0.1).fit(X, LABELS)
    assert model.check_gradients(X[:20], LABELS[:20]).passed


def test_a_custom_loss_receives_every_member_as_a_sample():
    class Squares:
        def value_and_delta(self, logits, y, sample_weight):
            weight = 1 if sample_weight is None else sample_weight[:, np.newaxis]
            return (weight * (logits - y) ** 2 / 2).sum(axis=1), weight * (logits - y)

    common = {"hidden_layer_sizes": 6, "members": Shared(3), "max_iter": 5, "random_state": 0}
    custom = MLPRegressor(loss=Squares(), **common).fit(X, NUMBERS)
    named = MLPRegressor(**common).fit(X, NUMBERS)
    np.testing.assert_allclose(custom.predict(X), named.predict(X), rtol=1e-10)


def test_combinations_without_meaning_are_refused():
    for parameters, named in (
        ({"normalization": "batch"}, "normalization='batch'"),
        ({"initializer": [np.zeros((4, 8))]}, "no scales"),
        ({"members": 32}, "members"),
    ):
        with pytest.raises(InvalidParameterError, match=named):
            classifier(**parameters).fit(X, LABELS)
    with pytest.raises(ValueError, match=r"members=.* X is sparse|needs a dense X"):
        classifier().fit(sparse.csr_matrix(X), LABELS)
    for members, named in (
        (Shared(0), r"'members\.n_members' .* must be an integer >= 1 .* Got 0 instead"),
        (Shared(2, "tabm_min"), r"'members\.kind' .*Did you mean 'tabm_mini'"),
        ("sharde", "Did you mean 'shared'"),
    ):
        with pytest.raises(InvalidParameterError, match=named):
            classifier(members=members).fit(X, LABELS)


def test_a_name_is_members_of_the_default_number():
    common = {"hidden_layer_sizes": 4, "max_iter": 2, "random_state": 0, "tol": 1}
    for name, object_ in (("shared", Shared()), ("independent", Independent())):
        by_name = MLPClassifier(members=name, **common).fit(X, LABELS)
        by_object = MLPClassifier(members=object_, **common).fit(X, LABELS)
        np.testing.assert_array_equal(by_name.coefs_[0], by_object.coefs_[0])
        np.testing.assert_array_equal(by_name.predict_proba(X), by_object.predict_proba(X))


def test_a_search_varies_the_number_of_members():
    model = classifier(members=Shared(2), hidden_layer_sizes=4, max_iter=2)
    search = GridSearchCV(model, {"members__n_members": [1, 3]}, cv=2).fit(X, LABELS)
    assert {each["members__n_members"] for each in search.cv_results_["params"]} == {1, 3}
    chosen = search.best_estimator_
    assert (
        len(chosen.members_)
        == chosen.members.n_members
        == search.best_params_["members__n_members"]
    )
    assert model.members == Shared(2)


def test_members_take_their_hyperparameters_by_place_or_name():
    assert Shared(3, "tabm_mini") == Shared(n_members=3, kind="tabm_mini")
    assert repr(Independent(3)) == "Independent(n_members=3)"
    with pytest.raises(
        TypeError, match="has n_members, kind, first, own_rows alone, and got 1, 2, 3"
    ):
        Shared(1, 2, 3, 4, 5)
    with pytest.raises(TypeError, match="got n_members twice"):
        Shared(1, n_members=2)


def test_members_changed_after_the_fit_are_refused():
    model = classifier().fit(X, LABELS)
    for members in (None, Shared(4), Shared(5, "tabm_mini")):
        with pytest.raises(ValueError, match="shape"):
            copy.deepcopy(model).set_params(members=members).predict(X)
    plain = MLPClassifier(hidden_layer_sizes=4, max_iter=2, random_state=0).fit(X, LABELS)
    with pytest.raises(ValueError, match="shape"):
        plain.set_params(members=Shared(2)).predict(X)


def test_a_checkpoint_of_members_resumes_with_its_bits(tmp_path):
    path = tmp_path / "fit.checkpoint"
    model = classifier(checkpoint=path).fit(X, LABELS)
    resumed = classifier(max_iter=12).fit(X, LABELS, resume=path)
    whole = classifier(max_iter=12).fit(X, LABELS)
    np.testing.assert_array_equal(resumed.predict_proba(X), whole.predict_proba(X))
    with pytest.raises(CheckpointError, match="members"):
        clone(model).set_params(checkpoint=None, members=Shared(4)).fit(X, LABELS, resume=path)


def test_exports_predict_the_mean_of_the_members(tmp_path):
    model = classifier().fit(X, LABELS)
    names = {}
    exec(lamina.to_python(model), names)
    found = np.array([list(names["predict_proba"](X[:5]))]).reshape(5, -1)
    np.testing.assert_allclose(found, model.predict_proba(X[:5]), rtol=1e-9)


@pytest.mark.parametrize(
    "members", [Shared(3), Shared(3, "tabm_mini"), Independent(3), None], ids=repr
)
@pytest.mark.parametrize("inputs", [None, "periodic"])
def test_the_predictions_of_members_have_the_mean_of_the_model(members, inputs):
    common = {"hidden_layer_sizes": 5, "max_iter": 3, "random_state": 0, "inputs": inputs}
    for y in (LABELS, LABELS == "a"):
        model = MLPClassifier(members=members, **common).fit(X, y)
        alone = model.predict_members(X)
        assert len(alone) == len(model.members_)
        np.testing.assert_allclose(alone.mean(axis=0), model.predict_proba(X), rtol=1e-12)
    for y in (NUMBERS, 50 * X[:, :2]):
        model = MLPRegressor(members=members, scale_target=True, **common).fit(X, y)
        np.testing.assert_allclose(
            model.predict_members(X).mean(axis=0), model.predict(X), atol=1e-12
        )
    assert model.members is members
