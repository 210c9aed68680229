"""Cases count their steps, samples, and multiply-adds."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.speed import rows
from benchmarks.speed.cases import CASES, Case, Work, multiply_adds_per_row
from benchmarks.speed.measurements import MEASUREMENTS
from benchmarks.speed.operations import (
    Operations,
    operations_of_prediction,
    operations_of_training,
)
from scipy import sparse

pytestmark = pytest.mark.repository


def test_the_first_layer_computes_no_input_gradient():
    forward, weights, delta = 5 * 3 + 3 * 2, 5 * 3 + 3 * 2, 3 * 2
    assert multiply_adds_per_row((5, 3, 2)) == forward + weights + delta


def test_held_out_samples_are_not_counted():
    case = Case("plain", "regression", (3,), 32, 2, lambda: rows.plain(101, 5))
    whole, early = (
        Work.from_case(replace(case, early_stopping=held), "float32") for held in (0, 1)
    )
    assert (whole.n_training_rows, whole.n_steps) == (101, 2 * 4)
    assert (early.n_training_rows, early.n_steps) == (90, 2 * 3)
    counted = operations_of_training(early)
    assert counted.multiply_adds == 2 * 90 * multiply_adds_per_row((5, 3, 1))


def test_zeros_take_no_part_in_the_multiply_adds():
    X = np.zeros((4, 5), np.float32)
    X[:, 1] = 1
    case = Case("zeros", "regression", (3,), 2, 1, lambda: (X, np.zeros(4)))
    # One of five features is left: twice in training, once in predictions.
    work = Work.from_case(case, "float32")
    first, last = 1 * 3, 3 * 1
    assert operations_of_training(work).multiply_adds == 4 * (2 * first + 3 * last)
    assert operations_of_prediction(work).multiply_adds == 4 * (first + last)
    stored = replace(case, rows=lambda: (sparse.csr_matrix(X), np.zeros(4)))
    assert operations_of_training(Work.from_case(stored, "float32")) == operations_of_training(work)


def test_updates_and_losses_are_counted():
    work = Work.from_case(replace(CASES["iris"], epochs=2), "float32")
    n_parameters = 5 * 3 + 4 * 2 + 3 * 3
    assert operations_of_training(work) == Operations(
        multiply_adds=2 * 120 * multiply_adds_per_row((4, 3, 2, 3)),
        updates=2 * n_parameters,
        exponentials=2 * 120 * 3,
        logarithms=2 * 120,
    )


@pytest.mark.parametrize("epochs", [1, 30])
def test_shortened_work_is_a_part_of_the_same_work(epochs):
    case = Case("plain", "regression", (3,), 8, epochs, lambda: rows.plain(1000, 5))
    work = Work.from_case(case, "float64")
    short = work.shortened(10)
    assert short.n_steps == work.n_steps // 10 + (epochs == 1)
    assert short.widths == work.widths


def test_two_classes_share_an_output():
    assert Work.from_case(CASES["circles"], "float32").widths == (2, 8, 6, 1)
    assert Work.from_case(CASES["iris"], "float32").widths == (4, 3, 2, 3)


def test_text_is_sparse_and_its_classes_are_balanced():
    X, y = rows.text()
    assert X.shape == (20_000, 50_000)
    assert 0.0008 < X.nnz / np.prod(X.shape) <= 0.001
    assert abs(y.mean() - 0.5) < 0.01


def test_every_case_has_a_name_for_the_command_line():
    assert set(CASES) < set(MEASUREMENTS)
