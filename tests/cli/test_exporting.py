"""`lamina export`: what a model file becomes, by the output's suffix."""

import numpy as np
import pandas as pd
import pytest

import lamina as library
from lamina import persistence


def answer(path, table):
    """What onnxruntime answers for a table; columns are in their order."""
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(path)
    feed = {}
    for each, name in zip(session.get_inputs(), table.columns, strict=True):
        if each.type == "tensor(int64)":
            days = pd.to_datetime(table[[name]].squeeze())
            feed[each.name] = days.to_numpy("datetime64[us]").astype(np.int64).reshape(-1, 1)
            continue
        column = table[[name]]
        is_text = each.type == "tensor(string)"
        feed[each.name] = (
            column.fillna("").astype(str).to_numpy() if is_text else column.to_numpy(np.float64)
        )
    return session.run(None, feed)


@pytest.mark.parametrize("target", ["price", "heating"])
def test_a_model_of_a_table_goes_to_onnx(target, houses, train, lamina, tmp_path):
    pytest.importorskip("skl2onnx")
    table = (
        houses.drop(columns="id").rename(columns=str.strip).replace({"true": True, "false": False})
    )
    table["garden"] = table["garden"].astype(float)
    table.to_csv(tmp_path / "table.csv", index=False)
    train("table.csv", "-t", target, "--task", "auto")
    ran = lamina("export", "table.lamina", "-o", "table.onnx")
    assert (ran.code, ran.err) == (0, "")
    features = pd.read_csv(tmp_path / "table.csv").drop(columns=target)
    given = answer(tmp_path / "table.onnx", features)[0]
    expected = persistence.load(tmp_path / "table.lamina").predict(features)
    if target == "heating":
        assert given.tolist() == expected.tolist()
    else:
        np.testing.assert_allclose(given[:, 0], expected, rtol=1e-9)


def test_a_network_alone_becomes_a_source_file(lamina, tmp_path):
    model = library.MLPRegressor(hidden_layer_sizes=(3,), tol=10).fit([[0.0], [1.0]], [0.0, 1.0])
    persistence.save(model, tmp_path / "bare.lamina")
    for name, write in {"bare.py": library.to_python, "bare.h": library.to_c}.items():
        ran = lamina("export", "bare.lamina", "--output", name)
        assert ran.out == f"bare.lamina is now also {name}\n"
        assert (tmp_path / name).read_text(encoding="utf-8") == write(model)


def test_a_mean_and_its_spread_go_to_onnx_as_they_are_predicted(houses, train, lamina, tmp_path):
    pytest.importorskip("skl2onnx")
    table = houses[["built", "price"]].copy()
    table.to_csv(tmp_path / "table.csv", index=False)
    train("table.csv", "-t", "price", "--set", "loss=gaussian_nll")
    assert lamina("export", "table.lamina", "-o", "table.onnx").code == 0
    assert lamina("predict", "table.lamina", "table.csv", "-o", "expected.csv").code == 0
    mean, spread = answer(tmp_path / "table.onnx", table[["built"]])
    expected = pd.read_csv(tmp_path / "expected.csv")
    np.testing.assert_allclose(mean[:, 0], expected["prediction"], rtol=1e-9)
    np.testing.assert_allclose(spread[:, 0], expected["std"], rtol=1e-9)


def test_what_onnx_cannot_say_is_refused_in_a_line(houses, train, refusal, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("skl2onnx")
    houses["owner"] = ["", None, "yes"] * (len(houses) // 3)
    houses.to_parquet(tmp_path / "houses.parquet")
    train("houses.parquet", "-t", "heating")
    assert "column 'owner' has both" in refusal("export", "houses.lamina", "-o", "h.onnx")


@pytest.mark.usefixtures("houses")
def test_what_cannot_be_exported_is_refused_in_a_line(train, refusal, tmp_path):
    train("houses.csv", "-t", "heating")
    assert "must end in .onnx, .py, .h" in refusal("export", "houses.lamina", "-o", "houses.txt")
    (tmp_path / "there.onnx").touch()
    assert "--overwrite" in refusal("export", "houses.lamina", "-o", "there.onnx")
