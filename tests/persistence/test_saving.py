import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina.errors import ModelFileError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.files.model_file import FORMAT_VERSION
from lamina.files.temporary_file import temporaries
from lamina.persistence import describe, load, read_notes, save

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

Same = Callable[[Any, Any], bool]
Case = tuple[Any, Any, Any]
Fitted = Callable[[str], Case]

HERE = Path(__file__).parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.lamina"


def test_a_saved_model_is_loaded_bit_for_bit(case: Case, path: Path, same: Same) -> None:
    model, _, _ = case
    save(model, path)
    assert same(load(path), model)


def test_a_path_may_be_text(path: Path, same: Same) -> None:
    model = MLPClassifier(hidden_layer_sizes=[2])
    save(model, str(path))
    assert same(load(str(path)), model)


def test_the_same_model_makes_the_same_bytes(fitted: Fitted, tmp_path: Path) -> None:
    model, _, _ = fitted("text")
    save(model, tmp_path / "one", notes={"a": 1})
    save(load(tmp_path / "one"), tmp_path / "two", notes={"a": 1})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_saving_does_not_change_the_model(case: Case, path: Path, same: Same) -> None:
    model, _, _ = case
    before = deepcopy(model)
    save(model, path)
    assert same(model, before)


def test_a_loaded_model_does_not_need_its_file(fitted: Fitted, path: Path, same: Same) -> None:
    model, X, _ = fitted("text")
    save(model, path)
    found = load(path)
    path.write_bytes(b"something else")
    assert same(found.predict_proba(X), model.predict_proba(X))


def test_the_safetensors_library_opens_the_file(fitted: Fitted, path: Path) -> None:
    model, _, _ = fitted("text")
    save(model, path)
    found = load_file(path)
    assert set(found) == {"parameters", "_optimizer_slots"}
    weights = [*model.coefs_, *model.intercepts_]
    assert found["parameters"].tobytes() == b"".join(part.tobytes() for part in weights)
    with safe_open(path, framework="numpy") as file:
        assert json.loads(file.metadata()["model"])["class"] == "MLPClassifier"


def test_an_existing_model_is_replaced_only_with_overwrite(
    fitted: Fitted, path: Path, same: Same
) -> None:
    first, second = fitted("text")[0], fitted("sgd")[0]
    save(first, path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        save(second, path)
    assert same(load(path), first)
    save(second, path, overwrite=True)
    assert same(load(path), second)


def test_a_model_that_cannot_be_saved_leaves_the_old_file(fitted: Fitted, path: Path) -> None:
    save(fitted("text")[0], path)
    before = path.read_bytes()
    with pytest.raises(TypeError, match="'alpha' is a complex"):
        save(MLPClassifier(alpha=1j), path, overwrite=True)
    assert path.read_bytes() == before
    assert list(temporaries(path)) == []


@pytest.mark.parametrize("model", [StandardScaler(), make_pipeline(StandardScaler())])
def test_a_model_without_a_perceptron_is_not_saved(model: Any, path: Path) -> None:
    with pytest.raises(TypeError, match="does not end with an MLP: lamina saves"):
        save(model, path)
    assert not path.exists()


NOTES = {
    "target": "prïce",
    "metrics": {"r2": 0.5, "worst": -np.inf},
    "shape": (3, 4),
    "none": None,
    "$odd": [np.float32(0.1), True],
}


def test_notes_are_restored(path: Path, same: Same) -> None:
    save(MLPClassifier(), path, notes=NOTES)
    assert same(read_notes(path), NOTES)


def test_a_file_without_notes_has_empty_notes(path: Path) -> None:
    save(MLPClassifier(), path)
    assert read_notes(path) == {}


@pytest.mark.parametrize(
    ("notes", "reason"),
    [
        ([1], "notes must be a dict or None, got list"),
        ({"a": object()}, "'notes.a' is a object"),
        ({"a": np.zeros(3)}, "'notes.a' is an array: use lists in notes"),
        ({"a": MLPClassifier()}, "'notes.a' is a .*MLPClassifier"),
    ],
)
def test_notes_that_are_not_plain_are_refused(notes: Any, reason: str, path: Path) -> None:
    with pytest.raises(TypeError, match=reason):
        save(MLPClassifier(), path, notes=notes)
    assert not path.exists()


def test_a_file_can_be_described_without_building_its_model(fitted: Fitted, path: Path) -> None:
    save(fitted("text")[0], path, notes={"rows": 40})
    found = describe(path)
    assert found["class"] == "MLPClassifier"
    assert found["format_version"] == FORMAT_VERSION
    assert found["lamina"] == lamina.__version__
    assert found["tensors"] == {
        "_optimizer_slots": ("float64", (2, 43)),
        "parameters": ("float64", (43,)),
    }
    assert found["n_bytes"] == 3 * 43 * 8
    assert found["notes"] == {"rows": 40}
    assert len(found["sha256"]) == 64


READERS = pytest.mark.parametrize("read", [load, read_notes, describe])


def write_at(file: IO[bytes], position: int, byte: int) -> None:
    file.seek(position)
    file.write(bytes([byte]))


def test_every_altered_byte_is_detected(fitted: Fitted, path: Path) -> None:
    save(fitted("linear")[0], path)
    content = path.read_bytes()
    with open(path, "r+b", buffering=0) as file:
        for position, byte in enumerate(content):
            write_at(file, position, byte ^ 1 << position % 8)
            with pytest.raises(ModelFileError):
                load(path)
            write_at(file, position, byte)
    assert isinstance(load(path), MLPClassifier)


def test_every_truncation_is_detected(fitted: Fitted, path: Path) -> None:
    save(fitted("linear")[0], path)
    for length in reversed(range(path.stat().st_size)):
        os.truncate(path, length)
        with pytest.raises(ModelFileError):
            load(path)


@READERS
def test_an_altered_file_is_refused_by_every_reader(
    read: Callable[[Path], Any], fitted: Fitted, path: Path
) -> None:
    save(fitted("linear")[0], path)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelFileError, match="altered or cut short"):
        read(path)


