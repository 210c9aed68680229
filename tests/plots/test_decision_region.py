"""Decision regions: shades of probability, boundaries, samples, and films."""

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_iris, make_moons
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina.plots import DecisionRegionDisplay
from lamina.training.callbacks import Snapshots

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

import matplotlib.animation  # noqa: E402
from matplotlib.colors import to_rgb  # noqa: E402

from lamina.plots.colours import CYCLE  # noqa: E402
from lamina.plots.region_answers import shades  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BRIEF = {"max_iter": 6, "tol": 10, "n_iter_no_change": 100, "random_state": 0}
X, y = make_moons(60, noise=0.1, random_state=0)
IRIS = load_iris(as_frame=True)
PETALS = ("petal length (cm)", "petal width (cm)")


@pytest.fixture(scope="module")
def moons_model():
    return lamina.MLPClassifier((8,), solver="lbfgs", max_iter=500, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def iris_model():
    network = lamina.MLPClassifier((8,), solver="lbfgs", alpha=0.1, max_iter=500, random_state=0)
    model = make_pipeline(StandardScaler(), network)
    return model.fit(IRIS.data, IRIS.target_names[IRIS.target])


def draw(model, *args, **options):
    return DecisionRegionDisplay.from_estimator(model, *args, grid_resolution=30, **options)


def test_the_grid_holds_the_predictions_of_the_model(moons_model):
    display = draw(moons_model, X, y)
    point = [[display.horizontal[7], display.vertical[21]]]
    np.testing.assert_allclose(display.answers[21, 7], moons_model.predict_proba(point)[0])
    assert display.horizontal[0] < X[:, 0].min()
    assert display.horizontal[-1] > X[:, 0].max()
    np.testing.assert_array_equal(display.image_.get_array(), shades(display.answers))


def test_a_shade_shows_the_likeliest_class_and_its_probability():
    sure, likely, unsure = shades(np.array([[0.0, 1.0, 0.0], [0.1, 0.8, 0.1], [0.33, 0.34, 0.33]]))
    paper, colour = np.ones(3), np.array(to_rgb(CYCLE[1]))
    strengths = [np.linalg.norm(each - paper) for each in (sure, likely, unsure)]
    assert strengths == sorted(strengths, reverse=True)
    for each in (sure, likely):
        along = (paper - each) / (paper - colour)
        np.testing.assert_allclose(along, along[0])


def test_two_classes_are_equally_likely_on_their_boundary():
    smooth = lamina.MLPClassifier((8,), "tanh", solver="lbfgs", alpha=1, random_state=0).fit(X, y)
    [line] = draw(smooth, X, y).boundaries_
    [path] = line.get_paths()
    assert len(path.vertices) > 20
    np.testing.assert_allclose(smooth.predict_proba(path.vertices), 0.5, atol=0.05)


def test_every_class_has_its_points_colour_and_marker(iris_model):
    labels = IRIS.target_names[IRIS.target]
    display = draw(iris_model, IRIS.data, labels, features=PETALS)
    assert [text.get_text() for text in display.legend_.get_texts()] == [*IRIS.target_names]
    for name, points in zip(IRIS.target_names, display.points_, strict=True):
        expected = IRIS.data.loc[labels == name, [*PETALS]].to_numpy()
        np.testing.assert_array_equal(points.get_offsets(), expected)
    assert len({tuple(points.get_facecolors()[0]) for points in display.points_}) == 3
    markers = [points.get_paths()[0].vertices for points in display.points_]
    assert len({marker.tobytes() for marker in markers}) == 3
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == PETALS


def test_two_of_many_features_vary_and_the_others_stay_at_their_median(iris_model):
    display = draw(iris_model, IRIS.data, features=PETALS)
    row = IRIS.data.median().to_frame().T
    row[[*PETALS]] = display.horizontal[4], display.vertical[9]
    np.testing.assert_allclose(display.answers[9, 4], iris_model.predict_proba(row)[0])
    by_number = draw(iris_model, IRIS.data, features=(2, 3))
    np.testing.assert_array_equal(by_number.answers, display.answers)


def test_the_error_without_chosen_features_names_the_parameter(iris_model):
    with pytest.raises(ValueError, match=r"X has 4 features, .*features=\(0, 1\).*along='princ"):
        draw(iris_model, IRIS.data)
    with pytest.raises(ValueError, match=r"'petal length' is not among .* Did you mean"):
        draw(iris_model, IRIS.data, features=("petal length", "petal width (cm)"))


def test_along_principal_components_all_features_vary(iris_model):
    labels = IRIS.target_names[IRIS.target]
    display = draw(iris_model, IRIS.data, labels, along="principal components")
    assert display.ax_.get_xlabel() == "principal component 1 (73 % of variance)"
    variances = np.linalg.eigvalsh(np.corrcoef(IRIS.data.T))
    positions = np.concatenate([points.get_offsets() for points in display.points_])
    np.testing.assert_allclose(positions.var(axis=0), variances[[-1, -2]])


def test_without_data_regions_have_their_names(iris_model):
    display = draw(iris_model, IRIS.data, features=PETALS)
    names = {text.get_text() for text in display.region_names_}
    assert names == {*IRIS.target_names}
    for text in display.region_names_:
        j = np.abs(display.horizontal - text.get_position()[0]).argmin()
        i = np.abs(display.vertical - text.get_position()[1]).argmin()
        assert IRIS.target_names[display.answers[i, j].argmax()] == text.get_text()
    assert display.points_ == []
    assert display.legend_ is None


def test_the_shades_of_a_regressor_are_its_prediction():
    model = lamina.MLPRegressor(hidden_layer_sizes=(5,), **BRIEF).fit(X, X[:, 0])
    display = draw(model, X, X[:, 0])
    assert display.answers.shape == (30, 30)
    assert display.boundaries_ == []
    assert display.image_.norm.vmax >= X[:, 0].max()


def test_several_labels_per_sample_are_rejected():
    model = lamina.MLPClassifier((3,), **BRIEF).fit(X, np.column_stack([y, 1 - y]))
    with pytest.raises(ValueError, match=r"several labels.*UnitsDisplay"):
        draw(model, X)


def test_a_pipeline_or_search_predicts_as_a_whole(moons_model):
    model = FixedThresholdClassifier(moons_model).fit(X, y)
    assert draw(model, X, y).answers.shape == (30, 30, 2)


def test_the_region_of_a_single_class_covers_the_plane():
    model = lamina.MLPClassifier((3,), **BRIEF).fit(X, np.zeros(len(X), int))
    display = draw(model, X, np.zeros(len(X), int))
    point = [[display.horizontal[0], display.vertical[0]]]
    np.testing.assert_allclose(display.answers[0, 0], model.predict_proba(point)[0, :1])
    assert display.boundaries_ == []


def test_unknown_labels_are_rejected(moons_model):
    with pytest.raises(ValueError, match=r"y holds \[2\], which are not among the classes"):
        draw(moons_model, X, np.full(len(X), 2))
    with pytest.raises(ValueError, match="does not match X of 60 rows"):
        draw(moons_model, X, y[:5])


@pytest.fixture(scope="module")
def filmed():
    snapshots = Snapshots(every=2)
    network = lamina.MLPClassifier((4,), callbacks=snapshots, **BRIEF)
    return make_pipeline(StandardScaler(), network).fit(X, y), snapshots


def test_a_film_has_a_frame_for_every_snapshot(filmed, tmp_path):
    model, snapshots = filmed
    path = tmp_path / "moons.gif"
    DecisionRegionDisplay.animate(
        model, X, y, snapshots=snapshots, path=path, grid_resolution=15, frames_per_second=1
    )
    with Image.open(path) as film:
        # A GIF stores the repeated last frame as one long frame.
        assert film.n_frames == len(snapshots) == 4


def test_a_frame_shows_the_model_of_its_epoch(filmed):
    model, snapshots = filmed
    film = DecisionRegionDisplay.animate(model, X, y, snapshots=snapshots, grid_resolution=15)
    [picture] = [artist for artist in film._func(2) if hasattr(artist, "get_extent")]
    ax = picture.axes
    assert ax.get_title().startswith("epoch 4, loss 0.")
    left, right = np.array(picture.get_extent()[:2])
    horizontal = np.linspace(left, right, 31)[1::2]
    bottom, top = picture.get_extent()[2:]
    vertical = np.linspace(bottom, top, 31)[1::2]
    grid = np.column_stack([each.ravel() for each in np.meshgrid(horizontal, vertical)])
    expected = shades(snapshots.get_model(4).predict_proba(model[0].transform(grid)))
    np.testing.assert_allclose(picture.get_array().reshape(-1, 3), expected, atol=1e-6)
    film._draw_was_started = True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"snapshots": Snapshots()}, "snapshots is empty: pass it as callbacks="),
        ({"path": "moons.avi"}, r"path='moons.avi' must end in one of \.gif, \.mp4"),
    ],
)
def test_invalid_options_of_a_film_are_rejected(filmed, options, message):
    model, snapshots = filmed
    with pytest.raises(ValueError, match=message):
        DecisionRegionDisplay.animate(model, X, y, **{"snapshots": snapshots} | options)


def test_the_error_for_mp4_without_ffmpeg_gives_the_cure(filmed, monkeypatch):
    model, snapshots = filmed
    monkeypatch.setattr(matplotlib.animation.writers, "is_available", lambda name: False)
    with pytest.raises(RuntimeError, match=r"needs ffmpeg, .* install it, or write a \.gif"):
        DecisionRegionDisplay.animate(model, X, y, snapshots=snapshots, path="moons.mp4")


def test_snapshots_of_another_network_are_rejected(filmed, moons_model):
    with pytest.raises(ValueError, match="snapshots belong to another network"):
        DecisionRegionDisplay.animate(moons_model, X, y, snapshots=filmed[1])
