"""Custom losses on a device: in NumPy through the host, and modules of PyTorch as they are."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from tests.engines.test_custom_loss import Failing, Written

from lamina import MLPClassifier, MLPRegressor
from lamina.engines import choose_engine
from lamina.errors import HostLossWarning

torch = pytest.importorskip("torch")

from tests.contracts.test_pytorch import (  # noqa: E402
    ADAM,
    assert_epochs_agree,
    assert_passes_agree,
)

from lamina.engines.pytorch.losses import HostLoss, on_device  # noqa: E402

X = np.random.RandomState(0).standard_normal((60, 4))
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)


@pytest.fixture(scope="module")
def pytorch():
    return choose_engine("pytorch", device="cpu")


@pytest.mark.parametrize("loss", ["squared_error", "log_loss", "binary_log_loss"])
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
def test_a_custom_loss_in_numpy_equals_the_references(
    pytorch, reference, draw_problem, loss, weighted
):
    problem = draw_problem(loss=loss, weighted=weighted)
    problem = replace(problem, objective=replace(problem.objective, loss=Written(loss)))
    assert_passes_agree(pytorch, reference, problem, 1e-10)
    assert_epochs_agree(pytorch, reference, problem, ADAM, 1e-10)


def test_an_error_of_a_custom_loss_ends_the_fit_after_whole_steps(pytorch, draw_problem):
    problem = draw_problem()
    loss = Failing(2, OSError)
    problem = replace(problem, objective=replace(problem.objective, loss=loss))
    trainer, _, _ = problem.trainer(pytorch, ADAM)
    with pytest.raises(OSError, match="no more"):
        trainer.epoch(np.arange(11), 4, np.full(3, 0.01))
    assert trainer.step == 2


def test_a_custom_loss_in_numpy_warns_on_a_device_other_than_the_cpu(draw_problem):
    objective = replace(draw_problem().objective, loss=Written("squared_error"))
    with pytest.warns(HostLossWarning, match=r"copied from device='cuda:0' and back"):
        assert isinstance(on_device(objective, torch.device("cuda:0")).loss, HostLoss)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        on_device(objective, torch.device("cpu"))


@pytest.mark.parametrize("engine", ["pytorch", "native", "reference"])
def test_losses_of_torch_train_like_lamina_s(engine):
    settings = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0, "engine": engine}
    pairs = [
        (torch.nn.CrossEntropyLoss(reduction="none"), "log_loss", CLASSES),
        (torch.nn.BCEWithLogitsLoss(reduction="none"), "log_loss", CLASSES > 0),
    ]
    for loss, name, y in pairs:
        found, expected = (MLPClassifier(loss=each, **settings) for each in (loss, name))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found, expected = (clone(each).fit(X, y) for each in (found, expected))
        np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-8)
        np.testing.assert_allclose(found.predict_proba(X), expected.predict_proba(X), rtol=1e-8)


def test_a_loss_of_torch_has_its_own_weights_and_those_of_samples():
    class_weights = torch.tensor([0.5, 1.0, 2.0])
    loss = torch.nn.CrossEntropyLoss(class_weights, reduction="none")
    weight = np.random.RandomState(1).uniform(0.5, 2, len(X))
    settings = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0, "engine": "pytorch"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = MLPClassifier(loss=loss, **settings).fit(X, CLASSES, sample_weight=weight)
        both = weight * class_weights.numpy()[CLASSES]
        # The table's loss is divided by the sum of both weights, and a step has the mean of them.
        expected = MLPClassifier(batch_size=60, **settings).fit(X, CLASSES, sample_weight=both)
    factor = both.sum() / weight.sum()
    assert found.loss_curve_[0] == pytest.approx(expected.loss_curve_[0] * factor, rel=1e-3)


def test_a_loss_of_torch_that_is_reduced_is_refused_with_the_cure():
    model = MLPRegressor(loss=torch.nn.MSELoss())
    with pytest.raises(ValueError, match=r"reduction='mean'.*pass MSELoss\(reduction='none'\)"):
        model.fit(X, X[:, 0])
