"""Fits to a source: the model of a fit to the encoded rows in memory, and no spool left behind."""

import gc
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.estimators.source_files import N_EACH, N_FILES, sales, write_sales

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.encoding import TableEncoding
from lamina.encoding.batches import Source
from lamina.encoding.statistics import encode_batch
from lamina.errors import SpoolError, TableError
from lamina.files import chunks

SETTINGS: dict[str, Any] = {
    "hidden_layer_sizes": (8,),
    "max_iter": 4,
    "batch_size": 64,
    "random_state": 0,
    "diagnostics": False,
}
TARGETS = ["price", "cheap", "level", "stars"]
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 300)
    monkeypatch.setattr(chunks, "FEWEST_BYTES_ON_DISK", 1000)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "sales").mkdir()
    return write_sales(tmp_path / "sales")


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def in_memory(model: Any, source: Source, target: str, weight: str | None) -> np.ndarray:
    """Fit the model to the encoded rows in memory, and return these rows."""
    table = pd.concat([sales(i) for i in range(N_FILES)], ignore_index=True)
    features = [name for name in table.columns if name not in (target, weight)]
    encoding = TableEncoding().fit(table[features])
    X = np.concatenate([encode_batch(encoding, each) for each in source.batches(features)])
    model.fit(X, table[target].to_numpy(), None if weight is None else table[weight].to_numpy())
    return X


@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("target", TARGETS)
def test_a_fit_to_a_source_is_that_to_its_encoded_rows_bit_by_bit(
    source: Source, spool: Path, target: str, early: bool, weight: str | None
) -> None:
    cls: type = MLPRegressor if target == "price" else MLPClassifier
    expected = cls(**SETTINGS, early_stopping=early)
    X = in_memory(expected, source, target, weight)
    model = cls(**SETTINGS, early_stopping=early)
    model.fit(source, target=target, sample_weight=weight, spool=spool)
    for ours, theirs in zip(model.coefs_, expected.coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert model.loss_curve_ == expected.loss_curve_
    if early:
        assert model.validation_scores_ == expected.validation_scores_
    np.testing.assert_array_equal(model.predict(source), expected.predict(X))
    np.testing.assert_array_equal(model.predict(sales(1)), expected.predict(X[N_EACH : 2 * N_EACH]))
    if target != "price":
        assert model.classes_.dtype == expected.classes_.dtype
        np.testing.assert_array_equal(model.classes_, expected.classes_)
    assert list(spool.iterdir()) == []


def test_weights_of_classes_are_by_label(source: Source) -> None:
    settings = {**SETTINGS, "class_weight": {"high": 1, "low": 5, "mid": 2}}
    expected = MLPClassifier(**settings)
    in_memory(expected, source, "level", None)
    model = MLPClassifier(**settings).fit(source, target="level")
    np.testing.assert_array_equal(model.coefs_[0], expected.coefs_[0])
    with pytest.raises(ValueError, match=r"names .higher., which is no class of the target"):
        MLPClassifier(class_weight={"higher": 1}).fit(source, target="level")


def test_a_regressor_learns_several_targets_of_a_source(source: Source) -> None:
    model = MLPRegressor(**SETTINGS).fit(source, target=["price", "size"])
    assert model.predict(sales(0)).shape == (N_EACH, 2)


def test_rows_without_a_target_are_left_out_with_a_warning(tmp_path: Path) -> None:
    gaps = write_sales(
        tmp_path, file_1=lambda table: table.assign(price=table["price"].mask(table.index < 300))
    )
    with pytest.warns(UserWarning, match="300 of 2,100 rows have no target: they are left out"):
        MLPRegressor(**SETTINGS).fit(gaps, target="price")


def test_a_saved_model_keeps_the_encoding(source: Source, tmp_path: Path) -> None:
    model = MLPClassifier(**SETTINGS).fit(source, target="level")
    lamina.save(model, tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina")
    np.testing.assert_array_equal(loaded.predict_proba(sales(5)), model.predict_proba(sales(5)))
    np.testing.assert_array_equal(loaded.predict_proba(source), model.predict_proba(source))


def test_a_later_fit_to_arrays_drops_the_encoding(source: Source) -> None:
    model = MLPRegressor(**SETTINGS).fit(source, target="price")
    model.fit(np.eye(100), np.arange(100.0))
    assert not hasattr(model, "encoding_")
    with pytest.raises(TypeError, match="this model was fitted to arrays"):
        model.predict(source)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"target=None must name a column of the source.*fit\(source, target='price'\)"),
        ({"y": [1], "target": "price"}, "y is a column of the source: leave y out"),
        ({"target": "price", "sample_weight": [1.0]}, "is the name of a column, got list"),
        ({"target": "price", "validation_data": ([1], [1])}, "set early_stopping=True"),
        ({"target": "price", "spool": 5}, "spool=5 must be the path of a folder"),
    ],
)
def test_wrong_arguments_for_a_source_are_errors_with_a_cure(
    source: Source, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        MLPRegressor().fit(source, **arguments)


@pytest.mark.parametrize("name", ["target", "spool"])
def test_arguments_of_sources_are_refused_with_arrays(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}='price' is for a source"):
        MLPRegressor().fit(np.eye(3), np.arange(3), **{name: "price"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "prize"}, "has no column 'prize'. Did you mean 'price'?"),
        ({"target": "level"}, r"0\.parquet, row group 0: the target 'level' holds text.*in row 1"),
        ({"target": "price", "sample_weight": "city"}, "the sample_weight 'city' holds text"),
        ({"target": ["price", "price"]}, "'price' is named twice"),
    ],
)
def test_wrong_columns_of_a_source_are_errors_with_file_and_row(
    source: Source, spool: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(TableError, match=message):
        MLPRegressor().fit(source, spool=spool, **arguments)
    assert not spool.exists() or list(spool.iterdir()) == []


def test_numbers_with_fractions_are_no_classes(source: Source) -> None:
    with pytest.raises(TableError, match=r"'price' is .* in row 1 of the file, and classes are"):
        MLPClassifier().fit(source, target="price")


def test_a_corrupt_row_group_is_an_error_with_file_and_row_group(
    source: Source, tmp_path: Path, spool: Path
) -> None:
    path = tmp_path / "sales" / "1.parquet"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"1\.parquet, row group \d"):
        MLPRegressor().fit(source, target="price", spool=spool)
    assert not spool.exists() or list(spool.iterdir()) == []


