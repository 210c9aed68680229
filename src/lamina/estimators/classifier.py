"""MLPClassifier, a multi-layer perceptron for classification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_is_fitted

from lamina.encoding.targets import Labels, TargetEncoding
from lamina.estimators.fitting.classes import (
    are_same_classes,
    code_for_classes,
    pair_labels,
    require_labels,
)
from lamina.estimators.fitting.tasks import Classification, Task
from lamina.estimators.fitting.wrong_data import (
    explained,
    refuse_labels_without_order,
    score_weights,
)
from lamina.estimators.perceptron import Perceptron, has_partial_fit
from lamina.estimators.settings.constraints import CLASSIFICATION_CONSTRAINTS, CONSTRAINTS
from lamina.estimators.settings.refusals import shown
from lamina.formulas.table import Array


class MLPClassifier(ClassifierMixin, Perceptron):  # type: ignore[misc]
    """Multi-layer perceptron for classification, with the same numbers as scikit-learn's.

    Each layer computes z = a_prev W + b and a = f(z). The inverse link turns the last layer's z
    into probabilities p: softmax for three or more classes, the logistic function for two classes
    and for each label of multilabel targets; several columns of labels have a softmax each.
    Training minimises the loss plus the penalty on the weights. The default loss is the log loss,
    -log p of the right class, averaged over the samples and summed over labels and columns.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Number of units in each hidden layer, in order from the inputs. An int gives one hidden
        layer; `()` gives a linear model.
    activation : str or sequence of str, default='relu'
        Activation function f of the hidden layers, a = f(z): one name for all, or one for each
        layer.

        - 'identity': f(z) = z; the network collapses to a linear one;
        - 'logistic': f(z) = 1 / (1 + exp(-z));
        - 'tanh': f(z) = tanh(z);
        - 'relu': f(z) = max(0, z);
        - 'leaky_relu', 'prelu': f(z) = z where z is positive, else 0.01 z for 'leaky_relu' and s z
          for 'prelu', with an s that each unit learns;
        - 'elu', 'selu': f(z) = z where z is positive, else exp(z) - 1; 'selu' scales both parts so
          that activations keep their mean and variance in a deep network (with initializer
          'lecun_normal');
        - 'gelu', 'silu', 'mish': z Φ(z), z / (1 + exp(-z)), z tanh(log(1 + exp(z))): smooth
          relatives of 'relu';
        - 'softplus': f(z) = log(1 + exp(z)); 'softsign': f(z) = z / (1 + |z|);
        - 'relu6': f(z) = min(max(0, z), 6); 'hardswish': f(z) = z min(max(0, z + 3), 6) / 6;
        - 'sine': f(z) = sin(z), for signals with fine detail, on inputs of a suitable scale.
    solver : str, default='adam'
        Algorithm that minimises the loss. 'lbfgs' is SciPy's quasi-Newton method; it uses all
        samples at once, computes in float64, and is often the best for small data. All others are
        minibatch solvers: each step is w ← w - η …, with g the gradient of one batch:

        - 'sgd': gradient descent with momentum; reads `momentum`, `nesterovs_momentum`;
        - 'adam': scales its steps by running means m of g and v of g² (Kingma, Ba 2014); reads
          `beta_1`, `beta_2`, `epsilon`, `amsgrad`;
        - 'adamw': Adam with decoupled weight decay, with PyTorch's numbers (Loshchilov, Hutter
          2019); reads the same parameters as 'adam' and follows every schedule;
        - 'nadam': Adam with Nesterov momentum (Dozat 2016); reads `beta_1`, `beta_2`, `epsilon`;
        - 'rmsprop': η g / (√v + ε) (Tieleman, Hinton 2012); reads `decay_rate`, `epsilon`;
        - 'adagrad': η g / (√s + ε), s the sum of all g² (Duchi, Hazan, Singer 2011), for sparse
          features; reads `epsilon`, and needs a larger `learning_rate_init`, such as 0.01;
        - 'lion': η sign(β₁ m + (1 - β₁) g), then m ← β₂ m + (1 - β₂) g (Chen et al. 2023); reads
          `beta_1` and `beta_2` (0.99 in the paper), and needs a learning rate three to ten times
          smaller than Adam's;
        - 'muon': η · 0.2 √max(fan_in, fan_out) times the orthogonal matrix nearest to each layer's
          momentum, so that all directions move alike (Jordan et al. 2024). 'adamw' updates biases
          and the other parameters of units, at the same η. Reads `momentum`, `nesterovs_momentum`,
          and for 'adamw' `beta_1`, `beta_2`, `epsilon`. A step takes three to four times as long as
          Adam's.
    alpha : float, default=0.0001
        Strength α of the penalty, by default ½ α ‖W‖². It is added to the sum of a batch's losses,
        so in the mean it is divided by the number of samples in the batch, or by the sum of their
        weights. Biases are not penalised.
    batch_size : int or 'auto', default='auto'
        Number of samples in a minibatch; 'auto' is min(200, n_samples). Ignored by 'lbfgs'.
    learning_rate : str or callable, default='constant'
        Schedule of the learning rate η, starting from η₀, which is `learning_rate_init`. The first
        three are scikit-learn's, and 'adam' ignores them as scikit-learn's does; all others apply
        to every minibatch solver.

        - 'constant': η = η₀;
        - 'invscaling': η = η₀ / (samples seen + 1)^power_t, updated after every epoch;
        - 'adaptive': η₀ until progress stalls, then η / 5 at every stall, down to 1e-6;
        - 'exponential': η = η₀ decay^epoch;
        - 'step': η = η₀ factor^⌊epoch / every⌋;
        - 'cosine': half a cosine from η₀ down over all epochs, or over `period` of them; it then
          restarts from η₀, with each period `period_factor` times as long as the one before
          (Loshchilov, Hutter 2017);
        - 'one_cycle': up from η₀ / initial_divisor to η₀ over the fraction `rising` of all steps,
          then down to almost zero, along cosines (Smith 2018);
        - 'polynomial': η = η₀ (1 - step / all steps)^power;
        - 'plateau': η ← factor η after more than `patience` epochs without progress; keep
          `patience` below `n_iter_no_change`, at which training stops;
        - `function(step, epoch)`: its result is η; both count from 0.
    learning_rate_init : float, default=0.001
        Initial learning rate η₀. Ignored by 'lbfgs'.
    power_t : float, default=0.5
        Exponent of 'invscaling'.
    max_iter : int, default=200
        Maximum number of epochs, or of iterations of 'lbfgs'.
    shuffle : bool, default=True
        If True, draw a new order of the samples for every epoch. Ignored by 'lbfgs'.
    random_state : int, RandomState or None, default=None
        Seed or generator from which the first weights, the samples held out for early stopping, and
        the order of the samples are drawn, in this sequence. An int gives the same model every
        time, and the same as scikit-learn's.
    tol : float, default=0.0001
        Smallest decrease of the loss, or increase of the validation score, that counts as progress.
        For 'lbfgs', training ends when the largest element of the gradient is at most `tol`.
    verbose : bool or 'bar', default=False
        If True, print a line for every epoch; 'bar' shows a progress bar with rich or tqdm.
    warm_start : bool, default=False
        If True, `fit` starts from the weights of the previous fit, with a new optimizer; changed
        widths are then an error. With an int `random_state`, every fit draws the same orders of
        samples and the same validation set again, as scikit-learn does; dropout and noise are drawn
        anew.
    momentum : float, default=0.9
        μ of 'sgd', between 0 and 1: v ← μ v - η g, w ← w + v; and of 'muon', whose momentum is M ←
        μ M + (1 - μ) G.
    nesterovs_momentum : bool, default=True
        If True, use Nesterov momentum: 'sgd' steps by w ← w + μ v - η g, and 'muon' by μ M + (1 -
        μ) G.
    early_stopping : bool, default=False
        If True, hold out part of the samples and stop when the accuracy on them, rather than the
        training loss, no longer improves; the weights of the best epoch are restored at the end.
        The split is stratified for two classes, but not for more, nor for multilabel targets.
    validation_fraction : float, default=0.1
        Fraction of the samples that early stopping holds out.
    beta_1, beta_2 : float, default=0.9 and 0.999
        Decay rates of the running means of 'adam' and its variants: m ← β₁ m + (1 - β₁) g of the
        gradient, and v ← β₂ v + (1 - β₂) g² of its square; both from 0 to below 1.
    epsilon : float, default=1e-8
        ε in a step of 'adam', w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε); of 'adamw', which
        adds it to √(v / (1 - β₂ᵗ)); and of the other solvers that divide by a root.
    n_iter_no_change : int or inf, default=10
        Number of consecutive epochs that may bring no progress; one more is a stall.
    max_fun : int, default=15000
        Maximum number of evaluations of the loss by 'lbfgs'.
    output_activation : str or None, default=None
        Activation, by the same names as `activation`, applied to the last layer's z before the
        inverse link; 'softplus', for instance, makes every prediction of a regression positive. The
        attribute `out_activation_` names something else: the inverse link itself.
    normalization : {'batch', 'layer'} or None, default=None
        Normalization of z in every hidden layer before f: z' = γ (z - mean) / √(variance + 10⁻⁵) +
        β with a γ and a β that each unit learns. 'batch' takes mean and variance over the samples
        of a batch, and running estimates when predicting (Ioffe, Szegedy 2015); 'layer' takes them
        over the units, for each sample (Ba, Kiros, Hinton 2016). Biases before 'batch' keep their
        initial values: subtracting the mean cancels them, so their gradient is zero, and neither
        penalty nor weight decay acts on biases.
    residual : bool, default=False
        If True, a hidden layer adds the output of the hidden layer before it to its own, where both
        have the same width (He, Zhang, Ren, Sun 2015): a = f(z) + a_prev.
    dropout : float or sequence of float, default=0.0
        Fraction of a hidden layer's activations that every training step sets to zero, one number
        for all layers or one for each; the others are divided by 1 - fraction (Srivastava et al.
        2014). The draws depend only on seed, step, sample and unit, so the result is the same on
        any engine and with any number of threads.
    input_dropout : float, default=0.0
        The same fraction for the inputs, which must be dense.
    input_noise : float, default=0.0
        Standard deviation of the normal noise that every training step adds to the inputs, which
        must be dense (Bishop 1995, Training with noise is equivalent to Tikhonov regularization).
    initializer : str or array-like, default='glorot_uniform'
        Initial weights. Biases start at zero, except for the first:

        - 'glorot_uniform': W, b ~ U(-√(k / (fan_in + fan_out)), +√(k / (fan_in + fan_out))), k = 2
          for 'logistic' and 6 for all others, as in scikit-learn (Glorot, Bengio 2010);
        - 'glorot_normal': normal, with the same variance k / 3 / (fan_in + fan_out);
        - 'he_uniform', 'he_normal': variance g² / fan_in, which keeps the size of activations from
          layer to layer: 1 / g² is the mean of f(z)² over normal z, ½ for 'relu' (He et al. 2015);
        - 'lecun_uniform', 'lecun_normal': variance 1 / fan_in, for 'selu' (LeCun et al. 1998);
        - 'orthogonal': g Q, with Q uniformly distributed among the matrices whose columns (or rows,
          where there are fewer of them) are orthonormal (Saxe, McClelland, Ganguli 2014), for deep
          networks;
        - 'zeros': for teaching, because all units of a layer then stay alike;
        - an array of all parameters in one vector, or a list of arrays, `coefs_` followed by
          `intercepts_`, to start from another model's weights.
    decay_rate : float, default=0.99
        ρ of 'rmsprop', from 0 to below 1: v ← ρ v + (1 - ρ) g².
    amsgrad : bool, default=False
        If True, 'adam' and 'adamw' divide by the root of the largest v so far in place of v, which
        makes them converge in cases where they otherwise may not (Reddi, Kale, Kumar 2018).
    penalty : {'l2', 'l1', 'elasticnet'}, default='l2'
        Penalty on the weights that `alpha` multiplies: ½ ‖W‖²; ‖W‖₁, which drives weights of no use
        to zero; or a mixture of both, ρ ‖W‖₁ + (1 - ρ) ½ ‖W‖² with ρ the `l1_ratio`, as in
        scikit-learn's SGDClassifier. The derivative of |w| at 0 is taken as 0. 'lbfgs' needs a
        derivative everywhere, so it supports 'l2' alone.
    l1_ratio : float, default=0.5
        ρ of 'elasticnet', from 0 to 1.
    weight_decay : float or None, default=None
        λ of decoupled weight decay, W ← W - η λ W before every step, applied to weights and never
        to biases (Loshchilov, Hutter 2019). It acts in addition to the penalty, and is not divided
        by the number of samples in a batch. None is 0.01 for 'adamw', as in PyTorch, and 0 for all
        others. Not for 'lbfgs'.
    max_gradient_norm : float or None, default=None
        Largest norm of a batch's gradient, taken over all parameters and with the penalty; a larger
        gradient is scaled down: g ← g · max_gradient_norm / ‖g‖ (Pascanu, Mikolov, Bengio 2013).
        None scales nothing. Not for 'lbfgs'.
    average_decay : float or None, default=None
        d of the exponential moving average of the parameters, a ← d a + (1 - d) w after every step
        (Polyak, Juditsky 1992), from 0 to below 1; 0.999 is usual. `coefs_`, `intercepts_`,
        predictions and validation use the average. It is bias-corrected as Adam's means are: the
        initial weights have no part in it. Training itself continues from the weights that are not
        averaged, also in `partial_fit` and after a warm start. None keeps no average. Not for
        'lbfgs'.
    dtype : {'float32', 'float64'} or None, default=None
        Data type of the computation. None takes float32 for float32 inputs and float64 for all
        others. 'lbfgs' does not support 'float32'.
    precision : {'bfloat16'} or None, default=None
        Type to which both operands of every matrix product are rounded, in `fit` and in `predict`;
        sums, weights and everything else stay in float32, which this implies. Much faster on a
        processor with AMX; slower, with the same result, on any other. The product of sparse inputs
        with the first weights is not rounded. Not for 'lbfgs'.
    engine : {'native', 'reference'} or None, default=None
        Engine that runs the arithmetic; None chooses the fastest that this machine has. Every
        engine gives the same numbers, up to rounding.
    n_threads : int or None, default=None
        Number of threads of the native engine. None leaves the number to a cost model, within the
        cores that this process may use and OMP_NUM_THREADS. A number above both these cores and 16
        is reduced to the larger of the two. The result is bit-identical for any number of threads.
    learning_rate_options : dict or None, default=None
        Settings that replace the schedule's defaults: 'exponential' decay=0.95; 'step' factor=0.1,
        every=30; 'cosine' period=None, period_factor=1, lowest=0; 'one_cycle' rising=0.3,
        initial_divisor=25, final_divisor=1e4; 'polynomial' power=1, lowest=0; 'plateau' factor=0.2,
        patience=5, lowest=0. lowest is a fraction of η₀.
    warmup : float, default=0
        Number of epochs, which may be a fraction, over which η rises linearly to the value at which
        the schedule then begins: η (step + 1) / warm-up steps (Goyal and others 2017). Not for
        'lbfgs'.
    monitor : str, callable, list of these or None, default=None
        Quantity that decides whether an epoch brought progress: 'loss', the training loss;
        'validation_loss'; or a scorer, by scikit-learn's name or as `scorer(model, X, y)`, on the
        samples held out by early stopping or given as `validation_data`. In a list, the first
        decides, and all become columns of `history_`. None is the accuracy with
        early_stopping=True, else 'loss'. 'gradient_norm' in the list decides nothing: it adds the
        norm of the gradient to `history_`, for a few percent of the time. Not for 'lbfgs'.
    restore_best : bool or None, default=None
        If True, restore the weights of the best epoch by `monitor` at the end. None does so if
        held-out samples decide. Not for 'lbfgs'.
    max_seconds : float or None, default=None
        Time limit of `fit`, in seconds. It ends within 100 ms of the limit, in the middle of an
        epoch if need be, with the weights of the last complete step. 'lbfgs' ends before its next
        evaluation of the loss.
    callbacks : object, list of these or None, default=None
        Objects with any of the methods `on_fit_begin(fit)`, `on_step(fit)`, `on_epoch_end(fit)`,
        `on_fit_end(fit)`, which may stop the fit, set its learning rate, or read its network;
        `lamina.training.callbacks` has ready-made ones. A saved model leaves them out. Not for
        'lbfgs'.
    diagnostics : bool or 'auto', default='auto'
        If True, check every fit for unscaled features and targets, dead or saturated units, scores
        that cannot rise, and losses that diverge or rise on the validation set; each finding is a
        DiagnosticWarning that names the cure. With 'auto' a fit warns only where scikit-learn's
        does: its ConvergenceWarning then lists the findings. Both keep the findings in
        `diagnoses_`; False checks nothing.
    checkpoint : str, path-like or None, default=None
        File to which the training state is written during the fit, atomically: `fit(X, y,
        resume=path)` resumes from it with bit-identical results, also after `kill -9`. An existing
        file is replaced. The state of callbacks is not saved. Not for 'lbfgs'.
    checkpoint_every : int or None, default=None
        Number of epochs between two checkpoints; every epoch if `checkpoint_seconds` is None too.
    checkpoint_seconds : float or None, default=None
        Number of seconds between two checkpoints, each written at the end of an epoch.
    loss : {'log_loss', 'focal'} or object, default='log_loss'
        Loss, averaged over the samples:

        - 'log_loss': -log p of the right class (Good 1952), summed over the labels of multilabel
          targets and over the columns of several;
        - 'focal': -(1 - p)^γ log p, γ being `focal_gamma`: samples that are already right count
          less, so that a rare or hard class is not drowned (Lin et al. 2017). Probabilities come
          out less extreme than the frequencies.

        A custom loss is an object with `value_and_delta(logits, y, sample_weight)`, in NumPy. From
        logits (n_samples, n_outputs), y, and sample_weight (n_samples,) or None it returns the loss
        of each sample (n_samples,) and its derivative with respect to the logits (n_samples,
        n_outputs), both multiplied by sample_weight. y holds zeros and ones, (n_samples, 1) for two
        classes and (n_samples, n_labels) for multilabel targets, or int32 class codes, (n_samples,)
        for more classes and (n_samples, n_targets) for several columns. The loss of a sample must
        depend on that sample alone; `fit` checks this on the first samples. Probabilities are the
        logistic function or softmax of the logits, as for every loss. An exception in it ends the
        fit. A model with a custom loss cannot be saved: call `set_params(loss='log_loss')` first.
    focal_gamma : float, default=2.0
        γ of loss='focal'; 0 is the log loss.
    label_smoothing : float, default=0.0
        ε of label smoothing, from 0 to below 1: the target of a class becomes 1 - ε plus its part
        of ε, which is divided evenly among all classes, so that no logit is driven to infinity
        (Szegedy et al. 2016). Multilabel targets become ε / 2 and 1 - ε / 2.
    class_weight : dict, 'balanced', list of dict or None, default=None
        Weight of each class, multiplied by `sample_weight`: {label: weight}, where a class that is
        not listed has weight one. 'balanced' is n_samples / (n_classes · samples of the class). For
        multilabel targets and several columns, a list with a dict for each column, whose weights
        multiply. Samples that early stopping holds out are weighted in the same way.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of these
        Sorted labels; for multilabel targets, the column numbers; for several columns of labels,
        the labels of each.
    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer; they and the biases are views of one vector.
    intercepts_ : list of ndarray of shape (fan_out,)
        Biases of each layer.
    unit_parameters_ : list of ndarray of shape (n, fan_out)
        Other parameters of the units of each layer, one kind a row: γ and β of a normalization, the
        s of 'prelu'; only if a layer has such parameters.
    running_statistics_ : list of ndarray of shape (2, fan_out)
        Running mean and variance of each layer; only with normalization='batch'.
    n_iter_ : int
        Number of epochs or iterations of the latest fit.
    n_layers_ : int
        Number of layers, input and output layer included.
    n_outputs_ : int
        Number of outputs.
    out_activation_ : str
        Inverse inverse link, from logits to probabilities: 'softmax' or 'logistic', as in
        scikit-learn. The parameter `output_activation` is another function, applied before it.
    loss_ : float
        Mean loss of the latest epoch, penalty included; the loss of each batch is measured before
        its step.
    loss_curve_ : list of float
        `loss_` of every epoch; a warm start appends to it. Not for 'lbfgs'.
    best_loss_ : float or None
        Minimum of `loss_curve_` if the loss decides; None with early stopping. Not for 'lbfgs'.
    validation_scores_ : list of float or None
        Accuracy, or the first scorer of `monitor`, on the held-out samples after every epoch; None
        without held-out samples. Not for 'lbfgs'.
    best_validation_score_ : float or None
        Maximum of `validation_scores_` if the score decides. Not for 'lbfgs'.
    validation_loss_curve_ : list of float or None
        Mean loss on the held-out samples after every epoch, without the penalty. Not for 'lbfgs'.
    history_ : dict of str to list of float
        Columns of every epoch of all fits, for `pandas.DataFrame`: 'epoch', 'loss',
        'learning_rate', 'seconds', 'gradient_norm' and, with held-out samples, 'validation_loss'
        and each metric; NaN where a value is not available. Not for 'lbfgs'.
    t_ : int
        Number of samples seen in all epochs so far.
    n_parameters_ : int
        Number of trained parameters.
    diagnoses_ : list of str or None
        Problems found in the latest fit; None with diagnostics=False.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        Names of the columns, if X was a data frame whose columns all have one.

    See Also
    --------
    MLPRegressor : The same network for numbers.

    Examples
    --------
    >>> from lamina import MLPClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((8,), solver="lbfgs", alpha=1, max_iter=500, random_state=0)
    >>> model = model.fit(X, y)
    >>> model.predict(X[:3])
    array([0, 0, 0])
    >>> model.predict_proba(X[:1]).round(2)
    array([[1., 0., 0.]])
    >>> round(model.score(X, y), 2)
    0.99
    """

    _parameter_constraints = {**CLASSIFICATION_CONSTRAINTS, **CONSTRAINTS}

    loss: Any
    focal_gamma: float
    label_smoothing: float
    class_weight: Any
    classes_: Any
    n_outputs_: int

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str | Callable[[int, int], float] = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int | str = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        output_activation: str | None = None,
        normalization: str | None = None,
        residual: bool = False,
        dropout: Any = 0.0,
        input_dropout: float = 0.0,
        input_noise: float = 0.0,
        initializer: Any = "glorot_uniform",
        decay_rate: float = 0.99,
        amsgrad: bool = False,
        penalty: str = "l2",
        l1_ratio: float = 0.5,
        weight_decay: float | None = None,
        max_gradient_norm: float | None = None,
        average_decay: float | None = None,
        dtype: str | None = None,
        precision: str | None = None,
        engine: str | None = None,
        n_threads: int | None = None,
        learning_rate_options: dict[str, float] | None = None,
        warmup: float = 0.0,
        monitor: Any = None,
        restore_best: bool | None = None,
        max_seconds: float | None = None,
        callbacks: Any = None,
        diagnostics: bool | str = "auto",
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every: int | None = None,
        checkpoint_seconds: float | None = None,
        loss: Any = "log_loss",
        focal_gamma: float = 2.0,
        label_smoothing: float = 0.0,
        class_weight: Any = None,
    ) -> None:
        self._keep_parameters(locals())

    @available_if(has_partial_fit)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, classes: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch on the given samples, keeping the optimizer's state and the losses.

        The learning rate is kept as well, so a changed `learning_rate_init` takes effect only in
        the next call of `fit`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; all equal by default.
        classes : array-like of shape (n_classes,), or list of these, optional
            All labels that any call will contain, for several columns those of each; needed only
            in the first call.

        Returns
        -------
        self

        Raises
        ------
        AttributeError
            For solver='lbfgs', which needs all samples at once.
        ValueError
            For early_stopping=True, for class_weight='balanced', for a first call without
            `classes`, and for labels that are not among them.
        """
        self._refuse_balance()
        self._check_classes(classes, y)
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class, or of each label for multilabel targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of these
            Columns in the order of `classes_`; for several columns of labels, a list with an array
            for each of them.
        """
        prediction = self._forward(X)
        if vars(self).get("_heads"):
            return self._encoding().by_head(prediction)
        if self.n_outputs_ == 1:
            return np.hstack([1 - prediction, prediction])
        return prediction

    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of `predict_proba`; -inf where a probability is zero.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of these
            In the order of `predict_proba`.
        """
        probability = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            if isinstance(probability, list):
                return [np.log(of_column) for of_column in probability]
            return np.log(probability, out=probability)

    def decision_function(self, X: Any) -> Any:
        """Return the logits, the outputs before they become probabilities.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes), or list of these
            For two classes one number per sample, positive where the second class is likelier;
            for multilabel targets (n_samples, n_labels), likewise; else a column for each class,
            the largest of which is predicted. For several columns of labels, a list with an array
            for each.
        """
        logits, encoding = self._forward(X, inverse_link="identity"), self._encoding()
        if not encoding.heads:
            return logits[:, 0] if self.n_outputs_ == 1 else logits
        return [
            of_head[:, 1] - of_head[:, 0] if of_head.shape[1] == 2 else of_head
            for of_head in encoding.by_head(logits)
        ]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the fraction of samples whose labels are all predicted.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_targets)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        float
        """
        check_is_fitted(self)
        refuse_labels_without_order(y)
        sample_weight = score_weights(sample_weight, y)
        if not self._encoding().heads:
            with explained(X, y):
                return float(super().score(X, y, sample_weight))
        right = (self.predict(X) == np.asarray(y)).all(axis=1)
        return float(np.average(right, weights=sample_weight))

    def _answer(self, prediction: Array) -> Labels:
        return self._encoding().decode(prediction)

    def _encoding(self) -> TargetEncoding:
        classes = self.classes_
        if self._target_kind != "multioutput" and not isinstance(classes, np.ndarray):
            # scikit-learn also predicts after a user has set a list.
            classes = np.asarray(classes)
        return TargetEncoding(classes, self._target_kind, self._sparse_targets)

    def _task(
        self,
        y: Labels,
        continues: bool,
        classes: ArrayLike | None,
        weight: NDArray[Any] | None = None,
    ) -> Classification:
        refuse_labels_without_order(y)
        if not continues or (classes is None and not hasattr(self, "classes_")):
            encoding = TargetEncoding.from_labels(y)
        else:
            known_classes = hasattr(self, "classes_")
            encoding = self._encoding() if known_classes else TargetEncoding.from_labels(y, classes)
            self._check_known(encoding, y)
        settings = {"focal_gamma": self.focal_gamma, "label_smoothing": self.label_smoothing}
        return Classification(encoding, y, self.loss, settings, self.class_weight)

    def _check_known(self, encoding: TargetEncoding, y: Labels) -> None:
        """Check the labels of each column against the classes of earlier fits."""
        if not encoding.heads:
            self._check_labels(unique_labels(y), encoding.classes)
        elif y.ndim == 2 and y.shape[1] == len(encoding.heads):
            for column, labels in zip(y.T, encoding.classes, strict=True):
                self._check_labels(np.unique(column), labels)

    def _task_like(self, task: Task, y: Labels) -> Classification:
        assert isinstance(task, Classification)
        for column, labels in pair_labels(y, task.encoding):
            if unseen := sorted(set(column) - set(labels)):
                raise ValueError(
                    f"y_val of validation_data has classes that are not in y: {unseen}. y has "
                    f"{labels}; split so that both parts hold every class."
                )
        return replace(task, y=y)

    def _refuse_balance(self) -> None:
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"partial_fit does not support class_weight={self.class_weight!r}: the samples of "
                "one call do not show how many there are of each class. Pass a dict, such as "
                "dict(zip(classes, compute_class_weight('balanced', classes=classes, y=y_all)))."
            )

    def _check_classes(self, classes: ArrayLike | None, y: Any) -> None:
        """Check the `classes` of a call to partial_fit against those of the first call."""
        earlier = getattr(self, "classes_", None)
        if earlier is None and classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit: the samples of one "
                f"call need not contain them all. Pass classes={code_for_classes(y)}."
            )
        if classes is None:
            return
        try:
            require_labels(classes)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"classes={shown(classes)} is not a list of labels: {str(error).rstrip('.')}. Pass "
                f"classes={code_for_classes(y)}."
            ) from None
        if earlier is None:
            return
        if not are_same_classes(earlier, classes):
            raise ValueError(
                f"classes={shown(classes)} is not the same as on the last call to partial_fit, "
                f"was: {earlier!r}"
            )

    def _check_labels(self, labels: NDArray[Any], classes: NDArray[Any]) -> None:
        """Check the labels that y holds against the classes of earlier fits."""
        if self.warm_start:
            if set(labels) != set(classes):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the "
                    f"previous call to fit. Previously got {classes}, `y` has {labels}"
                )
        elif unseen := np.setdiff1d(labels, classes).tolist():
            raise ValueError(
                f"`y` has classes not in `self.classes_`: {unseen}. `self.classes_` has "
                f"{classes}; name all classes in the first call to partial_fit."
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags
