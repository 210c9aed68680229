"""Choices: construction, parameters, equality, messages."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.base import clone

import lamina
from lamina import MLPClassifier, MLPRegressor, losses, penalties, schedules, solvers
from lamina.activations import ELU, LeakyReLU, ReLU
from lamina.choices import KINDS, Choice, classes_of
from lamina.errors import UnknownNameError


def test_the_classes_have_the_names_that_papers_and_other_libraries_write():
    assert solvers.AdamW().name == "adamw"
    assert solvers.LBFGS(max_fun=10).max_fun == 10
    assert schedules.OneCycle().name == "one_cycle"
    assert losses.GaussianNLL().name == "gaussian_nll"
    assert penalties.ElasticNet(l1_ratio=0.3).get_params() == {"l1_ratio": 0.3}


def test_an_unknown_keyword_names_the_nearest_match_and_what_is_allowed():
    message = r"AdamW has no hyperparameter 'beta2'\. Did you mean 'beta_2'\? It has beta_1, beta_2"
    with pytest.raises(TypeError, match=message):
        solvers.AdamW(beta2=0.95)
    with pytest.raises(ValueError, match=message):
        solvers.AdamW().set_params(beta2=0.95)
    with pytest.raises(TypeError, match=r"L2 has no hyperparameter 'l1_ratio'\. It has none\."):
        penalties.L2(l1_ratio=0.5)


@pytest.mark.parametrize(
    ("name", "parameter"),
    [("lr", "learning_rate_init"), ("weight_decay", "weight_decay"), ("l2", "alpha")],
)
def test_a_keyword_of_the_estimator_names_its_parameter(name, parameter):
    with pytest.raises(TypeError, match=f"The estimator has the parameter '{parameter}'"):
        solvers.AdamW(**{name: 0.1})


@pytest.mark.parametrize(
    ("cls", "name", "nearest"),
    [
        (LeakyReLU, "alpha", "negative_slope"),
        (LeakyReLU, "slope", "negative_slope"),
        (losses.Huber, "huber_threshold", "delta"),
        (losses.Focal, "focal_gamma", "gamma"),
        (losses.Tweedie, "tweedie_power", "power"),
    ],
)
def test_names_of_records_and_of_other_libraries_have_their_match(cls, name, nearest):
    with pytest.raises(TypeError, match=f"no hyperparameter '{name}'. Did you mean '{nearest}'"):
        cls(**{name: 0.1})
    with pytest.raises(ValueError, match=f"Did you mean '{nearest}'"):
        cls().set_params(**{name: 0.1})


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_name_of_a_record_leads_to_the_name_of_the_signature(kind):
    for cls in classes_of(kind.base.parameter).values():
        for short, record in cls.record_names.items():
            with pytest.raises(TypeError, match=f"{cls.__name__} has no .* mean '{short}'"):
                cls(**{record: 0.1})


def test_an_activation_does_not_send_to_parameters_of_the_estimator():
    with pytest.raises(TypeError, match=r"It has none\.$"):
        ReLU(alpha=0.1)
    with pytest.raises(TypeError, match=r"It has gamma, label_smoothing\.$"):
        losses.Focal(alpha=0.1)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_value_without_a_name_is_refused_with_the_name_to_write(kind):
    for cls in classes_of(kind.base.parameter).values():
        if cls.takes_by_place:
            continue
        name = next((each.name for each in cls.hyperparameters), None)
        cure = "has no hyperparameters" if name is None else f"Write {cls.__name__}({name}=0.9)."
        with pytest.raises(TypeError, match=re.escape(cure)) as refusal:
            cls(0.9)
        assert str(refusal.value).startswith(cls.__name__)
    with pytest.raises(TypeError, match=r"got 1, 2, 3 without one\. It has l1_ratio\.$"):
        penalties.ElasticNet(1, 2, 3)


def test_a_class_that_does_not_exist_names_the_nearest_match():
    with pytest.raises(AttributeError, match=r"no class 'Adamw'\. Did you mean 'AdamW'"):
        solvers.Adamw  # noqa: B018


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_base_cannot_be_constructed(kind):
    with pytest.raises(TypeError, match=f"base of the choices for {kind.base.parameter}="):
        kind.base()


def test_objects_with_equal_values_of_one_class_are_equal():
    assert solvers.Adam(beta_1=0.8) == solvers.Adam(beta_1=0.8)
    assert solvers.Adam(beta_1=0.8) != solvers.Adam()
    assert solvers.Adam() != solvers.AdamW()
    assert hash(solvers.Adam(beta_1=0.8)) == hash(solvers.Adam(beta_1=0.8))
    several = np.array([0.1, 0.9])
    assert losses.Quantile(quantile=several) == losses.Quantile(quantile=several.copy())


def test_the_public_modules_show_every_class_and_its_base():
    for kind in KINDS.values():
        module = getattr(lamina, kind.module.removeprefix("lamina."))
        classes = classes_of(kind.base.parameter).values()
        assert set(module.__all__) == {kind.base.__name__, *(cls.__name__ for cls in classes)}
        assert all(getattr(module, cls.__name__) is cls for cls in classes)


def test_a_clone_of_an_altered_object_keeps_its_values():
    solver: Choice = solvers.SGD().set_params(momentum=0.5)
    assert clone(solver) == solver
    assert repr(solver) == "SGD(momentum=0.5)"


def test_numpys_numbers_and_booleans_are_allowed():
    assert solvers.SGD(momentum=np.float32(0.5), nesterovs_momentum=np.True_).refusal() is None
    assert losses.Quantile(quantile=np.array([0.1, 0.9])).refusal() is None
    assert losses.Quantile(quantile=np.array([0.9, 0.1])).refusal() is not None


def test_the_html_of_an_estimator_shows_its_objects():
    html = MLPClassifier(solver=solvers.AdamW(beta_2=0.95))._repr_html_()
    assert "AdamW" in html
    assert "beta_2" in html


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_sweep_varies_hyperparameters_and_whole_objects():
    X = np.random.RandomState(0).standard_normal((30, 2))
    model = MLPClassifier((3,), solver=solvers.AdamW(), max_iter=2)
    for parameter, values in (
        ("solver__beta_2", [0.9, 0.99]),
        ("solver", [solvers.AdamW(beta_2=0.9), "sgd"]),
    ):
        found = lamina.sweep(model, X, np.arange(30) % 2, parameter, values, cv=2)
        assert "AdamW" in repr(found) or "0.99" in repr(found)


@pytest.mark.parametrize(
    ("value", "name", "message"),
    [
        (
            [ELU(), "tanh"],
            "0__alpha",
            r"is a list\. Set the whole list: .*=\[ELU\(alpha=3\), 'tanh'\]",
        ),
        (["relu", ELU()], "alpha", r"Set the whole list: activation=\['relu', ELU\(alpha=3\)\]"),
        ([ELU(), "tanh"], "1__alpha", r"Set the whole list\. In .* belongs to ELU and CELU"),
        ([ELU(), "tanh"], "7__alpha", r"Set the whole list\. In .* belongs to ELU and CELU"),
        ([ELU(), "tanh"], "negative_slope", "Set the whole list.* belongs to LeakyReLU"),
        ("elu", "alpha", r"is a name\. Set activation=lamina\.activations\.ELU\(alpha=3\)"),
        ("relu", "negative_slope", "ReLU has no hyperparameter .* belongs to LeakyReLU.* grids"),
        ("relu", "negative_slop", "Did you mean 'negative_slope'"),
        (ELU, "alpha", r"is none\. Set activation=lamina\.activations\.ELU\(alpha=3\)"),
        ({}, "alpha", "is none.* belongs to ELU and CELU"),
        (np.array(["relu"]), "alpha", "is none.* belongs to ELU and CELU"),
    ],
)
def test_a_nested_name_without_an_object_names_a_cure_that_exists(value, name, message):
    key = f"activation__{name}"
    model = MLPClassifier((4, 4), activation=value)
    with pytest.raises(ValueError, match=f"{key} sets a hyperparameter of an object.*{message}"):
        model.set_params(**{key: 3})


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_nested_name_suggests_only_hyperparameters_that_exist(kind):
    parameter = kind.base.parameter
    classes = classes_of(parameter)
    for name in {each.name for cls in classes.values() for each in cls.hyperparameters}:
        for record, cls in classes.items():
            with pytest.raises(ValueError, match="sets a hyperparameter") as refusal:
                MLPRegressor(**{parameter: record}).set_params(**{f"{parameter}__{name}": 0.5})
            suggested = f"Set {parameter}={kind.module}.{cls.__name__}({name}=0.5)"
            assert (suggested in str(refusal.value)) == (name in cls().get_params())


@pytest.mark.parametrize(
    ("value", "place", "hint"),
    [
        (["relu", solvers.AdamW()], 1, r"Got AdamW\(\) instead\. AdamW is for solver="),
        (["relu", ELU], 1, r"This is a class: write ELU\(\)\."),
        ([["relu"], "tanh"], 0, r"Got \['relu'\] instead\. .* without the inner brackets"),
        (("relu", None), 1, "Got None instead"),
        (["relu", 3], 1, "Got 3 instead"),
        ([ELU(), solvers.AdamW], 1, "AdamW is for solver="),
        ([np.array(["relu"]), "tanh"], 0, "Got array"),
    ],
)
def test_an_entry_that_is_no_activation_is_refused_with_its_index(value, place, hint):
    model = MLPClassifier((4, 4), activation=value)
    message = rf"The 'activation\[{place}\]' parameter of MLPClassifier must be a str among .*relu"
    with pytest.raises(ValueError, match=f"{message}.*lamina.activations.*{hint}"):
        model.fit(np.zeros((4, 2)), [0, 1, 0, 1])


def test_a_misspelt_entry_is_refused_with_its_index():
    model = MLPClassifier((4, 4), activation=["tanh", "reluu"])
    with pytest.raises(UnknownNameError, match=r"activation\[1\]='reluu'.*Did you mean 'relu'"):
        model.fit(np.zeros((4, 2)), [0, 1, 0, 1])
