"""`lamina train`: its report, its files, and the input that it rejects before training."""

import json
import os
import re
import signal
import sys

import numpy as np
import pandas as pd
import pytest

import lamina as library
from lamina import persistence
from lamina.cli import preparing, training
from lamina.cli.recipe import get_network
from lamina.inputs import Periodic


@pytest.mark.usefixtures("houses")
def test_a_regression_is_reported_and_saved(train, tmp_path):
    ran = train("houses.csv", "--target", "price")
    assert ran.out.startswith("houses.csv: 120 rows, 6 columns; regression of 'price'\n")
    assert all(word in ran.out for word in ("RMSE", "MAE", "R²", "held out", "training"))
    assert ran.out.endswith("model: houses.lamina\n")
    assert "left out: no value occurs in 2 rows" in " ".join(ran.out.split())
    assert "left out" not in ran.err
    model = persistence.load(tmp_path / "houses.lamina")
    price = model.predict(pd.read_csv(tmp_path / "houses.csv").rename(columns=str.strip))
    assert price.shape == (120,)


@pytest.mark.usefixtures("houses")
def test_a_classification_is_reported_by_class(train):
    ran = train("houses.csv", "-t", "heating", "--drop", "id", "--drop", "price")
    assert "classification of 'heating' into 2 classes" in ran.out
    assert all(word in ran.out for word in ("accuracy", "log loss", "precision", "[bold]oil"))
    remark, *epochs = ran.err.splitlines()
    assert remark.startswith("lamina: 'built' has dates, and held-out rows are drawn at random")
    assert epochs[0].startswith("epoch 1/30  loss ")
    assert "ignored" not in ran.err


def test_parquet_gives_the_same_figures_as_csv(train, tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=60), "c": rng.choice(["u", "v"], 60)})
    table["y"] = table["x"] + (table["c"] == "u")
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    from_csv = train("t.csv", "-t", "y", "-o", "a.lamina").out.partition("trained ")
    from_parquet = train("t.parquet", "-t", "y", "-o", "b.lamina").out.partition("trained ")
    assert from_csv[0].splitlines()[1:] == from_parquet[0].splitlines()[1:]
    assert from_csv[2].splitlines()[1:-1] == from_parquet[2].splitlines()[1:-1]


@pytest.mark.parametrize("name", ["iris", "diabetes", "moons"])
def test_a_built_in_data_set_is_trained_on_in_the_same_way(train, tmp_path, name):
    ran = train("--dataset", name, "--output", "made/for/it.lamina")
    assert ran.out.startswith(f"{name}: ")
    assert persistence.read_notes(tmp_path / "made/for/it.lamina")["source"] == name


def test_the_notes_record_the_training(train, tmp_path):
    train("--dataset", "iris", "--seed", "5", "--test-size", "0.3")
    notes = persistence.read_notes(tmp_path / "iris.lamina")
    assert json.loads(json.dumps(notes)) == notes
    assert notes["lamina"] == library.__version__
    assert (notes["task"], notes["target"]) == ("classification", "target")
    assert notes["held_out"]["rows"] == 45
    assert set(notes["held_out"]["classes"]) == {"setosa", "versicolor", "virginica"}
    assert notes["training"]["rows"] == 105
    assert notes["training"]["seed"] == 5
    assert notes["training"]["interrupted"] is False


