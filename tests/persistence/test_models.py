import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import KernelPCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier as SklearnClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina.errors import ModelFileError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.files.plain import PlainReader, PlainWriter
from lamina.network import flatten_parameters
from lamina.persistence.models import (
    MODULES,
    is_model,
    look_up_kind,
    model_from_plain,
    model_to_plain,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

Same = Callable[[Any, Any], bool]
Case = tuple[Any, Any, Any]
Fitted = Callable[[str], Case]


def plain_form(model: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    writer = PlainWriter(model_to_plain)
    return json.loads(json.dumps(model_to_plain(model, writer))), writer.tensors


def built(plain: dict[str, Any], tensors: dict[str, np.ndarray]) -> Any:
    copies = {name: tensor.copy() for name, tensor in tensors.items()}
    reader = PlainReader(copies, model_from_plain)
    model = model_from_plain(plain, reader)
    assert reader.unread == {}
    return model


def there_and_back(model: Any) -> Any:
    return built(*plain_form(model))


def test_a_fitted_model_is_restored_bit_for_bit(case: Case, same: Same) -> None:
    model, _, _ = case
    assert same(there_and_back(model), model)


def test_a_restored_model_predicts_the_same(case: Case, same: Same) -> None:
    model, X, y = case
    found = there_and_back(model)
    for method in ("predict", "predict_proba"):
        if hasattr(model, method):
            answer, expected = getattr(found, method)(X), getattr(model, method)(X)
            if method == "predict" and hasattr(y, "toarray"):
                answer, expected = answer.toarray(), expected.toarray()
            assert same(answer, expected)


def test_an_unfitted_model_is_restored_with_its_parameters(unfitted: Any, same: Same) -> None:
    found = there_and_back(unfitted)
    assert same(found, unfitted)


def test_a_fit_of_a_restored_model_gives_the_same_model(case: Case, same: Same) -> None:
    model, X, y = case
    original, found = clone(model), clone(there_and_back(model))
    assert same(found.fit(X, y), original.fit(X, y))


@pytest.mark.parametrize("name", ["text", "labels", "sgd", "random state", "float32", "outputs"])
def test_partial_fit_of_a_restored_model_continues_exactly(
    name: str, fitted: Fitted, same: Same
) -> None:
    model, X, y = fitted(name)
    found = there_and_back(model)
    original = deepcopy(model)
    for _ in range(3):
        found.partial_fit(X, y)
        original.partial_fit(X, y)
    assert same(found, original)
    assert not np.array_equal(found.coefs_[0], model.coefs_[0])


@pytest.mark.parametrize("name", ["text", "sgd", "lbfgs", "early stopping", "poisson", "float32"])
def test_warm_start_of_a_restored_model_continues_exactly(
    name: str, fitted: Fitted, same: Same
) -> None:
    model, X, y = fitted(name)
    model.set_params(warm_start=True)
    found = there_and_back(model)
    original = deepcopy(model)
    assert same(found.fit(X, y), original.fit(X, y))
    assert not np.array_equal(found.coefs_[0], model.coefs_[0])


def test_weights_and_biases_are_restored_as_views_of_one_vector(fitted: Fitted) -> None:
    found = there_and_back(fitted("sgd")[0])
    vector = flatten_parameters(found.coefs_, found.intercepts_)
    assert all(np.shares_memory(part, vector) for part in (*found.coefs_, *found.intercepts_))


def test_weights_and_biases_are_written_once_and_without_a_copy(fitted: Fitted) -> None:
    model, _, _ = fitted("text")
    _, tensors = plain_form(model)
    assert set(tensors) == {"parameters", "_optimizer_slots"}
    writer = PlainWriter(model_to_plain)
    model_to_plain(model, writer)
    assert np.shares_memory(writer.tensors["parameters"], model.coefs_[0])


@pytest.mark.parametrize(
    "replace",
    [
        lambda weights: np.asfortranarray(2 * weights),
        lambda weights: np.repeat(weights, 2, axis=1)[:, ::2],
        lambda weights: weights.astype(np.float32),
    ],
    ids=["fortran order", "strided", "narrower"],
)
def test_replaced_weights_are_restored_with_the_same_values(
    replace: Callable[[Any], Any], fitted: Fitted
) -> None:
    model, _, _ = fitted("text")
    model.coefs_ = [replace(weights) for weights in model.coefs_]
    for found, expected in zip(there_and_back(model).coefs_, model.coefs_, strict=True):
        assert found.dtype == np.float64
        assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    "replace",
    [
        lambda model: setattr(model, "coefs_", [weights.T for weights in model.coefs_]),
        lambda model: setattr(model, "coefs_", model.coefs_[:1]),
        lambda model: setattr(model, "intercepts_", model.intercepts_[::-1]),
        lambda model: setattr(model, "n_features_in_", 3),
        lambda model: setattr(model, "n_outputs_", 4),
    ],
)
def test_weights_that_do_not_form_a_network_are_not_saved(
    replace: Callable[[Any], None], fitted: Fitted
) -> None:
    model, _, _ = fitted("text")
    replace(model)
    with pytest.raises(ValueError, match="are not those of one network"):
        plain_form(model)


def test_weights_that_are_not_arrays_of_floats_are_not_saved(fitted: Fitted) -> None:
    model, _, _ = fitted("text")
    model.coefs_ = [weights.tolist() for weights in model.coefs_]
    with pytest.raises(TypeError, match="not all arrays of float32 or float64"):
        plain_form(model)


def test_tensors_in_a_pipeline_are_named_after_its_steps(fitted: Fitted) -> None:
    _, tensors = plain_form(fitted("table")[0])
    assert {"model.parameters", "encoding.numbers.mean"} <= set(tensors)


def test_attributes_that_a_later_version_adds_are_kept(fitted: Fitted, same: Same) -> None:
    model, _, _ = fitted("text")
    model._later = {"member": [np.arange(3), None, (1, "a")]}
    assert same(there_and_back(model)._later, model._later)


def test_metadata_requests_are_restored() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        model = MLPClassifier().set_fit_request(sample_weight="weight")
        model.set_score_request(sample_weight=False)
        scaled = make_pipeline(StandardScaler().set_fit_request(sample_weight=True), model)
        found = there_and_back(scaled)
        assert found[0].get_metadata_routing().fit.requests == {"sample_weight": True}
        assert found[1].get_metadata_routing().fit.requests["sample_weight"] == "weight"
        assert found[1].get_metadata_routing().score.requests == {"sample_weight": False}


class Subclass(MLPClassifier):
    """Subclass that may do anything."""


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (RandomForestClassifier(), "RandomForestClassifier"),
        (SklearnClassifier(), "sklearn.neural_network"),
        (Subclass(), "Subclass"),
        (make_pipeline(KernelPCA(), MLPClassifier()), "'kernelpca' is a .*KernelPCA"),
        (make_pipeline(StandardScaler(), LinearRegression()), "LinearRegression"),
        (TransformedTargetRegressor(LinearRegression()), "'regressor' is a .*LinearRegression"),
        (MLPClassifier, "ABCMeta"),
        ({"class": "MLPClassifier"}, "dict"),
        (None, "NoneType"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_class_that_is_not_allowed_is_refused_by_name(model: Any, named: str) -> None:
    with pytest.raises(TypeError, match=rf"{named}.* cannot be saved: lamina saves its MLP"):
        plain_form(model)


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (MLPClassifier(random_state=np.random.default_rng(0)), "'random_state' is a .*Generator"),
        (MLPClassifier(alpha=1j), "'alpha' is a complex"),
        (make_pipeline(MLPClassifier(alpha=1j)), "'mlpclassifier.alpha' is a complex"),
        (TransformedTargetRegressor(MLPRegressor(), func=np.log), "'func' is a numpy.ufunc"),
        (Pipeline([("model", MLPClassifier())], memory="cache"), "memory='cache'"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_parameter_that_no_file_can_hold_is_refused_by_name(model: Any, named: str) -> None:
    with pytest.raises(TypeError, match=named):
        plain_form(model)


def test_an_attribute_that_no_file_can_hold_is_refused_by_name(fitted: Fitted) -> None:
    model, _, _ = fitted("text")
    model.classes_ = np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[D]")
    with pytest.raises(TypeError, match=r"'classes_' is a .*ndarray of dtype datetime64\[D\]"):
        plain_form(model)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (MLPClassifier(), True),
        (make_pipeline(StandardScaler(), MLPRegressor()), True),
        (TransformedTargetRegressor(make_pipeline(MLPRegressor())), True),
        (Pipeline([]), False),
        (make_pipeline(MLPClassifier(), StandardScaler()), False),
        (make_pipeline(StandardScaler(), "passthrough"), False),
        (TransformedTargetRegressor(), False),
        (StandardScaler(), False),
        (KernelPCA(), False),
        (None, False),
    ],
)
def test_a_model_is_or_ends_with_a_perceptron(model: Any, expected: bool) -> None:
    assert is_model(model) is expected


def changed(change: Callable[[dict[str, Any]], None], fitted: Fitted, name: str = "text") -> Any:
    plain, tensors = plain_form(fitted(name)[0])
    change(plain)
    return built(plain, tensors)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"class": "Popen"}, "'Popen', which is not among .* upgrade"),
        ({"class": "sklearn.linear_model.LinearRegression"}, "not among"),
        ({"reduce": ["os.system", "ls"]}, "unknown part 'reduce'"),
        ({"encoding": None}, "unknown part 'encoding'"),
    ],
)
def test_an_unknown_class_or_part_is_refused(
    change: dict[str, Any], reason: str, fitted: Fitted
) -> None:
    with pytest.raises(ModelFileError, match=reason):
        changed(lambda plain: plain.update(change), fitted)


