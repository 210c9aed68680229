"""The list of devices, and the choice of one by name, with GPUs that are not there."""

import subprocess
import sys

import pytest

import lamina
from lamina.engines import devices
from lamina.engines.choose import choose_place
from lamina.engines.device import GIBIBYTE, Device
from lamina.engines.devices import choose_device
from lamina.errors import DeviceError, TorchMissingError, UnknownNameError

GPUS = [
    Device("mps", "Apple M9", 16 * GIBIBYTE),
    Device("cuda:0", "Large GPU", 80 * GIBIBYTE),
    Device("cuda:1", "Small GPU", 8 * GIBIBYTE),
]


@pytest.fixture
def with_gpus(monkeypatch):
    monkeypatch.setattr(devices, "_torch_devices", lambda: GPUS)
    monkeypatch.setattr(devices, "is_torch_installed", lambda: True)


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.usefixtures("with_gpus")
def test_devices_are_listed_from_the_best_to_the_cpu_with_their_memory():
    found = lamina.devices()
    assert found.names == ["cuda:0", "cuda:1", "mps", "cpu"]
    assert repr(found).splitlines()[:2] == [
        "cuda:0: Large GPU, 80.0 GiB",
        "cuda:1: Small GPU, 8.0 GiB",
    ]


def test_the_cpu_is_always_listed_with_its_cores():
    cpu = lamina.devices()[-1]
    assert cpu.name == "cpu"
    assert "core" in cpu.description
    assert cpu.memory is None or cpu.memory > 10**8


@pytest.mark.usefixtures("without_torch")
def test_without_torch_the_list_names_the_extra_to_install():
    assert lamina.devices().names == ["cpu"]
    assert 'pip install "lamina[torch]"' in repr(lamina.devices())


def test_a_torch_that_cannot_be_loaded_is_a_remark(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setitem(sys.modules, "lamina.engines.pytorch.devices", None)
    assert lamina.devices().remark.startswith("PyTorch cannot be imported: ")
    with pytest.raises(DeviceError, match="PyTorch cannot be imported"):
        choose_device("cuda")


def test_importing_lamina_does_not_import_torch():
    code = "import lamina, sys; lamina.MLPClassifier; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


@pytest.mark.usefixtures("with_gpus")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("auto", "cuda:0"),
        ("cuda", "cuda:0"),
        ("cuda:1", "cuda:1"),
        ("mps", "mps"),
        ("cpu", "cpu"),
    ],
)
def test_a_name_becomes_a_device_that_is_present(name, expected):
    assert choose_device(name) == expected


def test_auto_passes_by_a_device_without_float64(monkeypatch):
    monkeypatch.setattr(devices, "_torch_devices", lambda: GPUS[:1])
    assert choose_device("auto") == "mps"
    assert choose_device("auto", float64=True) == "cpu"


@pytest.mark.usefixtures("with_gpus")
def test_an_absent_device_is_refused_with_those_that_are_present():
    with pytest.raises(DeviceError, match=r"'cuda:7' is not on this machine\. Present: 'cuda:0', "):
        choose_device("cuda:7")


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize("name", ["cuda", "cuda:1", "mps"])
def test_a_gpu_without_torch_is_refused_with_the_extra_to_install(name):
    with pytest.raises(TorchMissingError, match=rf"device='{name}' needs PyTorch: pip install"):
        choose_device(name)
    assert choose_device("auto") == "cpu"


@pytest.mark.parametrize(
    ("name", "nearest"), [("gpu", "cuda"), ("metal", "mps"), ("CPU", "cpu"), ("cuda1", "cuda")]
)
def test_an_unknown_device_is_refused_with_the_nearest(name, nearest):
    with pytest.raises(DeviceError, match=rf"Did you mean '{nearest}'\?"):
        choose_device(name)


@pytest.mark.usefixtures("with_gpus")
@pytest.mark.parametrize(
    ("engine", "device", "expected"),
    [
        (None, None, (None, "cpu")),
        (None, "cpu", (None, "cpu")),
        (None, "auto", ("pytorch", "cuda:0")),
        (None, "cuda:1", ("pytorch", "cuda:1")),
        ("pytorch", None, ("pytorch", "cpu")),
        ("pytorch", "cpu", ("pytorch", "cpu")),
        ("pytorch", "auto", ("pytorch", "cuda:0")),
        ("native", "auto", ("native", "cpu")),
        ("reference", None, ("reference", "cpu")),
    ],
)
def test_a_gpu_implies_the_engine_pytorch(engine, device, expected, monkeypatch):
    monkeypatch.delenv("LAMINA_ENGINE", raising=False)
    assert choose_place(engine, device) == expected


@pytest.mark.usefixtures("with_gpus")
def test_a_device_chosen_by_name_precedes_the_environment(monkeypatch):
    monkeypatch.setenv("LAMINA_ENGINE", "reference")
    assert choose_place(None, "cuda") == ("pytorch", "cuda:0")
    assert choose_place(None, "auto") == ("reference", "cpu")


@pytest.mark.usefixtures("with_gpus")
def test_a_gpu_with_another_engine_is_refused():
    with pytest.raises(DeviceError, match="needs the engine 'pytorch', not 'native'"):
        choose_place("native", "cuda")


@pytest.mark.usefixtures("without_torch")
def test_the_engine_pytorch_without_torch_is_refused_with_the_extra_to_install():
    with pytest.raises(TorchMissingError, match=r"engine='pytorch' needs PyTorch: pip install"):
        choose_place("pytorch", None)
    with pytest.raises(UnknownNameError, match="Did you mean 'pytorch'"):
        choose_place("torch", None)


@pytest.mark.usefixtures("without_torch")
def test_a_machine_without_torch_surely_has_no_usable_gpu():
    assert not devices.may_have_gpu()
