"""`lamina info` shows the contents of a model file."""

import pytest

import lamina as library
from lamina import persistence
from lamina.cli.info import listed


@pytest.mark.usefixtures("houses")
def test_info_shows_layers_classes_columns_and_training(train, lamina):
    train("houses.csv", "-t", "heating", "--set", "hidden_layer_sizes=6,5")
    ran = lamina("info", "houses.lamina")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["hidden_2", "6", "5", "relu", "35"] in lines
    assert ["output", "5", "1", "logistic", "6"] in lines
    assert "2 classes: [bold]oil, gas" in ran.out
    assert "3 numbers: Größe, m², garden, price" in ran.out
    assert "1 date: built" in ran.out
    assert '1 text column: the "city"' in ran.out
    assert "left out, and not needed: id" in ran.out
    assert "on 96 rows of houses.csv to predict 'heating': 7 epochs, loss " in ran.out
    assert "accuracy" in ran.out


def test_info_on_a_bare_network_shows_its_layers(lamina, tmp_path):
    model = library.MLPRegressor(hidden_layer_sizes=(3,), tol=10).fit([[0.0], [1.0]], [0.0, 1.0])
    persistence.save(model, tmp_path / "bare.lamina")
    out = lamina("info", "bare.lamina").out
    assert "MLPRegressor in bare.lamina" in out
    assert "10 parameters, float64" in out
    assert "class" not in out.replace("MLPRegressor", "")


def test_info_counts_parameters_of_norms_and_slopes_and_shows_diagnoses(lamina, tmp_path):
    model = library.MLPRegressor(hidden_layer_sizes=(3,), activation="prelu", tol=1e9)
    persistence.save(model.fit([[100.0], [900.0]], [0.0, 1.0]), tmp_path / "bare.lamina")
    out = lamina("info", "bare.lamina").out
    assert "13 parameters, float64" in out
    assert "The features are not scaled" in out


def test_info_reports_that_a_model_is_not_fitted(lamina, tmp_path):
    persistence.save(library.MLPClassifier(), tmp_path / "new.lamina")
    assert lamina("info", "new.lamina").out.endswith("not fitted\n")


def test_a_long_list_is_cut_with_a_count():
    assert listed(range(1012)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 1,000 more"
