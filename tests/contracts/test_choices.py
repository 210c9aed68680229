"""The contract of every class of choices: what each does by itself and in the estimators."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest
from sklearn.base import clone

from lamina.choices import KINDS, classes_of
from lamina.choices.docstrings import other_value

CLASSES = {
    f"{kind.module.removeprefix('lamina.')}.{cls.__name__}": cls
    for parameter, kind in KINDS.items()
    for cls in classes_of(parameter).values()
}
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
