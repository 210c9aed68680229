"""`lamina export`: each format, chosen by the output's suffix."""

import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

import lamina as library
from lamina import persistence
from lamina.cli.export_checks import check
from lamina.encoding import TableEncoding
from lamina.export.python import target as python_target
from lamina.export.targets import FILE_TARGETS


def answer(path, table):
    """Return the predictions of onnxruntime for a table whose columns are in the model's order."""
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
def test_a_model_of_a_table_is_exported_to_onnx(target, houses, train, lamina, tmp_path):
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
    actual = answer(tmp_path / "table.onnx", features)[0]
    expected = persistence.load(tmp_path / "table.lamina").predict(features)
    if target == "heating":
        assert actual.tolist() == expected.tolist()
    else:
        np.testing.assert_allclose(actual[:, 0], expected, rtol=1e-9)


def test_a_bare_network_is_written_as_a_source_file(lamina, tmp_path):
    model = library.MLPRegressor(hidden_layer_sizes=(3,), tol=10).fit([[0.0], [1.0]], [0.0, 1.0])
    persistence.save(model, tmp_path / "bare.lamina")
    for name, write in {"bare.py": library.to_python, "bare.h": library.to_c}.items():
        ran = lamina("export", "bare.lamina", "--output", name)
        assert ran.out.startswith(f"bare.lamina is written to {name} (")
        assert ran.out.endswith(" gives the model's predictions on 21 rows)\n")
        assert (tmp_path / name).read_text(encoding="utf-8") == write(model)


def test_onnx_gives_the_predicted_mean_and_standard_deviation(houses, train, lamina, tmp_path):
    pytest.importorskip("skl2onnx")
    table = houses[["built", "price"]].copy()
    table.to_csv(tmp_path / "table.csv", index=False)
    train("table.csv", "-t", "price", "--set", "loss=gaussian_nll")
    assert lamina("export", "table.lamina", "-o", "table.onnx").code == 0
    assert lamina("predict", "table.lamina", "table.csv", "-o", "expected.csv").code == 0
    mean, std = answer(tmp_path / "table.onnx", table[["built"]])
    expected = pd.read_csv(tmp_path / "expected.csv")
    np.testing.assert_allclose(mean[:, 0], expected["prediction"], rtol=1e-9)
    np.testing.assert_allclose(std[:, 0], expected["std"], rtol=1e-9)


