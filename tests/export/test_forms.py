"""Exports for tables with text columns that were read as numbers, dates and times of day."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import lamina
from lamina.encoding.columns import READERS
from lamina.encoding.table_reading import columns_of_new
from lamina.export.lowering.models import lower_model

pd = pytest.importorskip("pandas")
pytest.importorskip("typer")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_SAMPLES = 120


@pytest.fixture(scope="module")
def model_and_table() -> tuple[Any, Any]:
    """Model of a file with German formats, and its table as read."""
    from lamina.cli.recipe import build_model
    from lamina.encoding import TableEncoding

    draw = np.random.RandomState(0)
    days = pd.date_range("2023-01-30", periods=N_SAMPLES, freq="1D")
    table = pd.DataFrame(
        {
            "income": [f"1.{i:03d},50" for i in range(N_SAMPLES)],
            "day": days.strftime("%d.%m.%Y"),
            "start": [f"{i % 24:02d}:{i % 60:02d}" for i in range(N_SAMPLES)],
            "shop": draw.choice(["a", "b", "007"], N_SAMPLES),
            "same": ["x"] * N_SAMPLES,
        }
    )
    model = build_model("regression", {"hidden_layer_sizes": (5,), "max_iter": 5, "tol": 10.0}, 0)
    model.fit(table, draw.normal(size=N_SAMPLES) * 100)
    encoding = model.regressor_[0]
    assert isinstance(encoding, TableEncoding)
    assert set(encoding.forms_) >= {"income", "day", "start"}
    return model, table


def understood(model: Any, table: Any) -> Any:
    """Return the table's columns as numbers, dates and texts."""
    encoding = model.regressor_[0]
    columns = columns_of_new(encoding, table)
    return pd.DataFrame({each.name: columns[each.name] for each in lower_model(model).inputs})


def test_a_python_file_accepts_parsed_values(model_and_table):
    model, table = model_and_table
    names: dict[str, Any] = {}
    exec(lamina.to_python(model), names)
    actual = names["predict"](understood(model, table))
    np.testing.assert_allclose(actual, model.predict(table), rtol=1e-11)


def test_a_python_file_rejects_texts_of_special_number_formats(
    model_and_table,
):
    model, table = model_and_table
    names: dict[str, Any] = {}
    exec(lamina.to_python(model), names)
    rows = understood(model, table).to_dict("records")
    rows[3]["income"] = "1.234"
    with pytest.raises(ValueError, match=r"'income' holds '1\.234' in row 4, where a number"):
        names["predict"](rows)
    rows[3]["income"] = " "
    assert np.isfinite(names["predict"](rows)).all()


def test_every_format_describes_times_of_day(model_and_table):
    model, _ = model_and_table
    assert "hours since midnight" in lamina.to_c(model)
    assert "hours since midnight" in lamina.to_python(model)
    pytest.importorskip("onnx")
    descriptions = {each.name: each.doc_string for each in lamina.to_onnx(model).graph.input}
    assert "hours since midnight" in descriptions["start"]


def test_onnx_accepts_parsed_values(model_and_table):
    onnxruntime = pytest.importorskip("onnxruntime")
    model, table = model_and_table
    session = onnxruntime.InferenceSession(lamina.to_onnx(model).SerializeToString())
    columns, feed = understood(model, table), {}
    for each, column in zip(session.get_inputs(), lower_model(model).inputs, strict=True):
        assert each.name == re.sub(r"\W", "_", column.name)
        values = READERS[column.kind](column.name, columns[column.name])
        if column.kind == "date":
            values = np.round(values * 86_400e6).astype(np.int64)
        feed[each.name] = np.asarray(values).reshape(-1, 1)
    [actual] = session.run(None, feed)
    np.testing.assert_allclose(actual[:, 0], model.predict(table), rtol=1e-10)
