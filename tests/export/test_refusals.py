"""Unsupported parts of a model raise an error that names them; none is omitted."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier as TheirClassifier

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.blocks import Dense
from lamina.errors import ExportError
from lamina.export.lowering import fitted_network as fitted_network_module
from lamina.export.lowering.fitted_network import fitted_network
from lamina.network import NetworkSpec

EXPORTS = [lamina.to_c, lamina.to_python, lamina.to_sklearn]
every_export = pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.__name__)


@dataclass(frozen=True)
class Gated(Dense):
    """Block of a type that no export supports."""


@dataclass(frozen=True)
class Deeper(NetworkSpec):
    """Spec with a field that no export supports."""

    ensemble: int = 1


def with_spec(monkeypatch, model, spec):
    network = replace(fitted_network_module.get_network(model), spec=spec)
    monkeypatch.setattr(fitted_network_module, "get_network", lambda model: network)


@every_export
def test_an_unfitted_model_is_rejected(export):
    with pytest.raises(NotFittedError):
        export(MLPClassifier())


@every_export
@pytest.mark.parametrize("other", [DummyClassifier(), TheirClassifier(), "model", None])
def test_other_objects_are_rejected(export, other):
    with pytest.raises(
        TypeError, match=r"requires lamina's MLPClassifier or MLPRegressor, got .*\."
    ):
        export(other)


def test_rounded_products_in_another_dtype_are_rejected(fit):
    model = fit("binary", precision="bfloat16")
    with pytest.raises(ExportError, match=r"dtype='float64' .*set_params\(precision=None\)"):
        lamina.to_c(model, dtype="float64")
    assert "const float *x" in lamina.to_c(model)
    assert "const double *x" in lamina.to_c(model.set_params(precision=None), dtype="float64")


@every_export
def test_infinite_weights_are_rejected(export, fit):
    model = fit("binary")
    model.coefs_[0][1, 2] = np.nan
    with pytest.raises(ExportError, match="not finite"):
        export(model)


def test_weights_too_large_for_the_dtype_are_rejected(fit):
    model = fit("binary")
    model.coefs_[0][1, 2] = 1e300
    with pytest.raises(ExportError, match="not finite in float32"):
        lamina.to_c(model, dtype="float32")


@pytest.mark.parametrize("dtype", ["float16", "int32"])
def test_only_float32_and_float64_are_supported(dtype, fit):
    with pytest.raises(ValueError, match=f"dtype='{dtype}' .*'float32' or 'float64'"):
        lamina.to_c(fit("binary"), dtype=dtype)


@every_export
def test_an_unknown_type_of_block_is_rejected(export, fit, monkeypatch):
    model = fit("binary")
    spec = fitted_network_module.get_network(model).spec
    gated = Gated(**vars(spec.blocks[0]))
    with_spec(monkeypatch, model, replace(spec, blocks=(gated, *spec.blocks[1:])))
    with pytest.raises(ExportError, match="block 'hidden_1' of type Gated"):
        export(model)


def test_an_unknown_field_is_rejected_unless_it_has_its_default(fit, monkeypatch):
    model = fit("binary")
    spec = fitted_network_module.get_network(model).spec
    monkeypatch.setitem(fitted_network_module.KNOWN, Deeper, frozenset({"blocks", "inverse_link"}))
    with_spec(monkeypatch, model, Deeper(spec.blocks, spec.inverse_link))
    assert fitted_network(model).network.spec.ensemble == 1
    with_spec(monkeypatch, model, Deeper(spec.blocks, spec.inverse_link, ensemble=4))
    with pytest.raises(ExportError, match="ensemble=4 of the network"):
        fitted_network(model)


class Pairs:
    """User's loss whose inverse link does not predict one number per target."""

    inverse_link = "mean_and_std"

    def value_and_delta(self, logits, y, sample_weight):
        return np.sum((logits - y) ** 2, axis=1), 2 * (logits - y)


@every_export
def test_custom_losses_that_predict_pairs_are_rejected(export, fit):
    with pytest.raises(ExportError, match="no export supports loss=None"):
        export(fit("numbers", loss=Pairs()))


@pytest.mark.parametrize("labels", [[("a", 1), ("b", 2)], [b"a", b"b"]])
@pytest.mark.parametrize("kind", ["binary", "columns of texts"])
def test_labels_without_a_type_in_the_format_are_rejected(labels, kind, fit):
    model, classes = fit(kind), np.empty(2, dtype=object)
    classes[:] = labels
    model.classes_ = classes if kind == "binary" else [model.classes_[0], classes]
    for export in (lamina.to_c, lamina.to_python):
        with pytest.raises(ExportError, match="cannot represent the label"):
            export(model)


def test_the_written_source_is_also_returned(fit, tmp_path: Path):
    model = fit("multiclass")
    for export in (lamina.to_c, lamina.to_python):
        source = export(model, tmp_path / "model")
        assert (tmp_path / "model").read_text(encoding="utf-8") == source


@every_export
def test_an_export_does_not_change_the_model(export, fit, rows):
    model, twin = fit("numbers"), fit("numbers")
    exported = export(model)
    if not isinstance(exported, str):
        exported.coefs_[0][...] = 0
    np.testing.assert_array_equal(model.predict(rows), twin.predict(rows))


def test_a_regressor_is_rejected_in_the_same_cases():
    with pytest.raises(NotFittedError):
        lamina.to_python(MLPRegressor())


def test_other_exports_work_without_onnx():
    code = (
        "import sys; sys.modules['onnx'] = sys.modules['skl2onnx'] = None;"
        "sys.modules['onnxruntime'] = None;"
        "import lamina; model = lamina.MLPRegressor(tol=10).fit([[0.0], [1.0]], [0.0, 1.0]);"
        "lamina.to_python(model); lamina.to_c(model)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
