"""The benchmark of devices runs, measures what it says, and says plainly when there is no GPU."""

import json

import pytest
from benchmarks import devices

from lamina.engines.devices import is_torch_installed

torch = pytest.importorskip("torch", reason="needs PyTorch")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_case_is_measured_on_the_cpu(tmp_path, capsys):
    path = tmp_path / "devices.json"
    devices.main(device="cpu", rounds=1, smoke=True, output=path)
    record = json.loads(path.read_text())
    assert record["device"] == "cpu"
    assert record["difference"] < 1e-8
    assert [each["case"] for each in record["cases"]] == ["regression", "digits", "wide"]
    assert all(each["microseconds"] > 0 for each in record["cases"])
    assert {"ratio", "pytorch_microseconds"} <= record["cases"][0].keys()
    assert "fraction_of_a_large_product" in record["cases"][2]
    assert "The goals are for a GPU".lower() in capsys.readouterr().out.lower()


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_without_a_gpu_nothing_is_measured_and_the_reason_is_printed(capsys):
    devices.main()
    assert capsys.readouterr().out.startswith("Nothing is measured: this machine has no GPU.")


def test_without_torch_nothing_is_measured_and_the_reason_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(devices, "is_torch_installed", lambda: False)
    devices.main()
    assert 'pip install "lamina[torch]"' in capsys.readouterr().out
    assert is_torch_installed()


def test_the_operations_of_a_step_are_those_of_its_products():
    case = devices.Case("one", (3, 5, 2), 7, 1, (1, 2))
    forward, weights, inputs = 3 * 5 + 5 * 2, 3 * 5 + 5 * 2, 5 * 2
    assert case.operations == 2 * 7 * (forward + weights + inputs)


@pytest.mark.parametrize(
    ("description", "precision", "peak"),
    [
        ("NVIDIA H200", None, 67e12),
        ("NVIDIA L4", "bfloat16", 121e12),
        ("NVIDIA L40S", None, 91.6e12),
        ("A new card", None, None),
    ],
)
def test_a_published_peak_is_found_by_the_name_of_the_card(description, precision, peak):
    assert devices.published_peak(description, precision) == peak
