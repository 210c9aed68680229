"""Files of the larger data sets: where they are searched for, and the fallback."""

import gzip
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets

from lamina.datasets import files, load


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """Hide all data folders of the machine that runs the tests."""
    monkeypatch.delenv("LAMINA_DATA", raising=False)
    monkeypatch.setattr(files, "SHARED_FOLDER", tmp_path / "absent")


def test_the_environment_variable_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("LAMINA_DATA", str(tmp_path))
    X = np.arange(2 * 784, dtype=np.uint8).reshape(2, 784)
    np.savez(tmp_path / "mnist.npz", X=X, y=np.array([3, 1], dtype=np.uint8))
    data = load("mnist")
    np.testing.assert_array_equal(data.X, X)
    assert data.y.tolist() == [3, 1]
    assert data.feature_names[29] == "pixel_1_1"


def test_california_housing_is_read_from_a_table_by_its_header(monkeypatch, tmp_path):
    monkeypatch.setenv("LAMINA_DATA", str(tmp_path))
    with gzip.open(tmp_path / "california_housing.csv.gz", "wt") as file:
        file.write("MedInc,MedHouseVal,HouseAge\n1,4.5,2\n3,3.5,4\n")
    data = load("california_housing")
    assert data.X.tolist() == [[1, 2], [3, 4]]
    assert data.y.tolist() == [4.5, 3.5]
    assert (data.feature_names, data.target) == (("MedInc", "HouseAge"), "MedHouseVal")


def test_a_named_folder_without_the_file_is_an_error_without_a_download(monkeypatch, tmp_path):
    monkeypatch.setenv("LAMINA_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"has no file 'mnist.npz': .* unset LAMINA_DATA"):
        load("mnist")


def test_the_shared_folder_beside_the_current_one_is_found(monkeypatch, tmp_path):
    monkeypatch.delenv("LAMINA_DATA", raising=False)
    (tmp_path / "shared" / "data").mkdir(parents=True)
    (tmp_path / "shared" / "data" / "some.file").touch()
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    assert files.data_file("some.file") == tmp_path / "shared" / "data" / "some.file"


@pytest.mark.usefixtures("nowhere")
def test_without_a_folder_mnist_is_fetched(monkeypatch):
    def fetch(name, **options):
        assert (name, options["as_frame"]) == ("mnist_784", False)
        return np.ones((2, 784)), np.array(["7", "9"])

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    data = load("mnist")
    assert data.X.dtype == np.uint8
    assert data.y.tolist() == [7, 9]


@pytest.mark.usefixtures("nowhere")
def test_without_a_folder_california_housing_is_fetched(monkeypatch):
    bunch = SimpleNamespace(data=np.ones((3, 1)), target=np.arange(3.0), feature_names=["MedInc"])
    monkeypatch.setattr(sklearn.datasets, "fetch_california_housing", lambda: bunch)
    data = load("california_housing")
    assert (data.X.shape, data.y.tolist()) == ((3, 1), [0, 1, 2])
