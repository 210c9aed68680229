"""Scores on training rows equal those of the model at that epoch."""

import numpy as np
import pytest

from lamina.workbench.views.frames import decode
from lamina.workbench.views.training_scores import training_scores


@pytest.mark.parametrize("name", ["moons", "hills"])
def test_scores_equal_those_of_the_model_at_that_epoch(session, until, name):
    made = session({"data": {"name": name}})
    made.do({"do": "step", "epochs": 3})
    until(lambda: made.run.controller.latest.epoch == 3)
    header, arrays = decode(training_scores(made.views.training_scores, made.snapshot))
    run = made.run
    prepared = run.prepared
    assert (header["run"], header["n_samples"]) == (run.id, len(prepared.X_train))
    assert (arrays["epochs"].tolist(), header["missing"]) == ([0, 1, 2, 3], 0)
    for epoch, score in zip(arrays["epochs"], arrays["scores"], strict=True):
        model = run.get_model(run.controller.snapshots.nearest(epoch))
        expected = model.score(prepared.X_train, prepared.y_train)
        np.testing.assert_allclose(score, expected, rtol=1e-12, atol=1e-12)
