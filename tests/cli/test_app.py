"""The whole command: help, version, missing packages, Ctrl-C, and a closed pipe."""

import sys

import pytest

import lamina as library
from lamina import cli
from lamina.cli import main, training
from lamina.datasets import DATASETS


def test_version_is_that_of_the_library(lamina):
    ran = lamina("--version")
    assert (ran.code, ran.out) == (0, f"lamina {library.__version__}\n")


def test_help_has_an_example_of_every_command(lamina):
    assert "lamina train houses.csv --target price" in lamina("--help").out
    for command in ("train", "predict", "evaluate", "info"):
        ran = lamina(command, "--help")
        assert ran.code == 0
        assert "Example" in ran.out
        assert f"lamina {command} " in ran.out


COMMANDS = ("train", "predict", "evaluate", "export", "info", "dataset", "workbench")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_example_in_a_commands_help_has_its_own_line(lamina, command):
    lines = [line.strip() for line in lamina(command, "--help").out.splitlines()]
    examples = [line for line in lines if line.startswith(f"lamina {command}")]
    assert examples
    assert all(line.count(f"lamina {command}") == 1 for line in examples)


def test_the_help_of_train_names_every_built_in_data_set(lamina):
    words = lamina("train", "--help").out.replace("│", " ").replace(",", " ").split()
    assert set(DATASETS) <= {word.strip(".") for word in words}


def test_an_unknown_command_ends_in_one_line(refusal):
    assert "No such command 'trian'" in refusal("trian")


@pytest.mark.parametrize("package", ["typer", "rich", "pandas", "pyarrow"])
def test_a_missing_package_is_named_with_its_cure(package, monkeypatch, capsys):
    found = cli.find_spec
    monkeypatch.setattr(cli, "find_spec", lambda name: None if name == package else found(name))
    assert main(["--version"]) == 2
    expected = f'lamina: the command line needs {package}: pip install "lamina[cli]"\n'
    assert capsys.readouterr().err == expected


def test_ctrl_c_outside_training_ends_in_one_line(lamina, monkeypatch):
    def interrupt(request):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "read_problem", interrupt)
    ran = lamina("train", "--dataset", "iris")
    assert (ran.code, ran.err) == (130, "lamina: interrupted before the end\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGPIPE to stand in for")
def test_a_closed_pipe_is_no_error(process, train, tmp_path):
    train("--dataset", "moons")
    (tmp_path / "t.csv").write_text("x,y\n" + "1,2\n" * 50_000)
    running = process("predict", "moons.lamina", "t.csv")
    assert running.stdout.readline() == "prediction\n"
    running.stdout.close()
    assert running.stderr.read() == ""
    assert running.wait(timeout=60) == 0