@READERS
def test_the_error_names_the_path_and_the_reason(
    read: Callable[[Path], Any], fitted: Fitted, path: Path
) -> None:
    path.write_bytes(pickle.dumps(fitted("text")[0]))
    with pytest.raises(ModelFileError) as caught:
        read(path)
    reason = "it is a pickle, and lamina never unpickles"
    assert str(caught.value) == f"{path} cannot be loaded: {reason}"


@READERS
def test_a_missing_file_raises_file_not_found_error(
    read: Callable[[Path], Any], path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        read(path)


@READERS
def test_a_folder_is_refused(read: Callable[[Path], Any], tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="a folder"):
        read(tmp_path)


def test_a_newer_format_is_refused_with_the_advice_to_upgrade(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lamina.files.model_file.FORMAT_VERSION", FORMAT_VERSION + 1)
    save(MLPClassifier(), path)
    assert type(load(path)) is MLPClassifier
    monkeypatch.undo()
    with pytest.raises(ModelFileError, match=f"version {FORMAT_VERSION + 1}.*upgrade lamina"):
        load(path)


def test_a_pickle_is_never_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(pickle.dumps(MLPClassifier()))

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("something was unpickled")

    monkeypatch.setattr(pickle, "load", forbidden)
    monkeypatch.setattr(pickle, "loads", forbidden)
    monkeypatch.setattr(pickle, "Unpickler", forbidden)
    with pytest.raises(ModelFileError, match="pickle"):
        load(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither fork nor SIGKILL")
def test_a_process_killed_while_saving_leaves_one_of_its_two_models(path: Path) -> None:
    program = [sys.executable, str(HERE / "killed_while_saving.py"), str(path), "30", "0"]
    run = subprocess.run(program, capture_output=True, text=True, check=True)
    report = json.loads(run.stdout)
    assert len(report) == 30
    assert {kill["found"] for kill in report} <= {"first", "second"}
    assert max(kill["left"] for kill in report) <= 1
    save(MLPClassifier(), path, overwrite=True)
    assert os.listdir(path.parent) == [path.name]


def test_a_large_model_is_read_with_one_copy_and_written_with_none(path: Path) -> None:
    program = (
        "import sys, tracemalloc, numpy as np, lamina\n"
        "from lamina.persistence import load, save\n"
        "model = lamina.MLPRegressor(hidden_layer_sizes=1, solver='sgd')\n"
        "model.partial_fit(np.ones((2, 2)), np.ones(2))\n"
        "model._more = np.zeros(2_000_000)\n"
        # Imports during the first save and load do not belong to the model.
        "save(lamina.MLPRegressor(), sys.argv[1] + '.first')\n"
        "load(sys.argv[1] + '.first')\n"
        "tracemalloc.start()\n"
        "save(model, sys.argv[1])\n"
        "print(tracemalloc.get_traced_memory()[1])\n"
        "tracemalloc.reset_peak()\n"
        "load(sys.argv[1])\n"
        "print(tracemalloc.get_traced_memory()[1])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    written, read = map(int, run.stdout.split())
    assert written < 4_000_000
    assert read < 20_000_000


def test_regressors_and_classifiers_are_distinguished(path: Path) -> None:
    save(MLPRegressor(loss="poisson"), path)
    assert type(load(path)) is MLPRegressor
