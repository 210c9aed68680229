"""Files of every format version so far can still be read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lamina.files.model_file import FORMAT_VERSION
from lamina.persistence import describe, load, read_notes

HERE = Path(__file__).parent
GOLDEN_FILES = sorted((HERE / "data").glob("*.lamina"))


@pytest.mark.parametrize("golden", GOLDEN_FILES, ids=lambda path: path.stem)
def test_models_of_older_versions_predict_the_same(golden: Path) -> None:
    model, notes = load(golden), read_notes(golden)
    table = pd.DataFrame(notes["table"])
    method = "predict_proba" if "predict_proba" in notes else "predict"
    np.testing.assert_allclose(getattr(model, method)(table), notes[method], rtol=1e-12)


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION + 1))
def test_every_format_version_has_its_golden_files(version: int) -> None:
    names = {path.stem for path in GOLDEN_FILES if describe(path)["format_version"] == version}
    assert names == {f"classifier_format_{version}", f"table_regressor_format_{version}"}
    assert all(path.stat().st_size < 10_000 for path in GOLDEN_FILES)


def test_the_golden_classifier_has_its_original_parameters() -> None:
    model = load(HERE / "data" / "classifier_format_1.lamina")
    assert model.hidden_layer_sizes == [3, 2]
    assert model.n_iter_no_change == np.inf
    assert type(model.alpha) is np.float32
    assert model.classes_.dtype == "<U5"
    assert model.classes_.tolist() == ["never", "no", "yes"]
    assert model.feature_names_in_.tolist() == ["width", "größe"]
    # The generator is in its state after the fit: an earlier state would draw another number.
    assert model.random_state.randint(10**9) == 689925184


def test_the_golden_classifier_continues_training() -> None:
    golden = HERE / "data" / "classifier_format_1.lamina"
    model, notes = load(golden), read_notes(golden)
    before = model.loss_
    model.partial_fit(pd.DataFrame(notes["table"]), notes["targets"])
    assert model._optimizer_step == 5 * 3 + 3
    assert model.loss_ < before
