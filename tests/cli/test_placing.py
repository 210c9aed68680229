"""`--device` of `lamina predict` and `lamina evaluate`: checked first, then passed to networks."""

import shutil

import numpy as np
import pandas as pd
import pytest

from lamina import TabularClassifier, datasets
from lamina.cli.placing import place

COMMANDS = ["predict", "evaluate"]


@pytest.fixture
def model(train, tmp_path):
    shutil.copy(datasets.path("penguins"), tmp_path / "penguins.csv")
    train("penguins.csv", "-t", "species", "-o", "model.lamina")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_device_is_checked_before_anything_is_read(lamina, command):
    ran = lamina(command, "absent.lamina", "absent.csv", "--device", "gpu")
    assert ran.code == 2
    assert ran.err.startswith("lamina: device='gpu' is not the name of a device. Did you mean 'c")
    assert len(ran.err.splitlines()) == 1
    pytest.importorskip("torch")  # Without it the message is another.
    ran = lamina(command, "absent.lamina", "absent.csv", "--device", "cuda:99")
    assert ran.err.startswith("lamina: device='cuda:99' is not on this machine. Present: ")


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_model_answers_on_the_device_as_without_it(lamina, command, device):
    expected = lamina(command, "model.lamina", "penguins.csv")
    ran = lamina(command, "model.lamina", "penguins.csv", "--device", device)
    assert ran.code == 0, ran.err
    assert ran.out == expected.out


def test_every_network_of_an_ensemble_is_placed():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["x", "y"], 80)})
    model = TabularClassifier(quality="fast", time_limit=20, random_state=0)
    model.fit(table, table["a"] > 0)
    for member in model.members_:
        member.network.set_params(engine="pytorch")
    place(model, "cpu")
    assert model.device == "cpu"
    assert {member.network.device for member in model.members_} == {"cpu"}
    assert {member.network.engine for member in model.members_} == {None}
