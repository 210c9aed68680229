"""The network diagram: weights, biases, units and names."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPRegressor as ScikitMLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina.activations import ELU
from lamina.plots import NetworkDisplay

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib.colors import to_hex  # noqa: E402

from lamina.plots.colours import NEGATIVE, POSITIVE  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BRIEF = {"max_iter": 5, "tol": 10, "n_iter_no_change": 100, "random_state": 0}
IRIS = load_iris(as_frame=True)


@pytest.fixture(scope="module")
def iris_model():
    network = lamina.MLPClassifier((3, 2), "tanh", **BRIEF)
    return make_pipeline(StandardScaler(), network).fit(IRIS.data, IRIS.target_names[IRIS.target])


def texts(display):
    return [text.get_text() for text in display.ax_.texts]


def test_every_weight_is_a_line_with_its_sign_and_size(iris_model):
    display = NetworkDisplay.from_estimator(iris_model)
    for i, weights in enumerate(iris_model[-1].coefs_):
        for lines, sign, colour in (
            (display.positive_[i], 1, POSITIVE),
            (display.negative_[i], -1, NEGATIVE),
        ):
            assert len(lines.get_segments()) == (sign * weights > 0).sum()
            assert to_hex(lines.get_colors()[0]).upper() == colour
            before, after = display.columns_[i], display.columns_[i + 1]
            drawn = {
                (tuple(start), tuple(end)): width
                for (start, end), width in zip(
                    lines.get_segments(), lines.get_linewidths(), strict=True
                )
            }
            sizes = {
                (tuple(before.places[j]), tuple(after.places[k])): abs(weights[j, k])
                for j, k in zip(*np.nonzero(sign * weights > 0), strict=True)
            }
            assert sorted(drawn, key=drawn.get) == sorted(sizes, key=sizes.get)
    assert display.positive_[0].get_linestyles() != display.negative_[0].get_linestyles()


def test_with_a_row_units_show_activations_and_biases_are_lines(iris_model):
    row = IRIS.data[60:61]
    display = NetworkDisplay.from_estimator(iris_model, row, weight_labels=False)
    network, scaler = iris_model[-1], iris_model[0]
    layers = network.activations(scaler.transform(row))
    expected = [f"{value:.2f}".replace("-", "−") for layer in layers for value in layer[0]]
    numbers = [text for text in texts(display) if text.replace("−", "").replace(".", "").isdigit()]
    assert sorted(text for text in numbers if "." in text) == sorted(expected)
    for i, (weights, biases) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        lines = display.positive_[i].get_segments(), display.negative_[i].get_segments()
        assert sum(map(len, lines)) == weights.size + biases.size
    for units, layer in zip(display.units_, layers, strict=True):
        assert [unit.get_linestyle() == "-" for unit in units] == [v >= 0 for v in layer[0]]


def test_a_row_may_be_a_frame_a_series_or_a_list(iris_model):
    frame = NetworkDisplay.from_estimator(iris_model, IRIS.data[60:61])
    series = NetworkDisplay.from_estimator(iris_model, IRIS.data.iloc[60])
    assert texts(series) == texts(frame)
    with pytest.raises(ValueError, match=r"row of shape \(2, 4\) is more than one row"):
        NetworkDisplay.from_estimator(iris_model, IRIS.data[:2])


def test_without_a_row_units_are_filled_by_their_biases(iris_model):
    display = NetworkDisplay.from_estimator(iris_model)
    biases = np.concatenate(iris_model[-1].intercepts_)
    units = [unit for layer in display.units_[1:] for unit in layer]
    fullest = units[np.abs(biases).argmax()]
    sign = biases[np.abs(biases).argmax()] > 0
    assert to_hex(fullest.get_facecolor()).upper() == (POSITIVE if sign else NEGATIVE)
    assert all(to_hex(unit.get_facecolor()) == "#ffffff" for unit in display.units_[0])
    n_lines = sum(len(lines.get_segments()) for lines in (*display.positive_, *display.negative_))
    assert n_lines == sum(weights.size for weights in iris_model[-1].coefs_)


def test_an_output_activation_with_values_has_its_name():
    model = lamina.MLPRegressor("squared_error", (3,), output_activation=ELU(alpha=0.5), **BRIEF)
    model.fit(IRIS.data, IRIS.target)
    assert "output\n1 × elu(alpha=0.5)\nidentity" in texts(NetworkDisplay.from_estimator(model))


def test_inputs_outputs_and_layers_have_their_names(iris_model):
    found = texts(NetworkDisplay.from_estimator(iris_model))
    assert {*IRIS.feature_names, *IRIS.target_names} <= set(found)
    assert "hidden 1\n3 × tanh" in found
    assert "output\n3 × softmax" in found
    named = NetworkDisplay.from_estimator(
        iris_model, feature_names=["a", "b", "c", "d"], class_names=["u", "v", "w"]
    )
    assert {*"abcduvw"} <= set(texts(named))
    with pytest.raises(ValueError, match="class_names has 2 names, but there are 3 classes"):
        NetworkDisplay.from_estimator(iris_model, class_names=["u", "v"])


def test_small_networks_have_a_label_on_every_line(iris_model):
    display = NetworkDisplay.from_estimator(iris_model)
    weights = np.concatenate([each.ravel() for each in iris_model[-1].coefs_])
    labels = [float(label.get_text().replace("−", "-")) for label in display.weight_labels_]
    np.testing.assert_allclose(labels, weights, atol=0.0051)
    assert NetworkDisplay.from_estimator(iris_model, weight_labels=False).weight_labels_ == []


def test_a_large_layer_is_condensed_with_the_number_of_omitted_units():
    X = np.random.RandomState(0).standard_normal((30, 50))
    model = lamina.MLPRegressor(hidden_layer_sizes=(200,), **BRIEF).fit(X, X[:, 0])
    display = NetworkDisplay.from_estimator(model, max_units=6)
    assert [len(layer) for layer in display.units_] == [6, 6, 1]
    assert list(display.columns_[1].shown) == [0, 1, 2, 197, 198, 199]
    assert {"44 more", "194 more", "hidden 1\n200 × relu", "x₅₀"} <= set(texts(display))
    lines = len(display.positive_[0].get_segments()) + len(display.negative_[0].get_segments())
    assert lines == 36
    assert display.weight_labels_ == []


def test_it_is_drawn_horizontally_or_vertically(iris_model):
    lying = NetworkDisplay.from_estimator(iris_model)
    standing = NetworkDisplay.from_estimator(iris_model, orientation="vertical")
    assert len({place[0] for place in lying.columns_[0].places}) == 1
    assert len({place[1] for place in standing.columns_[0].places}) == 1
    assert standing.columns_[-1].places[0, 1] > standing.columns_[0].places[0, 1]
    with pytest.raises(ValueError, match=r"one of 'horizontal', 'vertical'\. Did you mean"):
        NetworkDisplay.from_estimator(iris_model, orientation="verticle")


def test_the_widest_line_is_the_largest_of_the_network_or_of_its_layer(iris_model):
    def widest(display):
        both = zip(display.positive_, display.negative_, strict=True)
        return [max(*a.get_linewidths(), *b.get_linewidths()) for a, b in both]

    of_network = widest(NetworkDisplay.from_estimator(iris_model))
    of_layers = widest(NetworkDisplay.from_estimator(iris_model, width_scale="layer"))
    assert min(of_network) < max(of_network)
    assert min(of_layers) == pytest.approx(max(of_layers))


def test_weights_of_zero_have_no_line():
    display = NetworkDisplay(weights=[[[0.0, 1.0], [-2.0, 0.0]]], biases=[[0.0, 0.0]]).plot()
    assert len(display.positive_[0].get_segments()) == 1
    assert len(display.negative_[0].get_segments()) == 1


def test_outputs_are_named_by_class_quantile_or_target():
    X = np.linspace(-1, 1, 30).reshape(-1, 1)
    quantiles = lamina.MLPRegressor("quantile", (3,), quantile=[0.1, 0.9], **BRIEF).fit(X, X[:, 0])
    assert {"ŷ 0.1", "ŷ 0.9"} <= set(texts(NetworkDisplay.from_estimator(quantiles)))
    std = lamina.MLPRegressor("gaussian_nll", (3,), **BRIEF).fit(X, X[:, 0])
    assert {"ŷ mean", "ŷ std"} <= set(texts(NetworkDisplay.from_estimator(std)))
    theirs = ScikitMLPRegressor(hidden_layer_sizes=(3,), **BRIEF).fit(X, np.hstack([X, X]))
    assert {"ŷ₁", "ŷ₂"} <= set(texts(NetworkDisplay.from_estimator(theirs)))


def test_all_text_is_inside_the_figure(iris_model):
    for orientation in ("horizontal", "vertical"):
        display = NetworkDisplay.from_estimator(iris_model, IRIS.data[:1], orientation=orientation)
        display.figure_.canvas.draw()
        width, height = display.figure_.canvas.get_width_height()
        for text in (*display.ax_.texts, *display.legend_.get_texts()):
            box = text.get_window_extent()
            assert -1 <= box.x0 < box.x1 <= width + 1, text
            assert -1 <= box.y0 < box.y1 <= height + 1, text


def test_activations_need_a_row(iris_model):
    with pytest.raises(ValueError, match="fill='activation' needs row="):
        NetworkDisplay.from_estimator(iris_model, fill="activation")
    display = NetworkDisplay.from_estimator(iris_model, IRIS.data[:1], fill="bias")
    assert all(column.bias is None for column in display.columns_)