def test_a_model_that_onnx_cannot_express_is_rejected_in_a_line(houses, train, refusal, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("skl2onnx")
    houses["owner"] = ["", None, "yes"] * (len(houses) // 3)
    houses.to_parquet(tmp_path / "houses.parquet")
    train("houses.parquet", "-t", "heating", "--text", "owner")
    assert "column 'owner' has both" in refusal("export", "houses.lamina", "-o", "h.onnx")


@pytest.mark.usefixtures("houses")
def test_a_model_that_cannot_be_exported_is_rejected_in_a_line(train, refusal, tmp_path):
    train("houses.csv", "-t", "heating")
    assert "must end in .onnx, .py, .h" in refusal("export", "houses.lamina", "-o", "houses.txt")
    (tmp_path / "there.onnx").touch()
    assert "--overwrite" in refusal("export", "houses.lamina", "-o", "there.onnx")


@pytest.mark.parametrize("options", [(), ("--dtype", "float32"), ("--dtype", "float64")])
@pytest.mark.parametrize("target", ["price", "heating"])
def test_a_model_of_a_table_is_exported_to_every_format_and_checked(
    target, options, houses, train, lamina, tmp_path
):
    pytest.importorskip("onnxruntime")
    train("houses.csv", "-t", target)
    for name in ("h.onnx", "h.py", "h.h"):
        ran = lamina("export", "houses.lamina", "-o", name, *options)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"houses.lamina is written to {name} (")
        if shutil.which("cc") or name != "h.h":
            assert ran.out.endswith(" gives the model's predictions on 22 rows)\n")
    names = {}
    exec((tmp_path / "h.py").read_text(encoding="utf-8"), names)
    table = houses.drop(columns=target).rename(columns=str.strip)
    table["garden"] = table["garden"].map({"true": True, "false": False})
    actual = names["predict"](table.to_dict("records"))
    expected = persistence.load(tmp_path / "houses.lamina").predict(table)
    if target == "heating":
        assert actual.tolist() == expected.tolist()
    else:
        np.testing.assert_allclose(actual, expected, rtol=1e-3 if "float32" in options else 1e-11)


@pytest.mark.usefixtures("houses")
def test_an_export_with_other_predictions_is_not_written(train, refusal, monkeypatch, tmp_path):
    train("houses.csv", "-t", "price")
    right = python_target.render

    def wrong(program):
        return right(program).replace("np.maximum(z, 0)", "np.maximum(z, 0.5)")

    monkeypatch.setattr(python_target, "render", wrong)
    assert "predictions of Python differ from the model's" in refusal(
        "export", "houses.lamina", "-o", "houses.py"
    )
    assert not (tmp_path / "houses.py").exists()


@pytest.mark.usefixtures("houses")
def test_an_export_that_cannot_be_checked_is_reported(train, lamina, monkeypatch):
    pytest.importorskip("onnx")
    train("houses.csv", "-t", "price")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "not checked: no C compiler" in lamina("export", "houses.lamina", "-o", "h.h").out
    ran = lamina("export", "houses.lamina", "-o", "h.onnx")
    assert "not checked: onnxruntime is not installed" in ran.out


@pytest.mark.usefixtures("houses")
def test_an_unknown_dtype_is_rejected_with_the_nearest_name(train, refusal):
    train("houses.csv", "-t", "price")
    line = refusal("export", "houses.lamina", "-o", "h.py", "--dtype", "float23")
    assert "--dtype must be float32 or float64, got 'float23'. Did you mean 'float32'?" in line


@pytest.mark.parametrize("activation", ["gelu", "prelu", "leaky_relu"])
def test_every_activation_is_exported_in_float64(activation, houses, train, lamina):
    pytest.importorskip("onnxruntime")
    train("houses.csv", "-t", "price", "--set", f"activation={activation}")
    assert "onnxruntime gives" in lamina("export", "houses.lamina", "-o", "h.onnx").out


@pytest.mark.parametrize("target", ["price", "heating"])
def test_an_ensemble_for_tables_is_exported_to_every_format_and_is_checked(
    target, houses, lamina, tmp_path
):
    pytest.importorskip("onnxruntime")
    trained = lamina("train", "houses.csv", "-t", target, "--quality", "fast")
    assert trained.code == 0, trained.err
    for options in ((), ("--dtype", "float32"), ("--dtype", "float64")):
        for name in ("h.py", "h.h", "h.onnx"):
            ran = lamina("export", "houses.lamina", "-o", name, "--overwrite", *options)
            assert (ran.code, ran.err) == (0, "")
            assert ran.out.startswith(f"houses.lamina is written to {name} (")
            if shutil.which("cc") or name != "h.h":
                assert ran.out.endswith(" gives the model's predictions on 22 rows)\n")
            assert (tmp_path / name).exists()


@pytest.mark.usefixtures("houses")
def test_a_model_in_float32_is_exported_in_float64(train, lamina):
    train("houses.csv", "-t", "price", "--set", "dtype=float32")
    ran = lamina("export", "houses.lamina", "-o", "h.py", "--dtype", "float64")
    assert (ran.code, ran.err) == (0, "")


def test_a_model_of_times_with_a_zone_is_checked_in_utc():
    times = pd.date_range("2024-01-01", periods=40, freq="7h", tz="Europe/Berlin")
    table = pd.DataFrame({"time": times, "size": np.linspace(0, 1, 40)})
    network = library.MLPRegressor(tol=10.0, random_state=0)
    model = make_pipeline(TableEncoding(), network).fit(table, table["size"])
    target = FILE_TARGETS[".py"]
    content = target.write(model, None)
    assert "gives the model's predictions on 22 rows" in check(target, model, content, None)
