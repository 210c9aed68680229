"""Options of one model are rejected with the other model, and the message has the cure."""

import numpy as np
import pytest

from lamina.cli.fitting import build
from lamina.cli.model_choice import choose_model, ensemble_options, network_options, qualities
from lamina.cli.request import TrainingRequest


def request(**options):
    fields = {
        "data": None,
        "targets": ("y",),
        "dataset": "iris",
        "drop": (),
        "task": None,
        "settings": (),
        "test_size": 0.2,
        "seed": 0,
        "output": None,
        "plot": None,
        "resume": None,
        "overwrite": False,
        "save_anyway": False,
        "quiet": False,
    }
    return TrainingRequest(**fields | options)


NETWORK = [("--set", "alpha=1"), ("--plot", "p.png"), ("--resume", "fit.checkpoint")]
ENSEMBLE = [("--quality", "fast"), ("--time-limit", "10"), ("--scoring", "neg_log_loss")]
SEVERAL = ("-t", "sepal length (cm)", "-t", "sepal width (cm)")


@pytest.mark.parametrize("model", ["tabular", "mlp"])
@pytest.mark.parametrize(
    ("device", "reason"),
    [
        ("gpu", "device='gpu' is not the name of a device. Did you mean 'cuda'?"),
        ("cuda:99", "device='cuda:99' is not on this machine. Present: "),
    ],
)
def test_a_device_is_checked_before_the_table_is_read(refusal, model, device, reason):
    if device.startswith("cuda"):
        pytest.importorskip("torch")  # Without it the message is another.
    line = refusal("train", "absent.csv", "-t", "y", "--model", model, "--device", device)
    assert line.startswith(f"lamina: {reason}")


def test_a_device_given_twice_is_rejected(refusal):
    options = ("--model", "mlp", "--device", "cpu", "--set", "device=cpu")
    assert "leave out one" in refusal("train", "--dataset", "iris", *options)


@pytest.mark.parametrize("model", ["tabular", "mlp"])
def test_the_device_reaches_the_model(model):
    built = build(model, "classification", request(device="cpu"), np.arange(100) % 2)
    devices = [value for name, value in built.get_params().items() if name.endswith("device")]
    assert devices == ["cpu"]


@pytest.mark.parametrize("option", NETWORK)
def test_an_option_of_the_network_is_rejected_with_the_ensemble(refusal, option):
    line = refusal("train", "--dataset", "iris", *option)
    assert (
        line == f"lamina: {' '.join(option)} is for one network: add --model mlp, or leave it out"
    )
    line = refusal("train", "--dataset", "iris", "--model", "tabular", *option)
    assert line.endswith("is for one network: give --model mlp instead, or leave it out")


@pytest.mark.parametrize("option", ENSEMBLE)
def test_an_option_of_the_ensemble_is_rejected_with_the_network(refusal, option):
    line = refusal("train", "--dataset", "iris", "--model", "mlp", *option)
    assert f"{option[0]} {option[1]}" in line.replace("10.0", "10")
    assert "belongs to the ensemble of --model tabular" in line


def test_options_of_both_models_are_rejected(refusal):
    line = refusal("train", "--dataset", "iris", *NETWORK[0], *ENSEMBLE[0])
    assert "--set alpha=1 belongs to --model mlp and --quality fast to the ensemble" in line


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--quality", "fats"), "--quality 'fats' is unknown. Did you mean 'fast'?"),
        (("--scoring", "roc_acu"), "--scoring 'roc_acu' is unknown. Did you mean 'roc_auc'?"),
        (("--time-limit", "0"), "--time-limit must be a number of seconds above 0, got 0"),
        (("--time-limit", "nan"), "--time-limit must be a number of seconds above 0, got nan"),
        (("--group", "a", "--time", "b"), "--group a and --time b exclude each other"),
        (("--group", "a", "-t", "a"), "--group 'a' is the target: choose another column"),
        (("--group", "sepal"), "the table has no column 'sepal'"),
        (("--model", "forest"), "'forest' is not one of 'tabular', 'mlp'"),
    ],
)
def test_an_invalid_value_of_an_option_is_rejected(refusal, option, message):
    assert message in refusal("train", "--dataset", "iris", *option)


@pytest.mark.parametrize("option", [*ENSEMBLE, ("--model", "tabular")])
def test_several_targets_are_rejected_with_the_ensemble(refusal, option):
    line = refusal("train", "--dataset", "iris", *SEVERAL, *option)
    assert "the ensemble predicts one target, and 2 are given. Train a model for" in line


def test_several_targets_or_few_rows_select_one_network_with_a_remark():
    kind, remark = choose_model(request(targets=("y", "z")), 100)
    assert kind == "mlp"
    assert remark.startswith("one network predicts the 2 targets")
    kind, remark = choose_model(request(), 7)
    assert kind == "mlp"
    assert remark.startswith("7 training rows are too few for the ensemble, which needs 8")


def test_the_ensemble_is_the_default():
    assert choose_model(request(), 8) == ("tabular", None)
    assert choose_model(request(model="mlp"), 8) == ("mlp", None)
    assert choose_model(request(model="tabular"), 3) == ("tabular", None)


def test_options_are_named_as_they_were_written():
    chosen = request(settings=("alpha=1",), quality="fast", time_limit=10.0)
    assert network_options(chosen) == ["--set alpha=1"]
    assert ensemble_options(chosen) == ["--quality fast", "--time-limit 10.0"]
    assert {"fast", "balanced"} <= set(qualities())
