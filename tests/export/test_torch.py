"""PyTorch: modules with equal outputs; modules converted to models, or rejected by layer."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import lamina
from lamina.choices import classes_of
from lamina.choices.docstrings import other_value
from lamina.errors import ExportError
from lamina.formulas import ACTIVATIONS

torch = pytest.importorskip("torch")
nn = torch.nn

from lamina.export.torch_layers import Heads, MeanAndStd, RoundedLinear  # noqa: E402


def run(module, X):
    with torch.no_grad():
        return module(torch.from_numpy(X)).numpy()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_round_trip_gives_the_same_model(kind, dtype, fit, rows, answer):
    if kind == "one class":
        pytest.skip("an output for one class says nothing about it")
    model, X = fit(kind, dtype), rows.astype(dtype)
    is_classified = model.out_activation_ == "softmax" or kind == "binary"
    names = model.classes_ if is_classified else None
    back = lamina.from_torch(lamina.to_torch(model), classes=names)
    assert type(back) is type(model)
    assert back.activation == model.activation
    assert tuple(back.hidden_layer_sizes) == tuple(model.hidden_layer_sizes)
    np.testing.assert_array_equal(answer(back, X), answer(model, X))
    np.testing.assert_array_equal(back.predict(X), model.predict(X))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_round_trips(activation, fit):
    back = lamina.from_torch(lamina.to_torch(fit("numbers", activation=activation)))
    assert back.activation == activation


@pytest.mark.parametrize("cls", classes_of("activation").values(), ids=lambda cls: cls.name)
def test_hyperparameters_of_activations_round_trip(cls, fit, rows, answer):
    values = {each.name: other_value(each) for each in cls.hyperparameters}
    model = fit("numbers", activation=cls(**values))
    back = lamina.from_torch(lamina.to_torch(model))
    assert back.activation == (cls(**values) if values else cls.name)
    np.testing.assert_array_equal(answer(back, rows), answer(model, rows))


@pytest.mark.parametrize(
    "parameters",
    [
        {"activation": ["tanh", "prelu"], "output_activation": "softsign"},
        {"normalization": "batch", "dropout": [0.1, 0.2]},
        {"normalization": "layer", "residual": True, "hidden_layer_sizes": (5, 5, 3, 3)},
        {"residual": True, "dropout": 0.4, "input_dropout": 0.2, "hidden_layer_sizes": (4, 4)},
    ],
)
def test_every_architecture_round_trips(parameters, fit, rows, answer, target):
    model = fit("multiclass", **parameters)
    back = lamina.from_torch(lamina.to_torch(model), classes=model.classes_)
    for name, value in parameters.items():
        assert getattr(back, name) == value
    np.testing.assert_array_equal(answer(back, rows), answer(model, rows))
    back.partial_fit(rows, target("multiclass"))


@pytest.mark.parametrize("residual", [False, True])
def test_a_precision_round_trips_without_rounding_weights(residual, fit, rows):
    sizes = (4, 4) if residual else (5,)
    parameters = {"precision": "bfloat16", "residual": residual, "hidden_layer_sizes": sizes}
    model = fit("multiclass", "float32", **parameters)
    back = lamina.from_torch(lamina.to_torch(model), classes=model.classes_)
    assert back.precision == "bfloat16"
    np.testing.assert_array_equal(back.coefs_[0], model.coefs_[0])
    np.testing.assert_array_equal(back.predict_proba(rows), model.predict_proba(rows))


def test_rounded_products_can_be_trained_in_pytorch(fit, rows):
    module = lamina.to_torch(fit("numbers", precision="bfloat16"))
    X = torch.from_numpy(rows).float()
    before = module.hidden_1.weight.clone()
    module(X).square().mean().backward()
    torch.optim.SGD(module.parameters(), lr=1e-4).step()
    assert not torch.equal(module.hidden_1.weight, before)
    assert module.hidden_1.weight.dtype == torch.float32


def test_mean_and_std_are_inputs_of_pytorchs_loss(fit, rows, target):
    model = fit("means and stds")
    mean, std = lamina.to_torch(model)(torch.from_numpy(rows))
    y = target("means and stds")
    loss = nn.GaussianNLLLoss(reduction="sum", eps=1e-30)
    actual = loss(mean, torch.from_numpy(y), std**2)
    own_mean, own_std = model.predict(rows, return_std=True)
    expected = np.sum(np.log(own_std) + ((own_mean - y) / own_std) ** 2 / 2)
    assert actual.item() == pytest.approx(expected, rel=1e-10)


def test_logits_of_several_columns_of_labels_are_a_list(fit, rows):
    model = fit("columns of texts")
    module = lamina.to_torch(model, logits=True)
    with torch.no_grad():
        columns = module(torch.from_numpy(rows))
    for logits, expected in zip(columns, model.predict_proba(rows), strict=True):
        np.testing.assert_allclose(torch.softmax(logits, dim=1), expected, rtol=1e-10)
    back = lamina.from_torch(module, classes=model.classes_)
    np.testing.assert_array_equal(back.predict(rows), model.predict(rows))


def test_lists_of_classes_divide_the_outputs_of_a_module(rows):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 5)).double()
    model = lamina.from_torch(module, classes=[["no", "yes"], ["b", "c", "a"]])
    z = run(module, rows)
    first = np.where(z[:, 1] > z[:, 0], "yes", "no")
    second = np.array(["b", "c", "a"])[z[:, 2:].argmax(axis=1)]
    assert model.predict(rows).tolist() == np.stack([first, second], axis=1).tolist()
    assert [labels.tolist() for labels in model.classes_] == [["no", "yes"], ["a", "b", "c"]]
    model.partial_fit(rows, model.predict(rows))


@pytest.mark.parametrize("kind", ["columns of texts", "means and stds"])
def test_modules_with_several_outputs_can_be_traced_and_exported(kind, fit, rows, answer):
    model = fit(kind)
    X = torch.from_numpy(rows)
    exported = torch.export.export(lamina.to_torch(model), (X,)).module()
    parts = [part.detach().numpy() for part in exported(X)]
    np.testing.assert_allclose(np.hstack(parts), answer(model, rows), rtol=1e-10)


def test_dropout_and_running_statistics_work_in_further_training(fit, rows):
    module = lamina.to_torch(fit("numbers", normalization="batch", dropout=0.5))
    before = run(module, rows)
    module.train()
    assert not np.allclose(run(module, rows), before)
    module.eval()
    assert not np.allclose(run(module, rows), before)
    statistics = lamina.from_torch(module).running_statistics_[0]
    np.testing.assert_array_equal(statistics[0], module.hidden_1_normalization.running_mean)


def test_a_normalization_without_parameters_is_supported(rows):
    norms = [nn.BatchNorm1d(5, affine=False), nn.LayerNorm(5, bias=False)]
    for norm in norms:
        module = nn.Sequential(nn.Linear(4, 5), norm, nn.ReLU(), nn.Linear(5, 1)).double().eval()
        model = lamina.from_torch(module)
        np.testing.assert_allclose(model.predict(rows), run(module, rows)[:, 0], rtol=1e-10)


def test_logits_are_inputs_of_pytorchs_losses(fit, rows):
    model = fit("multiclass")
    logits = run(lamina.to_torch(model, logits=True), rows)
    p = torch.softmax(torch.from_numpy(logits), dim=1).numpy()
    np.testing.assert_allclose(p, model.predict_proba(rows), rtol=1e-12)


def test_a_module_trained_in_pytorch_converts_back(fit, rows):
    model = fit("binary", "float32")
    module = lamina.to_torch(model, logits=True)
    X, y = torch.from_numpy(rows).float(), torch.from_numpy(rows[:, :1] > 0).float()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(module(X), y).backward()
        optimizer.step()
    back = lamina.from_torch(module, classes=model.classes_)
    p = torch.sigmoid(module(X)).detach().numpy()
    np.testing.assert_allclose(back.predict_proba(X.numpy())[:, 1:], p, rtol=1e-5)
    assert not np.allclose(back.coefs_[0], model.coefs_[0])


def test_a_module_is_named_after_the_blocks_and_draws_no_random_numbers(fit):
    model = fit("multiclass", activation="tanh")
    torch.manual_seed(0)
    module = lamina.to_torch(model)
    assert torch.initial_seed() == 0
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.rand(1) == drawn
    assert list(dict(module.named_children())) == [
        "hidden_1",
        "hidden_1_activation",
        "hidden_2",
        "hidden_2_activation",
        "output",
        "inverse_link",
    ]
    assert not module.training


def test_a_module_has_a_copy_of_the_weights(fit, rows):
    model = fit("numbers")
    module, before = lamina.to_torch(model), model.predict(rows)
    with torch.no_grad():
        module.hidden_1.weight.zero_()
    np.testing.assert_array_equal(model.predict(rows), before)
    back = lamina.from_torch(module)
    back.coefs_[1][...] = 0
    assert module.hidden_2.weight.abs().max() > 0


def test_a_model_from_pytorch_can_be_trained_and_saved(rows, tmp_path):
    module = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)).double()
    model = lamina.from_torch(module, classes=["no", "yes"])
    before = model.predict_proba(rows)
    lamina.save(model, tmp_path / "model")
    np.testing.assert_array_equal(lamina.load(tmp_path / "model").predict_proba(rows), before)
    y = np.where(rows[:, 0] > 0, "yes", "no")
    for _ in range(3):
        model.partial_fit(rows, y)
    assert len(model.loss_curve_) == 3
    assert not np.allclose(model.predict_proba(rows), before)


@pytest.mark.parametrize(
    ("end", "classes", "cls", "inverse_link"),
    [
        ([nn.Linear(5, 1)], None, "MLPRegressor", "identity"),
        ([nn.Linear(5, 3), nn.Identity()], None, "MLPRegressor", "identity"),
        ([nn.Linear(5, 1), nn.Sigmoid()], None, "MLPClassifier", "logistic"),
        ([nn.Linear(5, 1), nn.Sigmoid()], ["b", "a"], "MLPClassifier", "logistic"),
        ([nn.Linear(5, 1)], [False, True], "MLPClassifier", "logistic"),
        ([nn.Linear(5, 3), nn.Sigmoid()], None, "MLPClassifier", "logistic"),
        ([nn.Linear(5, 3), nn.Softmax(dim=1)], None, "MLPClassifier", "softmax"),
        ([nn.Linear(5, 3), nn.LogSoftmax(dim=-1)], ["c", "a", "b"], "MLPClassifier", "softmax"),
        ([nn.Linear(5, 3)], [3, 1, 2], "MLPClassifier", "softmax"),
        ([nn.Linear(5, 2)], ["b", "a"], "MLPClassifier", "logistic"),
        ([nn.Linear(5, 2), nn.Softmax(dim=1)], None, "MLPClassifier", "logistic"),
    ],
)
def test_the_last_layer_determines_the_model(end, classes, cls, inverse_link, rows):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), *end).double()
    model = lamina.from_torch(module, classes=classes)
    assert type(model).__name__ == cls
    assert model.out_activation_ == inverse_link
    z = run(nn.Sequential(*module[:3]), rows)
    if cls == "MLPRegressor":
        np.testing.assert_allclose(model.predict(rows).reshape(z.shape), z, rtol=1e-12)
        return
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) if z.shape[1] > 1 else 1 / (1 + np.exp(-z))
    if isinstance(end[-1], nn.Sigmoid):
        p = 1 / (1 + np.exp(-z))
    if z.shape[1] == 1:
        p = np.hstack([1 - p, p])
    order = np.arange(p.shape[1]) if classes is None else np.argsort(classes)
    assert model.classes_.tolist() == (list(order) if classes is None else sorted(classes))
    np.testing.assert_allclose(model.predict_proba(rows), p[:, order], rtol=1e-10)


def test_nested_modules_without_biases_in_half_precision_are_supported(rows):
    body = nn.Sequential(nn.Flatten(), nn.Linear(4, 5, bias=False), nn.ReLU(inplace=True))
    module = nn.Sequential(body, nn.Sequential(nn.Linear(5, 5), nn.ReLU()), nn.Linear(5, 1))
    model = lamina.from_torch(module.bfloat16())
    X = rows.astype(np.float32)
    np.testing.assert_allclose(model.predict(X), run(module.float(), X)[:, 0], rtol=1e-5, atol=1e-6)
    assert model.coefs_[0].dtype == np.float32


def test_layers_are_rounded_all_or_none():
    for precisions, message in (
        (("bfloat16", None), r"layer '1', Linear\(.*of all layers or of none"),
        (
            ("float16", "float16"),
            r"layer '0', RoundedLinear\(.*lamina supports rounding to bfloat16",
        ),
    ):
        layers = [
            nn.Linear(4, 4) if precision is None else RoundedLinear(4, 4, precision)
            for precision in precisions
        ]
        with pytest.raises(ExportError, match=message):
            lamina.from_torch(nn.Sequential(*layers))


class OwnForward(nn.Sequential):
    def forward(self, X):
        return -super().forward(X)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([nn.Conv1d(4, 5, 1)], r"layer '0', Conv1d\(4, 5.*: lamina supports Linear"),
        ([nn.Linear(4, 5), nn.Hardshrink(), nn.Linear(5, 1)], r"layer '1', Hardshrink\(0.5\)"),
        ([nn.Linear(4, 5), nn.Softplus(2), nn.Linear(5, 1)], r"layer '1', Softplus\(beta=2"),
        ([nn.Linear(4, 5), nn.Tanh(), nn.Tanh(), nn.Linear(5, 1)], r"layer '2', Tanh\(\)"),
        ([nn.Tanh(), nn.Linear(4, 1)], r"layer '0', Tanh\(\)"),
        ([nn.Linear(4, 5), nn.Flatten(), nn.Linear(5, 1)], r"layer '1', Flatten"),
        ([OwnForward(nn.Linear(4, 1))], r"layer '0', OwnForward"),
        ([nn.Linear(4, 5), nn.Sequential(nn.Tanh(), nn.Bilinear(5, 5, 1))], r"layer '1.1', Bil"),
        ([nn.Linear(4, 5), nn.BatchNorm1d(5, eps=0.1), nn.Linear(5, 1)], r"layer '1', BatchNorm1d"),
        (
            [nn.Linear(4, 5), nn.BatchNorm1d(5, track_running_stats=False), nn.Linear(5, 1)],
            r"layer '1', BatchNorm1d",
        ),
        ([nn.Linear(4, 5), nn.ReLU(), nn.BatchNorm1d(5), nn.Linear(5, 1)], r"layer '2', BatchNorm"),
        ([nn.Linear(4, 1), nn.LayerNorm(1)], r"layer '1', LayerNorm.*not support normalization"),
        ([nn.Linear(4, 1), nn.Dropout(0.2)], r"layer '1', Dropout.*not support dropout of"),
        (
            [nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 5), nn.Linear(5, 1)],
            r"layer '2' has a different normalization from layer '0'",
        ),
        (
            [nn.Linear(4, 4), Heads([2, 2], nn.Tanh())],
            r"(?s)layer '1', Heads.*a softmax for each col",
        ),
        ([nn.Linear(4, 4), nn.Softsign(), MeanAndStd(), nn.ReLU()], "layer '2', MeanAndStd"),
        ([], "no Linear layer"),
        ([nn.Softmax(dim=1)], "no Linear layer"),
    ],
)
def test_the_first_unsupported_layer_is_named(layers, message):
    with pytest.raises(ExportError, match=message):
        lamina.from_torch(nn.Sequential(*layers))


@pytest.mark.parametrize(
    ("module", "classes", "message"),
    [
        (nn.Linear(4, 3), ["a", "b"], "classes must name 3 different labels"),
        (nn.Linear(4, 3), ["a", "b", "a"], "classes must name 3 different labels"),
        (nn.Linear(4, 1), ["a"], "classes must name 2 different labels"),
        (
            nn.Sequential(nn.Linear(4, 3), nn.Sigmoid()),
            ["a", "b", "c"],
            "their labels are numbered",
        ),
        (nn.Sequential(nn.Linear(4, 1), nn.Softmax(dim=1)), None, "one output with softmax"),
        (nn.Linear(4, 3), [["a", "b"], ["c", "d"]], "different labels for 3 outputs, column by"),
        (nn.Linear(4, 4), [["a", "b"], ["c", "c"]], "different labels for 4 outputs, column by"),
        (
            nn.Sequential(nn.Linear(4, 4), Heads([2, 2], nn.Softmax(dim=1))),
            [["a"], ["b", "c", "d"]],
            r"different labels for \[2, 2\] outputs, column by",
        ),
        (
            nn.Sequential(nn.Linear(4, 4), nn.Sigmoid()),
            [["a", "b"], ["c", "d"]],
            "several columns of labels with logistic: lamina uses a softmax for each",
        ),
        (
            nn.Sequential(nn.Linear(4, 3), MeanAndStd()),
            None,
            "3 outputs with mean_and_std: the number must be even",
        ),
    ],
)
def test_classes_that_do_not_match_the_outputs_are_rejected(module, classes, message):
    with pytest.raises(ExportError, match=message):
        lamina.from_torch(module, classes=classes)


def test_other_objects_than_modules_are_rejected():
    with pytest.raises(TypeError, match=r"requires a torch.nn.Module, got dict"):
        lamina.from_torch({})


def test_a_missing_pytorch_is_named_with_its_install_command(fit, monkeypatch):
    model = fit("binary")
    for module in ("sequential", "reading"):
        monkeypatch.setitem(sys.modules, f"lamina.export.pytorch.{module}", None)
    for call in (lamina.to_torch, lamina.from_torch):
        with pytest.raises(ImportError, match=r'needs PyTorch: pip install "lamina\[torch\]"'):
            call(model)