def test_an_int_column_that_turns_to_text_names_file_and_column(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"column 'stars' is .*text.*2\.parquet"):
        write_sales(tmp_path, file_2=lambda table: table.assign(stars=table["stars"].astype(str)))


def test_files_that_change_between_the_passes_are_an_error_without_a_spool(
    source: Source, tmp_path: Path, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamina.encoding import spooling

    def rewrite(*arguments: Any) -> Any:
        sales(9, 50).to_parquet(tmp_path / "sales" / "2.parquet")
        return arrays(*arguments)

    arrays = spooling._arrays
    monkeypatch.setattr(spooling, "_arrays", rewrite)
    with pytest.raises(TableError, match="changed"):
        MLPRegressor().fit(source, target="price", spool=spool)
    assert list(spool.iterdir()) == []


def test_a_full_disk_is_one_error_and_leaves_no_spool(
    source: Source, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: free)
    with pytest.raises(SpoolError, match=r"has 1\.0 kB left, and the spool needs .* \(--spool"):
        MLPRegressor().fit(source, target="price", spool=spool)
    assert list(spool.iterdir()) == []


def test_a_fit_that_diverges_or_is_interrupted_leaves_no_spool(source: Source, spool: Path) -> None:
    with pytest.raises(lamina.errors.NonFiniteError):
        MLPRegressor(
            solver="sgd", learning_rate_init=1e30, max_iter=5, nesterovs_momentum=False
        ).fit(source, target="price", spool=spool)
    assert list(spool.iterdir()) == []

    class Stop:
        def on_epoch_end(self, fit: object) -> None:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted"):
        MLPRegressor(callbacks=[Stop()]).fit(source, target="price", spool=spool)
    assert list(spool.iterdir()) == []


def test_a_fit_to_a_source_resumes_from_a_checkpoint(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "fit.checkpoint"
    whole = MLPRegressor(**SETTINGS | {"max_iter": 8}).fit(source, target="price")
    half = MLPRegressor(**SETTINGS, checkpoint=path).fit(source, target="price")
    rest = half.set_params(max_iter=8).fit(source, target="price", resume=path)
    np.testing.assert_array_equal(rest.coefs_[0], whole.coefs_[0])


KILLED = """
import sys, warnings
warnings.simplefilter("ignore")
import lamina.tables
from lamina import MLPRegressor
source = lamina.tables.open(sys.argv[1], rows_per_batch=32)
print("begun", flush=True)
MLPRegressor(hidden_layer_sizes=(8,), max_iter=100000, tol=0, random_state=0,
             n_iter_no_change=10**6).fit(source, target="price", spool=sys.argv[2])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
@pytest.mark.parametrize("seed", range(4))
def test_the_next_fit_removes_the_spool_of_a_killed_one(
    source: Source, tmp_path: Path, spool: Path, seed: int
) -> None:
    pattern = str(tmp_path / "sales" / "*.parquet")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, pattern, str(spool)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    # The passes take about a second, and the fit has no end.
    time.sleep(random.Random(seed).uniform(0, 2))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    MLPRegressor(**SETTINGS).fit(source, target="price", spool=spool)
    assert list(spool.iterdir()) == []


def test_no_process_keeps_the_files_of_a_spool_open(source: Source, spool: Path) -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    MLPRegressor(**SETTINGS).fit(source, target="price", spool=spool)
    gc.collect()
    assert str(spool) not in Path("/proc/self/maps").read_text()