def test_the_same_seed_gives_the_same_model(train, tmp_path):
    for name in ("a.lamina", "b.lamina"):
        train("--dataset", "moons", "--seed", "3", "-o", name)
    a, b = (persistence.load(tmp_path / name)[-1] for name in ("a.lamina", "b.lamina"))
    for mine, other in zip(a.coefs_, b.coefs_, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_diagnosis_is_printed_once(train):
    ran = train(
        *("--dataset", "moons", "-s", "solver=sgd", "-s", "momentum=0"),
        *("-s", "learning_rate_init=30"),
    )
    assert ran.err.count("are dead: their") == 1


def test_settings_reach_the_network(train, tmp_path):
    train("--dataset", "moons", "--set", "hidden_layer_sizes=5,4", "-s", "activation=tanh")
    network = persistence.load(tmp_path / "moons.lamina")[-1]
    assert network.hidden_layer_sizes == (5, 4)
    assert network.activation == "tanh"
    assert network.random_state == 0


def test_inputs_reach_the_network_and_its_report(train, lamina, tmp_path):
    train("--dataset", "moons", "--set", "inputs=periodic", "-s", "inputs.n_outputs=2")
    network = persistence.load(tmp_path / "moons.lamina")[-1]
    assert network.inputs == Periodic(n_outputs=2)
    assert network.coefs_[0].shape[0] == 6
    shown = lamina("info", "moons.lamina").out
    assert "inputs" in shown
    assert "inputs=Periodic(n_outputs=2)" in " ".join(shown.split())


@pytest.mark.parametrize("name", ["shared", "independent"])
def test_members_reach_the_network(train, tmp_path, name):
    options = "-s", f"members={name}", "-s", "members.n_members=3"
    train("--dataset", "moons", *options)
    network = persistence.load(tmp_path / "moons.lamina")[-1]
    assert (network.members.name, len(network.members_)) == (name, 3)


def test_a_poisson_loss_does_not_standardise_counts(train, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.random(80)
    pd.DataFrame({"x": x, "n": rng.poisson(5 * x)}).to_csv(tmp_path / "t.csv", index=False)
    train("t.csv", "-t", "n", "--task", "regression", "--set", "loss=poisson")
    assert persistence.load(tmp_path / "t.lamina")[-1].loss == "poisson"


def test_rows_without_a_target_are_left_out_and_reported(train, tmp_path):
    rows = ["x,y", *(f"{i},{'' if i % 4 == 0 else 'ab'[i % 2]}" for i in range(40))]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    assert "t.csv: 30 rows (10 without a target left out), 1 column;" in (
        train("t.csv", "-t", "y").out
    )


def test_the_plot_is_a_picture(train, tmp_path):
    ran = train("--dataset", "moons", "--plot", "pictures/loss.png", "-s", "early_stopping=true")
    assert (tmp_path / "pictures/loss.png").read_bytes().startswith(b"\x89PNG")
    assert ran.out.endswith("loss curve: pictures/loss.png\n")


def test_quiet_prints_only_warnings(train, lamina):
    ran = train("--dataset", "moons", "--quiet")
    assert (ran.out, ran.err) == ("", "")
    warned = lamina("train", "--dataset", "moons", "-q", "-s", "max_iter=2", "-o", "b.lamina")
    assert warned.out == ""
    assert warned.err.startswith("lamina: ")
    assert "max_iter" in warned.err


def test_a_model_is_overwritten_only_with_overwrite(train, refusal, tmp_path, monkeypatch):
    train("--dataset", "moons")
    before = (tmp_path / "moons.lamina").read_bytes()
    monkeypatch.setattr(training, "read_problem", lambda request: pytest.fail("it read the data"))
    message = refusal("train", "--dataset", "moons")
    assert message == (
        "lamina: moons.lamina exists already: give --overwrite to replace it, or another --output"
    )
    assert (tmp_path / "moons.lamina").read_bytes() == before
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    train("--dataset", "moons", "--overwrite", "--seed", "9")
    assert (tmp_path / "moons.lamina").read_bytes() != before


def test_a_picture_is_not_overwritten_by_default(refusal, tmp_path):
    (tmp_path / "loss.png").touch()
    assert "loss.png exists already" in (
        refusal("train", "--dataset", "moons", "--model", "mlp", "--plot", "loss.png")
    )


BAD_FILES = {
    "ragged.csv": "a,b\n1,2\n3\n",
    "empty.csv": "",
    "no_rows.csv": "a,b\n",
    "one_value.csv": "a,b\n1,x\n2,x\n",
    "lone_class.csv": "a,b\n1,x\n2,x\n3,x\n4,y\n",
    "binary.csv": "\0\1\2",
}


IRIS = ("--dataset", "iris", "--model", "mlp")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.csv", "-t", "b"], r"absent.csv: no such file"),
        (["ragged.csv", "-t", "b"], r"ragged.csv cannot be read as CSV: line 3 has"),
        (["empty.csv", "-t", "b"], r"empty.csv is empty"),
        (["no_rows.csv", "-t", "b"], r"no_rows.csv has no rows below its header"),
        (["one_value.csv", "-t", "bb"], r"no column 'bb'. Did you mean 'b'\? It has: 'a', 'b'"),
        (["one_value.csv", "-t", "b"], r"the target 'b' is x in every row"),
        (["one_value.csv", "-t", "b", "--drop", "c"], r"no column 'c'"),
        (["lone_class.csv", "-t", "b"], r"of 3 rows holds out 1 and trains on 2"),
        (["binary.csv", "-t", "b"], r"binary.csv is not a text file"),
        (["one_value.csv"], r"--target is missing"),
        ([], r"give either a file or --dataset NAME"),
        (["one_value.csv", "-t", "b", "--dataset", "iris"], r"give either a file or --dataset"),
        (["--dataset", "irsi"], r"'irsi' is not a known data set. Did you mean 'iris'"),
        (["--dataset", "iris", "--task", "guess"], r"--task.*'guess' is not one of 'auto'"),
        ([*IRIS, "--set", "alpha"], r"--set 'alpha' is not of the form name=value"),
        ([*IRIS, "--set", "alpa=1"], r"no such parameter. Did you mean 'alpha'"),
        ([*IRIS, "--set", "alpha=x"], r"'alpha' parameter .* Got 'x' instead"),
        ([*IRIS, "--set", "solver=adm"], r"'adm'.*'adam'"),
        (
            ["--dataset", "diabetes", "--model", "mlp", "--set", "loss=posson"],
            r"'posson'.*'poisson'",
        ),
        (["--dataset", "iris", "--test-size", "2"], r"--test-size must lie between 0 and 1"),
        (["--dataset", "iris", "--test-size", "0.01"], r"holds out 2 and trains on 148"),
        (["--dataset", "iris", "--target", "sepal"], r"no column 'sepal'"),
        ([*IRIS, "--plot", "loss.txt"], r"--plot loss.txt must end in one of .png"),
        (
            [*IRIS, "--plot", "p.png", "-s", "solver=lbfgs", "-s", "engine=reference"],
            r"--plot needs a loss",
        ),
        (["--dataset", "iris", "--output", "."], r"--output . is a folder"),
        (["--dataset", "iris", "--output", "empty.csv/m"], r"empty.csv.*: "),
        (["--dataset", "iris", "--colour", "red"], r"[Nn]o such option.*--colour"),
    ],
)
def test_bad_input_is_a_one_line_error_and_leaves_no_model(refusal, tmp_path, arguments, message):
    for name, text in BAD_FILES.items():
        (tmp_path / name).write_text(text)
    line = refusal("train", *arguments, "--quiet")
    assert re.search(message, line)
    assert not list(tmp_path.glob("*.lamina"))