def test_an_unknown_parameter_is_refused(fitted: Fitted) -> None:
    with pytest.raises(ModelFileError, match="unknown parameter 'dropped'"):
        changed(lambda plain: plain["parameters"].update(dropped=0.5), fitted)


@pytest.mark.parametrize("name", ["fit", "_task", "__class__", "__dict__", "no name", "alpha", ""])
def test_an_attribute_that_is_not_state_is_refused(name: str, fitted: Fitted) -> None:
    with pytest.raises(ModelFileError, match="which is not state"):
        changed(lambda plain: plain["state"].update({name: 1}), fitted)


def test_an_attribute_cannot_hide_a_property(fitted: Fitted) -> None:
    with pytest.raises(ModelFileError, match="'n_features_in_', which is not state"):
        changed(lambda plain: plain["state"].update(n_features_in_=3), fitted, "table")


def test_a_pipeline_that_would_unpickle_its_memory_is_refused(fitted: Fitted) -> None:
    with pytest.raises(ModelFileError, match="memory"):
        changed(lambda plain: plain["parameters"].update(memory="cache"), fitted, "scalers")


def test_parameters_missing_in_an_older_version_have_their_defaults(fitted: Fitted) -> None:
    model = changed(lambda plain: plain["parameters"].pop("engine"), fitted)
    assert model.engine is None


