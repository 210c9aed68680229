"""The benchmark of devices runs, measures what it says, and says plainly when there is no GPU."""

import json
from itertools import count

import pytest
from benchmarks import devices

from lamina.engines.devices import is_torch_installed

torch = pytest.importorskip("torch", reason="needs PyTorch")


def set_clock(monkeypatch, seconds):
    """Replace the clock by one whose n-th reading is `seconds(n)`."""
    counted = count()
    monkeypatch.setattr(devices, "perf_counter", lambda: float(seconds(next(counted))))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_case_is_measured_on_the_cpu(tmp_path, capsys, monkeypatch):
    # Each interval is longer than the one before, as that of a long fit after a short one.
    set_clock(monkeypatch, lambda n: n**2)
    monkeypatch.setattr(devices, "LONGEST", float("inf"))
    path = tmp_path / "devices.json"
    devices.main(device="cpu", rounds=1, smoke=True, output=path)
    record = json.loads(path.read_text())
    assert record["device"] == "cpu"
    assert record["difference"] < 1e-8
    assert [each["case"] for each in record["cases"]] == ["regression", "digits", "wide"]
    assert all(each["microseconds"] > 0 for each in record["cases"])
    assert {"ratio", "pytorch_microseconds"} <= record["cases"][0].keys()
    assert "fraction_of_a_large_product" in record["cases"][2]
    assert "the goals are for a GPU. Skipped without one: captured" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_machine_that_is_too_busy_gives_no_figure(tmp_path, capsys, monkeypatch):
    set_clock(monkeypatch, lambda n: 0)
    path = tmp_path / "devices.json"
    devices.main(device="cpu", case=["digits"], rounds=1, smoke=True, output=path)
    assert "digits         is not measured: a long fit took no longer" in capsys.readouterr().out
    assert json.loads(path.read_text())["cases"] == []


def test_no_case_begins_after_the_longest_time(capsys, monkeypatch):
    set_clock(monkeypatch, lambda n: 1000 * n)
    monkeypatch.setattr(devices, "difference_of_losses", lambda device: 0.0)
    devices.main(device="cpu", smoke=True)
    assert capsys.readouterr().out.count("is skipped: 6 minutes have passed") == 3


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
