"""MLPClassifier: a perceptron that tells classes apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted

from lamina.encoding.targets import Labels, TargetEncoding
from lamina.estimators.constraints import CLASSIFICATION_CONSTRAINTS, CONSTRAINTS
from lamina.estimators.perceptron import Perceptron, has_partial_fit
from lamina.estimators.refusals import shown
from lamina.estimators.tasks import Classification, Task
from lamina.estimators.wrong_data import explained, refuse_labels_without_order, score_weights
from lamina.formulas.table import Array


class MLPClassifier(ClassifierMixin, Perceptron):  # type: ignore[misc]
    """A multi-layer perceptron that tells classes apart, for the same numbers as scikit-learn's.

    Layer by layer, z = a_prev W + b and a = f(z). The last layer's z become probabilities p: by
    softmax for three classes and more, by the logistic function for two, and label by label for
    multilabel targets; several columns of labels have a softmax each. What is minimised is the log
    loss, -log p of the right class in the mean over the rows (summed over labels and columns), and
    the penalty on the weights.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        The units of each hidden layer, from the inputs on; an int is one layer, and `()` leaves a
        linear model.
    activation : str or sequence of str, default='relu'
        The f of the hidden layers, a = f(z): one for all, or one for each.

        - 'identity': f(z) = z, so that the network collapses to a linear one;
        - 'logistic': f(z) = 1 / (1 + exp(-z));
        - 'tanh': f(z) = tanh(z);
        - 'relu': f(z) = max(0, z);
        - 'leaky_relu', 'prelu': z where that is positive, else 0.01 z, or s z with an s that each
          unit learns;
        - 'elu', 'selu': z where that is positive, else exp(z) - 1, both scaled in 'selu' so that a
          deep network keeps mean and variance (with initializer 'lecun_normal');
        - 'gelu', 'silu', 'mish': z Φ(z), z / (1 + exp(-z)), z tanh(log(1 + exp(z))): smooth
          relatives of 'relu';
        - 'softplus': f(z) = log(1 + exp(z)); 'softsign': f(z) = z / (1 + |z|);
        - 'relu6': f(z) = min(max(0, z), 6); 'hardswish': f(z) = z min(max(0, z + 3), 6) / 6;
        - 'sine': f(z) = sin(z), for signals with fine detail, on inputs of a suitable scale.
    solver : str, default='adam'
        How the loss is minimised: by 'lbfgs', SciPy's quasi-Newton method over all rows at once, in
        float64, often the best for small data; or in minibatches, by a step w ← w - η … for the
        gradient g of each:

        - 'sgd': descent with momentum; reads `momentum`, `nesterovs_momentum`;
        - 'adam': scales its steps by running means m of g and v of g² (Kingma, Ba 2014); reads
          `beta_1`, `beta_2`, `epsilon`, `amsgrad`;
        - 'adamw': the same with decoupled weight decay and a schedule, in PyTorch's numbers
          (Loshchilov, Hutter 2019); reads what 'adam' does;
        - 'nadam': Adam that looks ahead (Dozat 2016); reads `beta_1`, `beta_2`, `epsilon`;
        - 'rmsprop': η g / (√v + ε) (Tieleman, Hinton 2012); reads `decay_rate`, `epsilon`;
        - 'adagrad': η g / (√s + ε), s the sum of all g² (Duchi, Hazan, Singer 2011), for sparse
          features; reads `epsilon`, and wants a larger `learning_rate_init`, such as 0.01;
        - 'lion': η sign(β₁ m + (1 - β₁) g), then m ← β₂ m + (1 - β₂) g (Chen et al. 2023); reads
          `beta_1`, `beta_2`, of which its paper has 0.99 for the second, and wants a learning rate
          three to ten times smaller than Adam's;
        - 'muon': η · 0.2 √max(fan_in, fan_out) times the orthogonal matrix nearest to each layer's
          momentum, so that all directions move alike (Jordan et al. 2024); biases and what else
          units learn go by 'adamw', at the same η; reads `momentum`, `nesterovs_momentum`, and for
          those `beta_1`, `beta_2`, `epsilon`. A step takes three to four times as long as Adam's.
    alpha : float, default=0.0001
        The strength of the penalty, by default ½ α ‖W‖², which is added to the sum of a batch's
        losses: in the mean it is divided by the rows of the batch, or by the sum of their weights.
        Biases are not penalised.
    batch_size : int or 'auto', default='auto'
        The rows of a minibatch; 'auto' is min(200, n_rows). Of no account for 'lbfgs'.
    learning_rate : str or callable, default='constant'
        The schedule: the learning rate η of each step, from η₀, which is `learning_rate_init`. The
        first three are scikit-learn's, and passed over by 'adam' as by theirs; all others
        speak to every solver by epochs.

        - 'constant': η = η₀;
        - 'invscaling': η = η₀ / (rows seen + 1)^power_t, renewed after every epoch;
        - 'adaptive': η₀ until progress stalls, then η / 5 at every stall, down to 1e-6;
        - 'exponential': η = η₀ decay^epoch;
        - 'step': η = η₀ factor^⌊epoch / every⌋;
        - 'cosine': half a cosine from η₀ down over all epochs, or over `period` of them, restarted
          from η₀ then and after periods `period_factor` times as long (Loshchilov, Hutter 2017);
        - 'one_cycle': up from η₀ / initial_divisor to η₀ in the part `rising` of all steps, and
          down to almost nothing, along cosines (Smith 2018);
        - 'polynomial': η = η₀ (1 - step / all steps)^power;
        - 'plateau': η ← factor η after more than `patience` epochs without progress; keep that
          below `n_iter_no_change`, at which training stops;
        - `function(step, epoch)`: its result is η; both count from 0.
    learning_rate_init : float, default=0.001
        The first learning rate η₀ of all solvers but 'lbfgs'.
    power_t : float, default=0.5
        The exponent of 'invscaling'.
    max_iter : int, default=200
        The most epochs, or iterations of 'lbfgs'.
    shuffle : bool, default=True
        Whether a new order of the rows is drawn for every epoch. Of no account for 'lbfgs'.
    random_state : int, RandomState or None, default=None
        Where the first weights, the rows held out for early stopping, and the row orders are drawn
        from, in this sequence. An int gives the same model every time, and the same as
        scikit-learn's.
    tol : float, default=0.0001
        By how much the loss must fall, or the validation score rise, to count as progress. For
        'lbfgs', the largest element of the gradient at which it ends.
    verbose : bool or 'bar', default=False
        Whether a line is printed for every epoch; 'bar' shows a progress bar, by rich or tqdm.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the fit before it, with a new optimizer. Changed
        widths are then an error. With an int `random_state`, every fit draws the same row orders
        and the same validation rows again, as scikit-learn does; dropout and noise are drawn anew.
    momentum : float, default=0.9
        μ of 'sgd', between 0 and 1: v ← μ v - η g, w ← w + v; and of 'muon', whose momentum is
        M ← μ M + (1 - μ) G.
    nesterovs_momentum : bool, default=True
        Whether 'sgd' looks ahead along its velocity: w ← w + μ v - η g; and 'muon' along its own,
        μ M + (1 - μ) G.
    early_stopping : bool, default=False
        Whether part of the rows is held out, and the accuracy on them, in place of
        the loss, decides when to stop; the weights of the best epoch come back at the end.
        The split keeps the proportions of two classes, but not of more, nor of labels.
    validation_fraction : float, default=0.1
        The part of the rows that early stopping holds out.
    beta_1, beta_2 : float, default=0.9 and 0.999
        How slowly the running means of 'adam' and its kin forget: m ← β₁ m + (1 - β₁) g of the
        gradient, and v ← β₂ v + (1 - β₂) g² of its square; both from 0 to below 1.
    epsilon : float, default=1e-8
        ε in a step of 'adam', w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε), of 'adamw', where
        it joins √(v / (1 - β₂ᵗ)), and of the others that divide by a root.
    n_iter_no_change : int or inf, default=10
        How many epochs in a row may bring no progress; one more is a stall.
    max_fun : int, default=15000
        The most evaluations of the loss by 'lbfgs'.
    output_activation : str or None, default=None
        An f, of the same names, between the last layer's z and the link; 'softplus' makes every
        prediction of a regression positive, for instance.
    normalization : {'batch', 'layer'} or None, default=None
        What is done to z in every hidden layer before f: z' = γ (z - mean) / √(variance + 10⁻⁵) + β
        with a γ and a β that each unit learns. 'batch' takes mean and variance over the rows of a
        batch, and running ones in predictions (Ioffe, Szegedy 2015); 'layer' takes them over the
        units, row by row (Ba, Kiros, Hinton 2016). Biases before 'batch' keep their first values:
        the mean takes them away, so that their gradient is zero, and neither penalty nor weight
        decay acts on biases.
    residual : bool, default=False
        Whether a hidden layer adds the a of the hidden layer before it to its own, where both are
        equally wide (He, Zhang, Ren, Sun 2015): a = f(z) + a_prev.
    dropout : float or sequence of float, default=0.0
        The share of a hidden layer's a that every training step sets to zero, for all layers or for
        each; the others are divided by 1 - share (Srivastava et al. 2014). The draws depend on
        seed, step, row and unit alone, so the result is the same on any engine and any number of
        threads.
    input_dropout : float, default=0.0
        The same for the inputs; they must be dense.
    input_noise : float, default=0.0
        The standard deviation of normal noise that every training step adds to the inputs, which
        must be dense (Bishop 1995, Training with noise is equivalent to Tikhonov regularization).
    initializer : str or array-like, default='glorot_uniform'
        The first weights; but for the first, all begin with biases of zero:

        - 'glorot_uniform': W, b ~ U(-√(k / (fan_in + fan_out)), +√(k / (fan_in + fan_out))), k = 2
          for 'logistic' and 6 for all others, as in scikit-learn (Glorot, Bengio 2010);
        - 'glorot_normal': normal, with the same variance k / 3 / (fan_in + fan_out);
        - 'he_uniform', 'he_normal': of variance g² / fan_in, which lets a keep its size from layer
          to layer: 1 / g² is the mean of f(z)² over normal z, ½ for 'relu' (He et al. 2015);
        - 'lecun_uniform', 'lecun_normal': of variance 1 / fan_in, for 'selu' (LeCun et al. 1998);
        - 'orthogonal': g Q, Q evenly drawn among the matrices whose columns, or, where those are
          more, rows, are orthonormal (Saxe, McClelland, Ganguli 2014), for deep networks;
        - 'zeros': for teaching, as all units of a layer then stay alike;
        - an array of all parameters in one vector, or a list of arrays as in `coefs_` and then
          `intercepts_`, to begin where something else ended.
    decay_rate : float, default=0.99
        ρ of 'rmsprop', from 0 to below 1: v ← ρ v + (1 - ρ) g².
    amsgrad : bool, default=False
        Whether 'adam' and 'adamw' divide by the root of the largest v so far in place of v, which
        makes them converge where they else need not (Reddi, Kale, Kumar 2018).
    penalty : {'l2', 'l1', 'elasticnet'}, default='l2'
        What `alpha` multiplies, of the weights alone: ½ ‖W‖²; ‖W‖₁, which drives weights to where
        they are of no use to zero; or of both ρ ‖W‖₁ + (1 - ρ) ½ ‖W‖², with ρ the `l1_ratio`, as
        scikit-learn's SGDClassifier has it. The slope of |w| at 0 is taken as 0. For 'lbfgs', which
        needs a slope everywhere, 'l2' alone.
    l1_ratio : float, default=0.5
        ρ of 'elasticnet', from 0 to 1.
    weight_decay : float or None, default=None
        λ of decoupled decay, W ← W - η λ W before every step, of weights and never of biases
        (Loshchilov, Hutter 2019): beside the penalty, and not divided by the rows of a batch. None
        is 0.01 for 'adamw', as in PyTorch, and 0 for all others. Not for 'lbfgs'.
    max_gradient_norm : float or None, default=None
        The norm that a batch's gradient, over all parameters and with the penalty, is scaled down
        to where it is larger: g ← g · max_gradient_norm / ‖g‖ (Pascanu, Mikolov, Bengio 2013).
        None scales nothing. Not for 'lbfgs'.
    average_decay : float or None, default=None
        d of the exponential moving average of the parameters, a ← d a + (1 - d) w after every step
        (Polyak, Juditsky 1992), from 0 to below 1; 0.999 is usual. `coefs_`, `intercepts_`,
        predictions and validation are the average's, corrected as Adam's means are: the steps so
        far have all of its weight, and the first weights none. The weights behind it are trained
        on unchanged, also by `partial_fit` and after a warm start. None keeps no average. Not for
        'lbfgs'.
    dtype : {'float32', 'float64'} or None, default=None
        What is computed in. None takes float32 for float32 rows and float64 for all others.
        'lbfgs' takes no 'float32'.
    precision : {'bfloat16'} or None, default=None
        What both operands of every matrix product are rounded to, in `fit` and in `predict`; sums,
        weights and all else stay in float32, which this implies. Much faster on a processor with
        AMX, and with the same result, slower, on any other. The product of sparse rows with the
        first weights is not rounded. Not for 'lbfgs'.
    engine : {'native', 'reference'} or None, default=None
        Where the arithmetic runs; None chooses the fastest that this machine has. Every engine
        gives the same numbers, to rounding.
    n_threads : int or None, default=None
        The native engine's threads. None leaves the number to a cost model, within the cores that
        this process may use and OMP_NUM_THREADS. A number above both these cores and 16 counts as
        the larger of both. The result is the same to the last bit.
    learning_rate_options : dict or None, default=None
        Numbers that the schedule is to take in place of its own: 'exponential' decay=0.95; 'step'
        factor=0.1, every=30; 'cosine' period=None, period_factor=1, lowest=0; 'one_cycle'
        rising=0.3, initial_divisor=25, final_divisor=1e4; 'polynomial' power=1, lowest=0; 'plateau'
        factor=0.2, patience=5, lowest=0. lowest is a share of η₀.
    warmup : float, default=0
        The epochs, or part of one, in which η climbs in a line to where the schedule then begins:
        η (step + 1) / warm-up steps (Goyal and others 2017). Not for 'lbfgs'.
    monitor : str, callable, list of these or None, default=None
        What decides whether an epoch brought progress: 'loss', that of training; 'validation_loss';
        or a scorer, by scikit-learn's name or `scorer(model, X, y)`, on the rows of early stopping
        or `validation_data`. Of several, the first decides, and all are columns of `history_`. None
        is the accuracy with early_stopping=True, else 'loss'. 'gradient_norm' among them decides
        nothing: it has the gradient's norm measured, for a few percent of the time. Not for
        'lbfgs'.
    restore_best : bool or None, default=None
        Whether the weights of the best epoch, as `monitor` has it, come back at the end. None does
        so where rows held out decide. Not for 'lbfgs'.
    max_seconds : float or None, default=None
        After so many seconds `fit` ends within 100 ms, in the middle of an epoch if need be, with
        the weights of the last whole step. For 'lbfgs', before its next evaluation of the loss.
    callbacks : object, list of these or None, default=None
        Objects with any of the methods `on_fit_begin(fit)`, `on_step(fit)`, `on_epoch_end(fit)`,
        `on_fit_end(fit)`, which may stop the fit, set its learning rate, or read its network; ready
        ones are in `lamina.training.callbacks`. A saved model leaves them out. Not for 'lbfgs'.
    diagnostics : bool or 'auto', default='auto'
        Whether a fit looks for unscaled features and targets, dead or saturated units, scores that
        cannot rise, and losses that diverge or, on rows held out, rise. With True each finding is a
        DiagnosticWarning that names the cure. With 'auto' a fit warns only where scikit-learn's
        does: its ConvergenceWarning then says what was found. Both keep the findings in
        `diagnoses_`; False looks for nothing.
    checkpoint : str, path-like or None, default=None
        A file in which the fit is written down as it goes, atomically, with all that follows from:
        `fit(X, y, resume=path)` goes on from it to the same bits, also after `kill -9`. A file that
        is there is replaced. What a callback remembers is not in it. Not for 'lbfgs'.
    checkpoint_every : int or None, default=None
        After how many epochs it is written; after every one where `checkpoint_seconds` is None too.
    checkpoint_seconds : float or None, default=None
        After how many seconds it is written, at the end of an epoch.
    loss : {'log_loss', 'focal'} or object, default='log_loss'
        What is minimised in the mean over the rows:

        - 'log_loss': -log p of the right class (Good 1952), summed over the labels of multilabel
          targets and over the columns of several;
        - 'focal': -(1 - p)^γ log p, γ being `focal_gamma`: what is already right counts less, so
          that a rare or hard class is not drowned (Lin et al. 2017). Probabilities come out less
          extreme than the frequencies.

        An object has `value_and_delta(logits, y, sample_weight)`, in NumPy: from logits
        (rows, n_outputs), y and sample_weight (rows,) or None it gives each row's loss (rows,) and
        its slope at the logits (rows, n_outputs), both multiplied by the row's sample_weight. y
        holds zeros and ones, (rows, 1) for two classes and (rows, n_labels) for multilabel
        targets, or int32 class codes, (rows,) for more classes and (rows, n_targets) for several
        columns. A row's loss depends on that row alone; the first rows are tried for it.
        Probabilities are what the logistic function or softmax makes of the logits, as ever. What
        it raises ends the fit. A model with it is not saved: `set_params(loss='log_loss')` first.
    focal_gamma : float, default=2.0
        γ of loss='focal'; 0 is the log loss.
    label_smoothing : float, default=0.0
        ε, from 0 to below 1: of each label 1 - ε stays with its class and ε is shared out among
        all, so that no logit is driven to infinity (Szegedy et al. 2016). Multilabel targets
        become ε / 2 and 1 - ε / 2.
    class_weight : dict, 'balanced', list of dict or None, default=None
        How much rows count by their class, times their sample_weight: {label: weight}, where what
        is not named weighs one; 'balanced' is n_rows / (n_classes · rows of the class). For
        multilabel targets and several columns a list with a dict for each column, whose weights
        multiply. Rows that early stopping holds out are weighed alike.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of these
        The labels, sorted; for multilabel targets, the column numbers; for several columns of
        labels, the labels of each.
    coefs_ : list of ndarray of shape (fan_in, fan_out)
        The weights of each layer; they and the biases are views of one vector.
    intercepts_ : list of ndarray of shape (fan_out,)
        The biases of each layer.
    unit_parameters_ : list of ndarray of shape (n, fan_out)
        What each unit of each layer learns beside, row by row: γ and β of a normalization, the s of
        'prelu'; only where one does.
    running_statistics_ : list of ndarray of shape (2, fan_out)
        Running mean and variance of each layer; only with normalization='batch'.
    n_iter_ : int
        Epochs or iterations of the latest fit.
    n_layers_ : int
        Layers, the inputs' and the outputs' included.
    n_outputs_ : int
    out_activation_ : str
        The link behind the last layer: 'softmax' or 'logistic'.
    loss_ : float
        The mean loss of the latest epoch, penalty included, each batch's measured before its step.
    loss_curve_ : list of float
        The same for every epoch; a warm start goes on with the list. Not for 'lbfgs'.
    best_loss_ : float or None
        The lowest of them, where it decides; None with early stopping. Not for 'lbfgs'.
    validation_scores_ : list of float or None
        The accuracy, or the first scorer of `monitor`, after every epoch on the rows held out; None
        where none are. Not for 'lbfgs'.
    best_validation_score_ : float or None
        The highest of them, where it decides. Not for 'lbfgs'.
    validation_loss_curve_ : list of float or None
        The mean loss after every epoch on rows held out, without the penalty. Not for 'lbfgs'.
    history_ : dict of str to list of float
        Every epoch of all fits, for `pandas.DataFrame`: 'epoch', 'loss', 'learning_rate',
        'seconds', 'gradient_norm' and, with rows held out, 'validation_loss' and each metric; NaN
        for what is not known. Not for 'lbfgs'.
    t_ : int
        The rows that all epochs so far went through.
    n_parameters_ : int
        How many numbers the network has learned.
    diagnoses_ : list of str or None
        What was found wrong in the latest fit; None with diagnostics=False.
    n_features_in_ : int
        The columns of X.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        Their names, where X was a data frame whose columns all have one.

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
        """Run one epoch over the given rows; the optimizer's state and the losses go on.

        The learning rate goes on as well, so a changed `learning_rate_init` counts only from the
        next call of `fit`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
        y : array-like of shape (n_rows,) or (n_rows, n_labels)
        sample_weight : array-like of shape (n_rows,), optional
            How much each row counts; all the same by default.
        classes : array-like of shape (n_classes,), or list of these, optional
            All labels that will ever be seen, of several columns those of each; needed in the
            first call only.

        Returns
        -------
        self

        Raises
        ------
        AttributeError
            For solver='lbfgs', which takes all rows at once.
        ValueError
            For early_stopping=True, for class_weight='balanced', for a first call without
            `classes`, and for labels that are not among them.
        """
        self._refuse_balance()
        self._check_classes(classes, y)
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, or of each label by itself for multilabel targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)

        Returns
        -------
        ndarray of shape (n_rows, n_classes), or list of these
            Column by column as in `classes_`; of several columns of labels, a list with an array
            for each of them.
        """
        prediction = self._forward(X)
        if vars(self).get("_heads"):
            return self._encoding().by_head(prediction)
        if self.n_outputs_ == 1:
            return np.hstack([1 - prediction, prediction])
        return prediction

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithm of `predict_proba`; -inf where a probability is zero.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)

        Returns
        -------
        ndarray of shape (n_rows, n_classes), or list of these
            As `predict_proba` gives them.
        """
        probability = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            if isinstance(probability, list):
                return [np.log(of_column) for of_column in probability]
            return np.log(probability, out=probability)

    def decision_function(self, X: Any) -> Any:
        """The logits: how strongly the network speaks for each class, before any probability.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_classes), or list of these
            Of two classes one number, above zero where the second is likelier; for multilabel
            targets (n_rows, n_labels), likewise; else a column for each class, the largest of
            which is predicted. Of several columns of labels, a list with an array for each.
        """
        logits, encoding = self._forward(X, link="identity"), self._encoding()
        if not encoding.heads:
            return logits[:, 0] if self.n_outputs_ == 1 else logits
        return [
            of_head[:, 1] - of_head[:, 0] if of_head.shape[1] == 2 else of_head
            for of_head in encoding.by_head(logits)
        ]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows whose every label is predicted.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
        y : array-like of shape (n_rows,), (n_rows, n_labels) or (n_rows, n_targets)
        sample_weight : array-like of shape (n_rows,), optional

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
            # scikit-learn predicts with a list that a user has set, too.
            classes = np.asarray(classes)
        return TargetEncoding(classes, self._target_kind, self._sparse_targets)

    def _task(
        self,
        y: Labels,
        known: bool,
        classes: ArrayLike | None,
        weight: NDArray[Any] | None = None,
    ) -> Classification:
        refuse_labels_without_order(y)
        if not known or (classes is None and not hasattr(self, "classes_")):
            encoding = TargetEncoding.of(y)
        else:
            known_classes = hasattr(self, "classes_")
            encoding = self._encoding() if known_classes else TargetEncoding.of(y, classes)
            self._check_known(encoding, y)
        settings = {"focal_gamma": self.focal_gamma, "label_smoothing": self.label_smoothing}
        return Classification(encoding, y, self.loss, settings, self.class_weight)

    def _check_known(self, encoding: TargetEncoding, y: Labels) -> None:
        """Check the labels of each column against the classes of earlier fits."""
        if not encoding.heads:
            self._check_labels(unique_labels(y), encoding.classes)
        elif y.ndim == 2 and y.shape[1] == len(encoding.heads):
            for column, known in zip(y.T, encoding.classes, strict=True):
                self._check_labels(np.unique(column), known)

    def _task_like(self, task: Task, y: Labels) -> Classification:
        assert isinstance(task, Classification)
        for column, known in _labels_beside(y, task.encoding):
            if unseen := sorted(set(column) - set(known)):
                raise ValueError(
                    f"y_val of validation_data has classes that y has not: {unseen}. y has "
                    f"{known}; split so that both parts hold every class."
                )
        return replace(task, y=y)

    def _refuse_balance(self) -> None:
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"partial_fit does not support class_weight={self.class_weight!r}: the rows of one "
                "call do not tell how many there are of each class. Pass a dict, such as "
                "dict(zip(classes, compute_class_weight('balanced', classes=classes, y=y_all)))."
            )

    def _check_classes(self, classes: ArrayLike | None, y: Any) -> None:
        """Check the `classes` of a call to partial_fit against those of the first call."""
        known = getattr(self, "classes_", None)
        if known is None and classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit: the rows of one call "
                f"need not hold them all. Pass classes={_classes_to_pass(y)}."
            )
        if classes is None:
            return
        try:
            _require_labels(classes)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"classes={shown(classes)} is no list of labels: {str(error).rstrip('.')}. Pass "
                f"classes={_classes_to_pass(y)}."
            ) from None
        if known is None:
            return
        if not _same_classes(known, classes):
            raise ValueError(
                f"classes={shown(classes)} is not the same as on the last call to partial_fit, "
                f"was: {known!r}"
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


def _labels_beside(y: Labels, encoding: TargetEncoding) -> list[tuple[Any, Any]]:
    """The labels that y holds, beside those that are known, of each column where it has several."""
    if encoding.heads and y.ndim == 2 and y.shape[1] == len(encoding.heads):
        return list(zip(map(np.unique, y.T), encoding.classes, strict=True))
    if encoding.heads:
        raise ValueError(
            f"y_val of validation_data has shape {y.shape}, and y has {len(encoding.heads)} "
            "columns of labels: they must have the same."
        )
    return [(unique_labels(y), encoding.classes)]


def _classes_to_pass(y: Any) -> str:
    """What the first call to partial_fit takes as `classes` for such targets, as code."""
    try:
        kind = type_of_target(y)
    except (TypeError, ValueError):
        kind = "unknown"
    if kind == "multilabel-indicator":
        return f"np.arange({np.shape(y)[1]}), the numbers of y's columns"
    if kind.endswith("multioutput"):
        return "[np.unique(column) for column in y_all.T]"
    return "np.unique(y_all)"


def _require_labels(classes: Any) -> None:
    """Raise ValueError or TypeError for classes, of one column or several, that are no labels."""
    is_nested = isinstance(classes, list | tuple) and all(np.ndim(each) == 1 for each in classes)
    for column in classes if is_nested else [classes]:
        with np.errstate(invalid="ignore"):
            unique_labels(column)


def _same_classes(known: Any, classes: Any) -> bool:
    """Whether classes are those known, column by column where they are of several."""
    if not isinstance(known, list):
        return np.array_equal(known, unique_labels(classes))
    return len(known) == len(classes) and all(map(np.array_equal, known, map(np.unique, classes)))
