"""What the cases count: steps, rows, and the multiply-adds of the dense mathematics."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.speed import rows
from benchmarks.speed.cases import CASES, Case, Work, multiply_adds_per_row
from benchmarks.speed.measurements import MEASUREMENTS

pytestmark = pytest.mark.repository


def test_the_first_layers_inputs_need_no_gradient():
    forward, weights, delta = 5 * 3 + 3 * 2, 5 * 3 + 3 * 2, 3 * 2
    assert multiply_adds_per_row((5, 3, 2)) == forward + weights + delta


def test_the_rows_held_out_are_neither_stepped_through_nor_counted():
    case = Case("plain", "regression", (3,), 32, 2, lambda: rows.plain(101, 5))
    whole, early = (Work.of(replace(case, early_stopping=held), "float32") for held in (0, 1))
    assert (whole.n_training_rows, whole.n_steps) == (101, 2 * 4)
    assert (early.n_training_rows, early.n_steps) == (90, 2 * 3)
    assert early.multiply_adds == 2 * 90 * multiply_adds_per_row((5, 3, 1))


@pytest.mark.parametrize("epochs", [1, 30])
def test_a_shortened_work_does_less_of_the_same(epochs):
    case = Case("plain", "regression", (3,), 8, epochs, lambda: rows.plain(1000, 5))
    work = Work.of(case, "float64")
    short = work.shortened(10)
    assert short.n_steps == work.n_steps // 10 + (epochs == 1)
    assert short.widths == work.widths


def test_two_classes_share_an_output():
    assert Work.of(CASES["circles"], "float32").widths == (2, 8, 6, 1)
    assert Work.of(CASES["iris"], "float32").widths == (4, 3, 2, 3)


def test_text_is_as_sparse_as_the_table_says_and_its_classes_are_even():
    X, y = rows.text()
    assert X.shape == (20_000, 50_000)
    assert 0.0008 < X.nnz / np.prod(X.shape) <= 0.001
    assert abs(y.mean() - 0.5) < 0.01


def test_every_case_can_be_asked_for_by_name():
    assert set(CASES) < set(MEASUREMENTS)
