"""The contract of every class of choices: what each does by itself and in the estimators."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils._param_validation import InvalidParameterError

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.choices import KINDS, classes_of
from lamina.choices.docstrings import other_value
from lamina.errors import CheckpointError
from lamina.estimators.settings.formula_choices import OPTIONS, flat_parameters
from lamina.estimators.settings.loss_parameters import REGRESSION_LOSSES
from lamina.members import Independent

CLASSES = {
    f"{kind.module.removeprefix('lamina.')}.{cls.__name__}": cls
    for parameter, kind in KINDS.items()
    for cls in classes_of(parameter).values()
}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
every_class = pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)


def others(cls):
    """Values of every hyperparameter, none of them its default."""
    return {each.name: other_value(each) for each in cls.hyperparameters}


@every_class
def test_every_hyperparameter_has_another_allowed_value(cls):
    assert None not in others(cls).values()
    assert cls(**others(cls)).refusal() is None
    assert cls().refusal() is None


@every_class
def test_parameters_are_read_set_and_cloned_as_in_scikit_learn(cls):
    values = others(cls)
    one = cls(**values)
    assert one.get_params() == values
    assert cls().set_params(**values) == one
    for other in (clone(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert other == one
        assert other is not one
    assert eval(repr(one), {cls.__name__: cls}) == one
    assert cls.__name__ in one._repr_html_()


@every_class
def test_signature_and_docstring_list_every_hyperparameter(cls):
    parameters = inspect.signature(cls).parameters
    assert {n: p.default for n, p in parameters.items()} == cls().get_params()
    assert all(f"{name} : " in cls.__doc__ for name in parameters)


X = np.random.RandomState(0).standard_normal((30, 3))
# Inputs of any kind read these, as numbers or as categories.
WHOLE = np.random.RandomState(0).randint(0, 4, (30, 3)).astype(float)
LABELS = np.array(["a", "b", "c"])[np.arange(30) % 3]
NUMBERS = np.exp(X[:, 0])


def network(cls, **parameters):
    """An unfitted network that supports the class, and its targets."""
    regresses = cls.parameter == "loss" and cls.name in REGRESSION_LOSSES
    estimator, y = (MLPRegressor, NUMBERS) if regresses else (MLPClassifier, LABELS)
    solver = {"solver": "sgd"} if cls.parameter == "learning_rate" else {}
    common = {"max_iter": 3, "alpha": 0.1, "random_state": 0, "warm_start": True}
    common |= {"engine": "reference"} if cls.parameter == "inputs" else {}
    # Two hidden layers, because one of Muon's hyperparameters needs weights between them.
    return estimator(hidden_layer_sizes=(4, 4), **common, **solver, **parameters), y


def samples(cls):
    return WHOLE if cls.parameter == "inputs" else X


def with_names(cls, values):
    """The same choice by its name and the estimators' parameters; None if names cannot say it."""
    flat = {cls.parameter: cls.name}
    options = {}
    for each in cls.hyperparameters:
        if each.is_estimator_parameter:
            flat[cls.record_names.get(each.name, each.name)] = values[each.name]
        elif values[each.name] != each.default:
            if cls.parameter not in OPTIONS:
                return None
            options[each.name] = values[each.name]
    return {**flat, OPTIONS[cls.parameter]: options} if options else flat


def vector(model):
    return np.concatenate([np.ravel(each) for each in (*model.coefs_, *model.intercepts_)])


@every_class
@pytest.mark.parametrize("values", [dict, others], ids=["defaults", "others"])
def test_an_object_gives_the_bits_of_its_name_with_the_same_hyperparameters(cls, values):
    values = cls(**({} if values is dict else others(cls))).get_params()
    if (flat := with_names(cls, values)) is None:
        pytest.skip("only the object can set its hyperparameters")
    by_object, y = network(cls, **{cls.parameter: cls(**values)})
    by_name, _ = network(cls, **flat)
    for _ in range(2):
        # The second fit continues the first, because of warm_start.
        np.testing.assert_array_equal(
            vector(by_object.fit(samples(cls), y)), vector(by_name.fit(samples(cls), y))
        )
    assert flat_parameters(by_object) == flat_parameters(by_name)


@every_class
def test_files_copies_and_partial_fit_keep_the_object(cls, tmp_path):
    one = cls(**others(cls))
    model, y = network(cls, **{cls.parameter: one})
    lamina.save(model.fit(samples(cls), y), tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina")
    assert getattr(loaded, cls.parameter) == one
    copied = pickle.loads(pickle.dumps(model))
    for other in (loaded, copied):
        np.testing.assert_array_equal(other.predict(samples(cls)), model.predict(samples(cls)))
        if hasattr(model, "partial_fit"):
            np.testing.assert_array_equal(
                vector(other.partial_fit(samples(cls), y)),
                vector(copy.deepcopy(model).partial_fit(samples(cls), y)),
            )
    assert getattr(clone(model), cls.parameter) == one
    assert str(lamina.describe(model))


@every_class
def test_a_grid_search_sets_hyperparameters_of_the_object(cls):
    model, y = network(cls, **{cls.parameter: cls()})
    grid = {f"{cls.parameter}__{name}": [value] for name, value in others(cls).items()}
    search = GridSearchCV(model, grid, cv=2).fit(samples(cls), y)
    assert getattr(search.best_estimator_, cls.parameter) == cls(**others(cls))
    assert getattr(model, cls.parameter) == cls()


@every_class
def test_a_value_that_is_not_allowed_is_refused_before_the_fit(cls):
    for each in cls.hyperparameters:
        name, wrong = each.name, 0.5 if each.allows("many") else "many"
        model, y = network(cls, **{cls.parameter: cls(**{name: wrong})})
        place = rf"The '{cls.parameter}\.{name}' parameter of MLP\w+ must be "
        with pytest.raises(InvalidParameterError, match=f"{place}.*Got {wrong!r} instead"):
            model.fit(samples(cls), y)


@every_class
def test_a_parameter_for_names_contradicts_an_object(cls):
    for each in cls.hyperparameters:
        if not each.is_estimator_parameter:
            continue
        flat = cls.record_names.get(each.name, each.name)
        model, y = network(cls, **{cls.parameter: cls(), flat: other_value(each)})
        with pytest.raises(
            InvalidParameterError, match=f"{flat}=.* {cls.parameter}={cls.__name__}"
        ):
            model.fit(samples(cls), y)


@every_class
def test_a_checkpoint_of_the_object_resumes_with_its_bits(cls, tmp_path):
    path = tmp_path / "fit.checkpoint"
    model, y = network(cls, **{cls.parameter: cls(**others(cls))}, checkpoint=path)
    if not hasattr(model, "partial_fit"):
        pytest.skip("it has no epochs")
    if cls is Independent:
        pytest.skip("a checkpoint holds the state of one network")
    model.fit(samples(cls), y)
    resumed = clone(model).set_params(checkpoint=None).fit(samples(cls), y, resume=path)
    np.testing.assert_array_equal(vector(resumed), vector(model))
    for name in others(cls):
        changed = clone(model).set_params(**{f"{cls.parameter}__{name}": getattr(cls(), name)})
        with pytest.raises(CheckpointError, match=r"fit\.checkpoint"):
            changed.fit(samples(cls), y, resume=path)


def test_no_two_classes_share_a_name():
    # Exported scripts import them by their names alone; pages set no inputs.
    names = [name.partition(".")[2] for name, cls in CLASSES.items() if cls.parameter != "inputs"]
    assert len(set(names)) == len(names)
