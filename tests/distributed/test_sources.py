"""A fit of a source on shards is that of its encoded rows, and leaves no spool behind."""

import numpy as np
import pytest

import lamina

pytest.importorskip("pyarrow")
from tests.estimators.source_files import write_sales

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def make():
    return lamina.MLPRegressor(
        hidden_layer_sizes=(8,), max_iter=3, random_state=0, diagnostics=False
    )


def test_a_source_is_fitted_as_its_encoded_rows_are(tmp_path):
    folder = tmp_path / "sales"
    folder.mkdir()
    source, spool = write_sales(folder), tmp_path / "spool"
    model = lamina.distributed.fit(make(), source, target="price", spool=spool)
    assert model.engine_.endswith("on 8 shards")
    assert not spool.exists() or [*spool.iterdir()] == []
    plain = make().fit(source, target="price")
    assert model.loss_curve_ == pytest.approx(plain.loss_curve_, rel=0.2)
    assert np.isfinite(model.predict(source)).all()


def test_a_target_is_for_sources_alone():
    with pytest.raises(TypeError, match="target='price' is for a source"):
        lamina.distributed.fit(make(), np.zeros((4, 2)), np.zeros(4), target="price")
