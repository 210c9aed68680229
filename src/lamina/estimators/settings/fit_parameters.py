"""Parameters of the course of a fit: its end, validation, reports, checkpoints and engine."""

from __future__ import annotations

import math
from numbers import Real
from os import PathLike

from sklearn.utils._param_validation import Options

from lamina.engines.choose import ENGINES
from lamina.engines.device import NAMES
from lamina.estimators.settings.device_choice import DeviceNames, PrecisionNames
from lamina.estimators.settings.parameter import (
    AT_LEAST_ONE,
    BELOW_ONE,
    FACTOR,
    NOT_NEGATIVE,
    POSITIVE,
    Parameter,
    one_of,
)
from lamina.estimators.settings.refusals import Names
from lamina.formulas import PRECISIONS
from lamina.formulas.precisions import TF32

BAR = "bar"
LAST_OF_TIES = "last_of_ties"
DTYPES = ("float32", "float64")

FIT_PARAMETERS = {
    "max_iter": Parameter(
        "int",
        [AT_LEAST_ONE],
        """
        Maximum number of epochs, or of iterations of 'lbfgs'.
        """,
    ),
    "max_seconds": Parameter(
        "float or None",
        [POSITIVE, None],
        """
        Time limit of `fit`, in seconds. It ends within 100 ms of the limit, in the middle of an
        epoch if need be, with the weights of the last complete step. 'lbfgs' ends before its next
        evaluation of the loss.
        """,
    ),
    "tol": Parameter(
        "float",
        [NOT_NEGATIVE],
        """
        Smallest decrease of the loss, or increase of the validation score, that counts as progress.
        For 'lbfgs', training ends when the largest element of the gradient is at most `tol`, or the
        loss has settled to nine digits.
        """,
    ),
    "n_iter_no_change": Parameter(
        "int or inf",
        [AT_LEAST_ONE, Options(Real, {math.inf})],
        """
        Number of consecutive epochs that may bring no progress; one more is a stall.
        """,
    ),
    "patience_factor": Parameter(
        "float",
        [FACTOR],
        """
        Factor of at least 1 that gives later progress more patience: a stall is when the number of
        epochs exceeds patience_factor · p + `n_iter_no_change`, with p the epoch of the latest
        progress, counted from 1. 1 is the rule of `n_iter_no_change` alone; with 3, a fit that last
        progressed in epoch 20 may run to epoch 60 and `n_iter_no_change` more. Not for 'lbfgs'.
        """,
    ),
    "shuffle": Parameter(
        "bool",
        ["boolean"],
        """
        If True, draw a new order of the samples for every epoch. Ignored by 'lbfgs'.
        """,
    ),
    "drop_last": Parameter(
        "bool",
        ["boolean"],
        """
        If True, an epoch leaves out its last minibatch where that has fewer samples than the
        others. The order of the samples is the same, so with `shuffle=True` every epoch leaves out
        others; the loss of an epoch is the mean over the samples that it used. Not for 'lbfgs'.
        """,
    ),
    "random_state": Parameter(
        "int, RandomState or None",
        ["random_state"],
        """
        Seed or generator from which the first weights, the samples held out for early stopping, and
        the order of the samples are drawn, in this sequence. An int gives the same model every
        time, and the same as scikit-learn's.
        """,
    ),
    "warm_start": Parameter(
        "bool",
        ["boolean"],
        """
        If True, `fit` starts from the weights of the previous fit, with a new optimizer; changed
        widths are then an error. If y has more classes than before, the outputs grow; with fewer it
        is an error. With an int `random_state`, every fit draws the same orders of
        samples and the same validation set again, as scikit-learn does; dropout and noise are drawn
        anew.
        """,
    ),
    "early_stopping": Parameter(
        "bool",
        ["boolean"],
        """
        If True, hold out part of the samples and stop when the score on them (the accuracy of a
        classifier, R² of a regressor, D² for quantiles), rather than the training loss, no longer
        improves; the weights of the best epoch are restored at the end. The split is stratified for
        two classes, but not for more, nor for multilabel targets or numbers.
        """,
    ),
    "validation_fraction": Parameter(
        "float",
        [BELOW_ONE],
        """
        Fraction of the samples that early stopping holds out.
        """,
    ),
    "monitor": Parameter(
        "str, callable, list of these or None",
        [str, callable, list, tuple, None],
        """
        Quantity that decides whether an epoch brought progress: 'loss', the training loss;
        'validation_loss'; or a scorer, by scikit-learn's name or as `scorer(model, X, y)`, on the
        samples held out by early stopping or given as `validation_data`. In a list, the first
        decides, and all become columns of `history_`. None is the accuracy of a classifier or R²
        of a regressor with early_stopping=True, else 'loss'. 'gradient_norm' in the list decides
        nothing: it adds the norm of the gradient to `history_`, for a few percent of the time. With
        'lbfgs', `n_iter_no_change` counts only where held-out samples decide, those of
        `validation_data`.
        """,
    ),
    "restore_best": Parameter(
        "bool, 'last_of_ties' or None",
        ["boolean", Names({LAST_OF_TIES}), None],
        """
        If True, restore the weights of the best epoch by `monitor` at the end, the first of several
        that are equally good; 'last_of_ties' restores the last of these. None does as True if
        held-out samples decide.
        """,
    ),
    "verbose": Parameter(
        "bool or 'bar'",
        ["verbose", Names({BAR})],
        """
        If True, print a line for every epoch, or iteration of 'lbfgs'; 'bar' shows a progress bar
        with rich or tqdm.
        """,
    ),
    "diagnostics": Parameter(
        "bool or 'auto'",
        [Names({"auto"}), "boolean"],
        """
        If True, check every fit for unscaled features and targets, dead or saturated units, scores
        that cannot rise, and losses that diverge or rise on the validation set; each finding is a
        DiagnosticWarning that names the cure. With 'auto' a fit warns only where scikit-learn's
        does: its ConvergenceWarning then lists the findings. Both keep the findings in
        `diagnoses_`; False checks nothing.
        """,
    ),
    "callbacks": Parameter(
        "object, list of these or None",
        [object],
        """
        Objects with any of the methods `on_fit_begin(fit)`, `on_step(fit)`, `on_epoch_end(fit)`,
        `on_fit_end(fit)`, which may stop the fit, set its learning rate, or read its network;
        `lamina.training.callbacks` has ready-made ones. A saved model leaves them out. An epoch of
        'lbfgs' is one iteration, without a learning rate to set.
        """,
    ),
    "checkpoint": Parameter(
        "str, path-like or None",
        [str, PathLike, None],
        """
        File to which the training state is written during the fit, atomically: `fit(X, y,
        resume=path)` resumes from it with bit-identical results, also after `kill -9`. An existing
        file is replaced. The state of callbacks is not saved.
        """,
    ),
    "checkpoint_every": Parameter(
        "int or None",
        [AT_LEAST_ONE, None],
        """
        Number of epochs between two checkpoints; every epoch if `checkpoint_seconds` is None too.
        """,
    ),
    "checkpoint_seconds": Parameter(
        "float or None",
        [POSITIVE, None],
        """
        Number of seconds between two checkpoints, each written at the end of an epoch.
        """,
    ),
    "dtype": Parameter(
        f"{one_of(DTYPES)} or None",
        [Names(set(DTYPES)), None],
        """
        Data type of the computation. None takes float32 for float32 inputs and float64 for all
        others. 'lbfgs' does not support 'float32'.
        """,
    ),
    "precision": Parameter(
        f"{one_of([*PRECISIONS, TF32])} or None",
        [PrecisionNames(), None],
        """
        Type to which both operands of every matrix product are rounded, in `fit` and in `predict`;
        sums, weights and everything else stay in float32, which this implies. 'bfloat16' is faster
        on a processor with AVX-512-BF16 or AMX and on a GPU; slower on any other, with a warning.
        `lamina.show_config()` shows which of them computes. The product of sparse inputs with the
        first weights is not rounded. 'tf32', with 10 bits of mantissa, is for NVIDIA's GPUs since
        Ampere (`device='cuda'`); a model that was fitted with it predicts in float32 elsewhere.
        Neither is for 'lbfgs'.
        """,
    ),
    "engine": Parameter(
        f"{one_of(ENGINES)} or None",
        [Names(set(ENGINES)), None],
        """
        Engine that runs the arithmetic; None chooses the fastest on the CPU, or 'pytorch' for a
        GPU (`device`). Every engine gives the same numbers, up to rounding.
        """,
    ),
    "n_threads": Parameter(
        "int or None",
        [AT_LEAST_ONE, None],
        """
        Number of threads of the native engine. None leaves the number to a cost model, within the
        cores that this process may use and OMP_NUM_THREADS. A number above both these cores and 16
        is reduced to the larger of the two. The result is bit-identical for any number of threads.
        """,
    ),
    "device": Parameter(
        f"{one_of(NAMES)} or None",
        [DeviceNames(), None],
        """
        Device that runs the arithmetic, in `fit` and in `predict`. 'cuda' and 'mps' are GPUs of
        NVIDIA and Apple, 'cuda:1' is the second one; they use the engine 'pytorch'. 'auto' is the
        best device that is present, which `engine_` names. None is the CPU. 'mps' computes in
        float32 only. `lamina.devices()` lists what this machine has. A fitted model whose device
        is absent predicts on the CPU, with a warning.
        """,
    ),
}