def test_without_matplotlib_a_plot_is_rejected_before_training(refusal, monkeypatch):
    monkeypatch.setattr(preparing, "find_spec", lambda name: None)
    message = refusal("train", *IRIS, "--plot", "loss.png")
    assert message == 'lamina: --plot needs matplotlib: pip install "lamina[plots]"'


ENDLESS = ("--set", "max_iter=1000000", "--set", "tol=0", "--set", "n_iter_no_change=1000000")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT between processes")
def test_ctrl_c_ends_the_training_and_keeps_the_model(process, tmp_path):
    running = process("train", *IRIS, *ENDLESS)
    line = ""
    while not line.startswith("epoch "):
        line = running.stderr.readline()
        assert line, "the process ended before its first epoch"
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "lamina: training interrupted after " in err
    assert "Traceback" not in err
    assert "accuracy" in out
    notes = persistence.read_notes(tmp_path / "iris.lamina")
    assert notes["training"]["interrupted"] is True
    assert persistence.load(tmp_path / "iris.lamina")[-1].n_iter_ >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_real_terminal_shows_a_live_line_until_its_ctrl_c(process, tmp_path):
    import pty

    ours, theirs = pty.openpty()
    running = process(
        *("train", *IRIS, *ENDLESS),
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    shown = b""
    while shown.count(b"\r\x1b[2K") < 30 or b"epoch " not in shown:
        shown += os.read(ours, 4096)
    os.killpg(running.pid, signal.SIGINT)
    out, _ = running.communicate(timeout=60)
    os.close(ours)
    assert running.returncode == 130
    assert "accuracy" in out
    epochs = [frame.split(b"/")[0] for frame in shown.split(b"epoch ")[1:]]
    assert len(set(epochs)) > 3
    assert (tmp_path / "iris.lamina").exists()


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_a_fit_resumed_from_its_checkpoint_gives_the_same_model(lamina, tmp_path, name):
    def run(*arguments):
        ran = lamina("train", "--model", "mlp", *arguments)
        assert ran.code == 0, ran.err

    checkpoint = tmp_path / "fit.checkpoint"
    of_schedule = ("--set", "learning_rate=step", "--set", "learning_rate_options.every=2")
    run("--dataset", name, "-o", "whole.lamina", "--set", "max_iter=9", *of_schedule)
    written = ("--set", "checkpoint=fit.checkpoint", "--set", "checkpoint_every=4")
    run("--dataset", name, "-o", "first.lamina", "--set", "max_iter=6", *of_schedule, *written)
    assert checkpoint.exists()
    again = ("--set", "max_iter=9", "--resume", checkpoint, *of_schedule)
    run("--dataset", name, "-o", "resumed.lamina", *again)
    models = [persistence.load(tmp_path / f"{kind}.lamina") for kind in ("whole", "resumed")]
    whole, resumed = (get_network(model) for model in models)
    assert resumed.n_iter_ == 9
    assert resumed.loss_curve_ == whole.loss_curve_
    for ours, theirs in zip(resumed.coefs_, whole.coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_checkpoint_of_another_fit_is_rejected_in_one_line(train, refusal, tmp_path):
    train("--dataset", "iris", "--set", "checkpoint=fit.checkpoint")
    line = refusal("train", *IRIS, "-o", "b.lamina", "--resume", "fit.checkpoint")
    assert "is of another fit: it was made with" in line
    assert "max_iter" not in line
