"""Problems of a run are reported with cures, and each cure is a valid experiment."""

import pytest

from lamina.workbench.runs.diagnoses import CURES, NAMES, diagnose

TROUBLES = {
    "unscaled inputs": {
        "data": {"kind": "known", "name": "wine"},
        "scaled": False,
        "model": {"learning_rate_init": 1e-4},
    },
    "dead units": {"model": {"activation": "relu", "learning_rate_init": 3.0}},
    "saturated units": {"model": {"activation": "tanh", "learning_rate_init": 5.0}},
    "diverging loss": {
        "model": {"solver": "lion", "activation": "identity", "learning_rate_init": 1.0},
    },
    "overfitting": {
        "data": {"noise": 0.6},
        "model": {"hidden_layer_sizes": [30, 30], "learning_rate_init": 0.03},
    },
    "not finite": {
        "data": {"kind": "known", "name": "diabetes"},
        "scaled": False,
        "model": {"solver": "sgd", "learning_rate_init": 1.0},
    },
}


@pytest.mark.parametrize("name", TROUBLES)
def test_each_problem_is_found_and_its_cures_can_be_applied(name, session, until):
    run = session(TROUBLES[name])
    run.do({"do": "step", "epochs": 60})
    until(lambda: run.run.controller.latest.epoch == 60 or run.run.message)
    found = {finding["name"]: finding for finding in diagnose(run.run, run.snapshot)}
    assert name in found, list(found)
    assert found[name]["message"].endswith(".")
    assert found[name]["cures"]
    for cure in found[name]["cures"]:
        run.do({"do": "set", "experiment": cure["experiment"]})


def test_a_healthy_run_has_no_findings(session, until):
    run = session()
    run.do({"do": "step", "epochs": 20})
    until(lambda: run.run.controller.latest.epoch == 20)
    assert diagnose(run.run, run.snapshot) == []


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("rate", [100.0, 1000.0])
def test_divergence_is_a_single_finding_and_not_overfitting(activation, rate, session, until):
    run = session({"model": {"activation": activation, "learning_rate_init": rate}})
    run.do({"do": "step", "epochs": 200})
    until(lambda: run.run.controller.latest.epoch == 200)
    [finding] = diagnose(run.run, run.snapshot)
    assert finding["name"] == "diverging loss"
    assert finding["cures"][0]["experiment"]["model"] == {"learning_rate_init": rate / 10}
    labels = [cure["label"] for cure in finding["cures"]]
    assert len(set(labels)) == len(labels)


def test_a_failed_fit_has_one_finding(session, until):
    run = session(TROUBLES["not finite"])
    run.do({"do": "step", "epochs": 60})
    until(lambda: run.run.message)
    assert [each["name"] for each in diagnose(run.run, run.snapshot)] == ["not finite"]


def test_every_kind_of_finding_has_a_name_and_cures():
    assert set(NAMES) == set(CURES)


def test_findings_are_sent_when_they_change(page):
    page.do("set", experiment={"data": {"kind": "known", "name": "wine"}, "scaled": False})
    page.do("ready")
    while not (answer := page.event("diagnoses"))["findings"]:
        page.do("ready")
    [finding] = [each for each in answer["findings"] if each["name"] == "unscaled inputs"]
    assert finding["cures"] == [{"label": "Scale the inputs", "experiment": {"scaled": True}}]
    page.do("set", experiment=finding["cures"][0]["experiment"])
    page.do("ready")
    assert page.event("diagnoses")["findings"] == []
