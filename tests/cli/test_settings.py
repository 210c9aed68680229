"""`--set name=value`: the values of texts, and rejected texts."""

import math
import re

import pytest

from lamina.cli.settings import check_names, parse_settings, parse_value, with_objects
from lamina.errors import UnknownNameError
from lamina.inputs import PiecewiseLinear
from lamina.members import Shared
from lamina.schedules import Cosine
from lamina.solvers import Adam, AdamW


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("200", 200),
        ("-1", -1),
        ("0.5", 0.5),
        ("1e-4", 1e-4),
        ("inf", math.inf),
        ("true", True),
        ("False", False),
        ("none", None),
        ("adam", "adam"),
        ("128,64", (128, 64)),
        (" 128 , 64 ", (128, 64)),
        ("128,", (128,)),
        ("()", ()),
        ("(50,)", (50,)),
        ("[10, 20]", (10, 20)),
        ("{no: 1, yes: 2.5}", {"no": 1, "yes": 2.5}),
        ("{0:1,1:5}", {0: 1, 1: 5}),
        ("{}", {}),
        ("", ""),
        ("__import__('os')", "__import__('os')"),
    ],
)
def test_the_form_of_a_text_decides_its_value(text, value):
    parsed = parse_value(text)
    assert parsed == value
    assert type(parsed) is type(value)


def test_only_the_first_equals_sign_separates_name_and_value():
    assert parse_settings(["name=a=b"]) == {"name": "a=b"}


@pytest.mark.parametrize("text", ["alpha", "=3", "", "="])
def test_a_setting_without_name_or_equals_sign_is_rejected(text):
    with pytest.raises(ValueError, match="is not of the form name=value, such as alpha"):
        parse_settings([text])


def test_a_setting_given_twice_is_rejected():
    with pytest.raises(ValueError, match="--set alpha is given twice"):
        parse_settings(["alpha=1", "alpha=2"])
    for texts in (["of.a=1", "of.a=2"], ["of=1", "of.a=2"], ["of.a=1", "of=2"]):
        with pytest.raises(ValueError, match=r"--set of(\.a)? is given twice"):
            parse_settings(texts)


def test_a_dot_sets_an_entry_of_a_parameter_that_is_a_dict():
    found = parse_settings(["of.a=1", "alpha=2", "of.b=none"])
    assert found == {"of": {"a": 1, "b": None}, "alpha": 2}


def test_an_unknown_parameter_is_rejected_with_the_nearest_name():
    with pytest.raises(
        UnknownNameError, match=r"MLP has no such parameter. Did you mean 'alpha'\? It takes alpha"
    ):
        check_names(["alpa"], "MLP", ["alpha", "tol"])


@pytest.mark.parametrize("text", ["{no}", "{no: 1, yes}", "{: 1}", "{no:}"])
def test_a_part_of_a_dict_without_a_colon_is_rejected(text):
    with pytest.raises(ValueError, match="is not of the form key: value"):
        parse_value(text)


DEFAULTS = {"solver": "adam", "learning_rate": "constant", "output_activation": None}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["solver.beta_2=.95"], {"solver": Adam(beta_2=0.95)}),
        (["solver=adamw", "solver.beta_2=.95"], {"solver": AdamW(beta_2=0.95)}),
        (
            ["learning_rate.period=10", "learning_rate=cosine", "alpha=1"],
            {"alpha": 1, "learning_rate": Cosine(period=10)},
        ),
        (["solver=adamw"], {"solver": "adamw"}),
        (["inputs=periodic"], {"inputs": "periodic"}),
        (["members=shared"], {"members": "shared"}),
        (["members=shared", "members.n_members=8"], {"members": Shared(8)}),
        (
            ["members=shared", "members.kind=tabm_mini"],
            {"members": Shared(kind="tabm_mini")},
        ),
        (
            ["inputs=piecewise_linear", "inputs.n_bins=9", "inputs.bins=tree"],
            {"inputs": PiecewiseLinear(n_bins=9, bins="tree")},
        ),
    ],
)
def test_a_dot_sets_a_hyperparameter_of_a_formula(texts, expected):
    assert with_objects(parse_settings(texts), DEFAULTS) == expected


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ["solver.beta2=1"],
            "--set solver.beta2: solver='adam': Adam has no hyperparameter 'beta2'",
        ),
        (["solver=adamv", "solver.beta_2=1"], "--set solver.beta_2: solver='adamv' is not one of"),
        (["inputs.sigma=1"], "--set inputs.sigma needs one name beside it"),
        (["inputs=scaled", "inputs.sigma=1"], "inputs='scaled': Scaled has no hyperparameter"),
        (["output_activation.alpha=1"], "--set output_activation.alpha needs one name beside it"),
        (["solver.beta_2=1", "solver.beta_2=2"], "--set solver.beta_2 is given twice"),
    ],
)
def test_an_unknown_hyperparameter_names_the_setting(texts, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        with_objects(parse_settings(texts), DEFAULTS)