@pytest.mark.parametrize(
    "shapes",
    [[[4, 5], [5, 2]], [[4, 5]], [[5, 4], [5, 3]], [[4, 5, 1]], [[5, 4], [4, 3]], [[1, 21]], []],
)
def test_shapes_that_do_not_fit_the_parameters_are_refused(shapes: Any, fitted: Fitted) -> None:
    with pytest.raises(ValueError, match=r"parameters|to unpack|are not those of one network"):
        changed(lambda plain: plain["network"].update(shapes=shapes), fitted)


@pytest.mark.parametrize(
    "change", [{"n_features_in_": 3}, {"n_features_in_": 40}, {"n_outputs_": 1}]
)
def test_a_network_that_would_read_out_of_bounds_is_refused(
    change: dict[str, int], fitted: Fitted
) -> None:
    with pytest.raises(ValueError, match="are not those of one network"):
        changed(lambda plain: plain["state"].update(change), fitted)


def test_no_two_allowed_classes_have_the_same_name() -> None:
    assert all(look_up_kind(name).cls.__name__ == name for name in MODULES)
    assert len({look_up_kind(name).cls for name in MODULES}) == len(MODULES)


def test_a_class_is_imported_on_first_use() -> None:
    program = (
        "import sys, lamina.persistence.models as models\n"
        "print(models.look_up_kind.cache_info().currsize, 'sklearn.compose' in sys.modules)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["0", "False"]
