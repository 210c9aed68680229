"""Drawn points: how they are learned, split, and rejected."""

import numpy as np
import pytest

from lamina.errors import ExperimentError
from lamina.workbench.data.data_store import MemoryDataStore
from lamina.workbench.data.drawn import MOST_CLASSES, MOST_POINTS, DrawnData
from lamina.workbench.runs.experiment import Experiment
from lamina.workbench.runs.prepared_data import prepare_data
from lamina.workbench.views.planes import build_plane

LIMITS = [[-1, 1], [-1, 2]]


def posed(data, **parts):
    experiment = Experiment.from_json({"data": {"kind": "drawn", **data}, **parts})
    return prepare_data(experiment, MemoryDataStore())


def classes(n):
    return [[0.1 * k, -0.05 * k, k % 2] for k in range(n)]


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.5, 0.9])
def test_adding_a_point_does_not_change_the_split_of_earlier_points(fraction):
    before = DrawnData.from_json({"points": classes(40)}).held_out(fraction)
    after = DrawnData.from_json({"points": classes(41)}).held_out(fraction)
    assert set(before) <= set(after)
    assert len(before) == pytest.approx(40 * fraction, abs=2)


@pytest.mark.parametrize("n", range(4, 12))
@pytest.mark.parametrize("fraction", [0.05, 0.5, 0.9])
def test_every_class_is_in_training_and_the_test_set_is_not_empty(n, fraction):
    points = [[0.1 * k, 0.2, min(k, 2)] for k in range(n)]
    prepared = posed({"points": points}, test_fraction=fraction)
    assert set(prepared.y_train) == {0, 1, 2}
    assert len(prepared.X_test) >= 1
    assert len(prepared.X_train) + len(prepared.X_test) == n


def test_classes_without_points_are_omitted():
    points = [[0, 0, 0], [1, 0, 0], [0, 1, 2], [1, 1, 2]]
    prepared = posed({"points": points, "classes": ["red", "none", "blue"]})
    assert prepared.class_names == ("red", "blue")


def test_the_plane_has_the_limits_of_the_drawing_area():
    prepared = posed({"points": classes(8), "limits": LIMITS})
    assert build_plane(prepared).limits == ((-1.0, 1.0), (-1.0, 2.0))


def test_a_value_is_predicted_from_its_position():
    points = [[0.1 * k, 0.2 * k, 0.3 * k] for k in range(6)]
    prepared = posed({"target": "value", "points": points, "limits": [*LIMITS, [-3, 3]]})
    assert prepared.dataset.task == "regression"
    assert prepared.dataset.X.shape == (6, 2)
    np.testing.assert_allclose(prepared.dataset.y, 0.3 * np.arange(6))


def test_a_height_is_predicted_from_x():
    prepared = posed({"target": "height", "points": [[0.1 * k, k] for k in range(6)]})
    assert prepared.input_names == ("x",)
    plane = build_plane(prepared)
    assert (plane.kind, plane.names) == ("line", ("x", "y"))
    np.testing.assert_array_equal(prepared.dataset.y, np.arange(6.0))


def test_the_state_has_the_range_of_values_for_colours(session):
    points = [[0.1 * k, 0.2, 0.1] for k in range(6)]
    made = session()
    data = {"kind": "drawn", "target": "value", "points": points, "limits": [*LIMITS, [-3, 3]]}
    made.do({"do": "set", "experiment": {"data": data, "inputs": None}})
    assert made.state()["data"]["targets"] == [-3.0, 3.0]


ENOUGH = classes(6)


@pytest.mark.parametrize(
    ("data", "message", "parameter"),
    [
        ({"points": ENOUGH[:3]}, "draw 4 to 5,000 points, not 3", "points"),
        ({"points": [[0, 0, 0]] * (MOST_POINTS + 1)}, "draw 4 to", "points"),
        ({"points": "many"}, "draw 4 to", "points"),
        ({"points": [[0, 0, k] for k in range(4)]}, "two points of one class", "points"),
        ({"points": [[0, 0, 0]] * 4}, "at least two classes", "points"),
        ({"points": [*ENOUGH, [0, 0, MOST_CLASSES]]}, "a class from 0 to 7", "points"),
        ({"points": [*ENOUGH, [0, 0, 2]], "classes": ["a", "b"]}, "from 0 to 1", "points"),
        ({"points": [*ENOUGH, [0, True, 0]]}, "a point is", "points"),
        ({"points": [*ENOUGH, [0, 10**400, 0]]}, "a point is", "points"),
        ({"points": [*ENOUGH, {"x": 0}]}, "a point is", "points"),
        ({"points": ENOUGH, "target": "height"}, "a point is [x, y]", "points"),
        ({"points": ENOUGH, "target": "size"}, "must be one of class, value, height", "target"),
        ({"points": ENOUGH, "target": ["class"]}, "must be one of class, value, height", "target"),
        ({"points": ENOUGH, "classes": ["a"]}, "2 to 8 different names", "classes"),
        ({"points": ENOUGH, "classes": ["a", "a"]}, "2 to 8 different names", "classes"),
        ({"points": ENOUGH, "classes": ["a", "b" * 50]}, "at most 40 characters", "classes"),
        ({"points": ENOUGH, "limits": [[0, 1]]}, "2 pairs", "limits"),
        ({"points": ENOUGH, "limits": [[0, 1], [1, 1]]}, "2 pairs", "limits"),
        ({"points": ENOUGH, "limits": [[0, 1], "ab"]}, "2 pairs", "limits"),
        ({"points": ENOUGH, "target": "value", "limits": LIMITS}, "3 pairs", "limits"),
        ({"points": ENOUGH, "pionts": []}, "Did you mean 'points'?", "pionts"),
    ],
)
def test_invalid_drawings_are_rejected_with_a_reason(data, message, parameter):
    with pytest.raises(ExperimentError) as refused:
        posed(data)
    assert message in str(refused.value)
    assert refused.value.parameter == parameter


def test_the_batch_size_is_limited_to_the_number_of_points(session, until):
    data = {"kind": "drawn", "points": ENOUGH}
    made = session({"data": data, "inputs": None, "model": {"batch_size": 50}})
    made.do({"do": "step", "epochs": 2})
    until(lambda: made.run.controller.latest.epoch == 2)
    assert made.run.message is None
    assert made.run.controller.n_batches == 1
