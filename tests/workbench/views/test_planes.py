"""Displayed plane: mapping a row to the plane and back gives the same inputs."""

import numpy as np
import pytest

from lamina.errors import ExperimentError
from lamina.workbench.views.planes import (
    Components,
    FeatureTargetPlane,
    TwoColumnPlane,
    build_plane,
)

WINE = {"data": {"kind": "known", "name": "wine"}}
CHOICES = {
    "two features": ({}, TwoColumnPlane),
    "two features, more inputs": ({"inputs": ["x", "xy", "sin πy"]}, TwoColumnPlane),
    "components": (WINE, Components),
    "components asked for": ({**WINE, "plane": {"kind": "components"}}, Components),
    "columns": ({**WINE, "plane": {"kind": "columns", "columns": [3, 0]}}, TwoColumnPlane),
    "one feature": ({"data": {"name": "curve"}}, FeatureTargetPlane),
}
every_choice = pytest.mark.parametrize(("patch", "kind"), CHOICES.values(), ids=CHOICES)


@pytest.fixture
def plane(session):
    """Return `plane(patch)`, the plane of a small patched experiment."""
    return lambda patch: build_plane(session(patch).run.prepared)


@every_choice
def test_the_kind_follows_from_the_data_or_the_experiment(patch, kind, plane):
    found = plane(patch)
    assert type(found) is kind
    assert found.kind == ("line" if kind is FeatureTargetPlane else "plane")


@every_choice
def test_all_rows_are_within_the_limits(patch, kind, plane):
    found = plane(patch)
    for points in (found.train_points, found.test_points):
        for column, (low, high) in zip(points.T, found.limits, strict=True):
            assert low < column.min() <= column.max() < high


@every_choice
def test_cells_are_inputs_at_their_centres_from_the_lower_edge(patch, kind, plane):
    found, n = plane(patch), 4
    cells = found.cells(n)
    rows, columns = found.shape(n)
    assert cells.shape == (rows * columns, found.prepared.X_train.shape[1])
    (left, right), (low, high) = found.limits
    x = left + (right - left) * 1.5 / n
    y = low + (high - low) * 2.5 / n
    row = 0 if rows == 1 else 2
    places = np.array([[x, y]])
    np.testing.assert_allclose(cells[row * columns + 1], found.inputs_at(places)[0])


@pytest.mark.parametrize("patch", [{}, {"inputs": ["x", "y", "x²"]}, {"scaled": False}])
def test_mapping_a_row_to_its_plane_and_back_gives_its_inputs(patch, plane):
    found = plane(patch)
    places = found.train_points[:, :2]
    np.testing.assert_allclose(found.inputs_at(places), found.prepared.X_train, atol=1e-12)


def test_columns_outside_the_plane_are_at_their_mean(plane):
    found = plane({**WINE, "scaled": False, "plane": {"kind": "columns", "columns": [3, 0]}})
    inputs = found.inputs_at(np.array([[20.0, 13.0]]))[0]
    assert (inputs[3], inputs[0]) == (20.0, 13.0)
    others = np.delete(inputs, [0, 3])
    mean = np.delete(found.prepared.features_train.mean(axis=0), [0, 3])
    np.testing.assert_allclose(others, mean)
    assert found.names == ("alcalinity_of_ash", "alcohol")


def test_components_explain_more_variance_than_any_two_columns(plane):
    found = plane(WINE)
    again = found.inputs_at(found.train_points)
    lost = np.square(found.prepared.X_train - again).sum()
    by_columns = np.square(found.prepared.X_train).sum(axis=0)
    assert lost < np.sort(by_columns)[:-2].sum()


@pytest.mark.parametrize("columns", [[0], [0, 0], [0, 99], [-1, 0], [True, 0], "01", [0, 1, 2]])
def test_invalid_columns_are_rejected(columns, plane):
    with pytest.raises(ExperimentError, match="two different numbers from 0 to 12"):
        plane({**WINE, "plane": {"kind": "columns", "columns": columns}})
