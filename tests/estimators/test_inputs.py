"""Inputs of the first layer: the parameter `inputs=` from construction to prediction."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from tests.estimators.input_samples import (
    CODES,
    EVERY_KIND,
    FRAME,
    NUMBERS,
    Y,
    edges,
    regressor,
)

import lamina
from lamina import MLPClassifier
from lamina.inputs import Categorical, Periodic, PiecewiseLinear
from lamina.training.callbacks import Snapshots

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LABELS = np.array(["low", "high"])[(Y > 0.5).astype(int)]


def test_without_inputs_the_numbers_are_those_of_identity_inputs():
    plain, identity = regressor(None).fit(NUMBERS, Y), regressor("identity").fit(NUMBERS, Y)
    assert_array_equal(plain.coefs_[0], identity.coefs_[0])
    assert not hasattr(plain, "input_stage_")
    assert "_input_stage" not in vars(plain)


def test_the_first_layer_has_a_row_for_each_output_of_the_stage():
    model = regressor(EVERY_KIND).fit(FRAME, Y)
    # Periodic 1 + 2, piecewise linear 3, embedding 2, one of four categories, and rain as it is.
    assert model.input_stage_.fan_out == model.coefs_[0].shape[0] == 3 + 3 + 2 + 4 + 1
    assert [group.kind for group in model.input_stage_.groups] == [
        "periodic",
        "piecewise_linear",
        "categorical",
        "one_hot",
        "identity",
    ]
    assert model.n_features_in_ == 5
    assert model.n_layers_ == 3
    assert [part.shape for part in model.input_parameters_[:2]] == [(1, 4), (1, 4)]
    assert [each.tolist() for each in model.input_categories_] == [
        [],
        [],
        [],
        [2, 5, 7, 100],
        [2, 5, 7, 100],
    ]


def test_the_factors_of_scaled_outputs_start_at_1_and_have_the_rate_of_scales():
    def factors_after(n_epochs, factor):
        model = regressor(
            Periodic(scaled=True), rate_factors={"scale": factor}, max_iter=n_epochs, solver="sgd"
        )
        return model.fit(NUMBERS, Y).input_parameters_[-1]

    assert factors_after(1, 1e-12).shape == (12,)
    np.testing.assert_allclose(factors_after(1, 1e-12), 1, rtol=1e-9)
    assert (factors_after(1, 1.0) != 1).all()


def test_sparse_samples_are_refused_with_a_cure():
    rows = sparse.csr_array(NUMBERS)
    with pytest.raises(ValueError, match=r"inputs='periodic' .* sparse.*X\.toarray\(\)"):
        regressor("periodic").fit(rows, Y)
    with pytest.raises(ValueError, match=r"sparse.*X\.toarray\(\)"):
        regressor("periodic").fit(NUMBERS, Y).predict(rows)


@pytest.mark.parametrize("inputs", [PiecewiseLinear(n_bins=4), Categorical(), "one_hot"], ids=str)
def test_the_first_call_of_partial_fit_fixes_bins_and_categories(inputs):
    first, second = CODES[:60], CODES[60:] + 1000
    model = regressor(inputs).partial_fit(first, Y[:60])
    stage, bins = model.input_stage_, vars(model).get("running_statistics_", [0])[0]
    model.partial_fit(second, Y[60:])
    assert model.input_stage_ == stage
    assert_array_equal(vars(model).get("running_statistics_", [0])[0], bins)


def test_a_warm_start_keeps_bins_and_categories_and_a_fresh_fit_replaces_them():
    model = regressor(EVERY_KIND, warm_start=True).fit(FRAME, Y)
    before, categories = edges(model).copy(), model.input_categories_
    other = FRAME.assign(age=FRAME["age"] * 10, city=FRAME["city"] + 1)
    model.fit(other, Y)
    assert_array_equal(edges(model), before)
    assert [each.tolist() for each in model.input_categories_] == [
        each.tolist() for each in categories
    ]
    model.set_params(warm_start=False).fit(other, Y)
    assert edges(model)[0, -1] > 5
    assert model.input_categories_[3].tolist() == [3, 6, 8, 101]
    model.set_params(inputs=None).fit(FRAME[["hour", "age"]], Y)
    assert not vars(model).keys() & {"_input_stage", "input_categories_", "input_parameters_"}


@pytest.mark.parametrize("inputs", [None, "scaled", Periodic(columns="age")], ids=str)
def test_a_fit_cannot_continue_with_other_inputs(inputs):
    model = regressor(EVERY_KIND, warm_start=True).fit(FRAME, Y)
    model.set_params(inputs=inputs)
    with pytest.raises(ValueError, match=r"is not what the network was fitted with.* Set it back"):
        model.fit(FRAME, Y)
    plain = regressor(None, warm_start=True).fit(FRAME, Y).set_params(inputs="scaled")
    with pytest.raises(ValueError, match="is not what the network was fitted with"):
        plain.fit(FRAME, Y)


def test_predictions_do_not_read_inputs_that_change_after_the_fit():
    model = regressor(EVERY_KIND).fit(FRAME, Y)
    expected = model.predict(FRAME)
    model.set_params(inputs=None)
    assert_array_equal(model.predict(FRAME), expected)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_copies_files_and_checkpoints_keep_the_stage(tmp_path, early_stopping):
    path = tmp_path / "fit.checkpoint"
    model = regressor(EVERY_KIND, checkpoint=path, early_stopping=early_stopping).fit(FRAME, Y)
    lamina.save(model, tmp_path / "model.lamina")
    copies = [pickle.loads(pickle.dumps(model)), lamina.load(tmp_path / "model.lamina")]
    copies.append(clone(model).set_params(checkpoint=None).fit(FRAME, Y, resume=path))
    incremental = {"early_stopping": False, "checkpoint": None}
    longer = pickle.loads(pickle.dumps(model)).set_params(**incremental).partial_fit(FRAME, Y)
    for other in copies:
        assert other.input_stage_ == model.input_stage_
        assert_array_equal(other.predict(FRAME), model.predict(FRAME))
        other.set_params(**incremental).partial_fit(FRAME, Y)
        assert_array_equal(other.predict(FRAME), longer.predict(FRAME))


def test_a_checkpoint_of_other_categories_is_refused(tmp_path):
    path = tmp_path / "fit.checkpoint"
    model = regressor(EVERY_KIND, checkpoint=path).fit(FRAME, Y)
    # The codes are the same, and the values that they stand for are not.
    with pytest.raises(ValueError, match="categories of X differs"):
        clone(model).fit(FRAME.assign(city=FRAME["city"] + 1), Y, resume=path)
    with pytest.raises(ValueError, match="inputs="):
        clone(model).set_params(inputs=EVERY_KIND[:3]).fit(FRAME, Y, resume=path)


def test_validation_data_has_the_codes_of_the_fit():
    held_out = FRAME[:40].assign(city=12345)
    model = regressor(EVERY_KIND, monitor="r2")
    model.fit(FRAME, Y, validation_data=(held_out, Y[:40]))
    assert model.validation_scores_[-1] == pytest.approx(model.score(held_out, Y[:40]))


def test_a_grid_search_varies_inputs_and_their_hyperparameters():
    grid = [
        {"inputs": [None, "scaled", Periodic(sigma=0.5)]},
        {"inputs": [PiecewiseLinear()], "inputs__n_bins": [2, 5]},
    ]
    search = GridSearchCV(regressor(None), grid, cv=2).fit(NUMBERS, Y)
    assert len(search.cv_results_["params"]) == 5
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_periodic_inputs_learn_fine_detail_that_a_plain_network_misses():
    x = np.linspace(-1, 1, 400)[:, None]
    y = np.sin(25 * x[:, 0])
    common = {"hidden_layer_sizes": (32,), "max_iter": 300, "learning_rate_init": 0.01}
    plain = regressor(None, **common).fit(x, y)
    periodic = regressor(Periodic(sigma=2.0), **common).fit(x, y)
    assert plain.score(x, y) < 0.5 < 0.99 < periodic.score(x, y)


def test_a_classifier_takes_inputs_with_every_solver():
    for solver in ("lbfgs", "sgd", "adamw", "muon"):
        model = MLPClassifier(
            (4,), inputs=EVERY_KIND, solver=solver, max_iter=3, random_state=0, engine="reference"
        )
        assert model.fit(FRAME, LABELS).predict_proba(FRAME).shape == (120, 2)


def test_the_gradient_of_every_kind_agrees_with_finite_differences():
    check = (
        regressor(EVERY_KIND, activation="tanh").fit(FRAME, Y).check_gradients(FRAME[:30], Y[:30])
    )
    assert check.passed
    assert check.layers[0].n_checked > 0


def test_the_inspection_shows_the_inputs_of_the_first_layer():
    model = regressor(EVERY_KIND).fit(FRAME, Y)
    inputs, hidden, prediction = model.activations(FRAME)
    assert inputs.shape == (120, 13)
    assert_array_equal(model.transform(FRAME), hidden)
    assert_array_equal(prediction[:, 0], model.predict(FRAME))
    assert model.describe(FRAME).to_dict()["layer"] == ["inputs", "hidden_1", "output"]
    assert "inputs" in str(clone(model).describe())
    assert model.input_gradients(FRAME).shape == (120, 5)
    assert model.feature_importances(FRAME, Y, n_repeats=2).importances.shape == (5, 2)
    for attribute in (
        lambda: model.feature_importances(FRAME, Y, method="integrated_gradients"),
        lambda: model.integrated_gradients(FRAME),
    ):
        with pytest.raises(ValueError, match=r"\[3, 4\] of X hold categories.*'permutation'"):
            attribute()


def test_snapshots_of_every_epoch_predict_with_the_stage():
    snapshots = Snapshots()
    model = regressor(EVERY_KIND, callbacks=[snapshots]).fit(FRAME, Y)
    assert_array_equal(snapshots.get_model(model.n_iter_).predict(FRAME), model.predict(FRAME))


def test_an_export_to_scikit_learn_refuses_the_stage_by_name():
    model = regressor("periodic").fit(NUMBERS, Y)
    with pytest.raises(ValueError, match="inputs"):
        lamina.to_sklearn(model)
