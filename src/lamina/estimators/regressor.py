"""MLPRegressor: a perceptron that predicts numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if

from lamina.encoding.target_scaling import TargetScaling
from lamina.estimators.constraints import (
    CONSTRAINTS,
    REGRESSION_CONSTRAINTS,
    REGRESSION_LOSSES,
    rising_quantiles,
)
from lamina.estimators.perceptron import Perceptron, has_partial_fit
from lamina.estimators.refusals import shown
from lamina.estimators.state import scaling_of
from lamina.estimators.tasks import Regression, Task, quantiles_in
from lamina.estimators.wrong_data import CURE_OF_Y, explained, score_weights
from lamina.formulas import LINKS, LOSSES
from lamina.formulas.links import LARGEST_LOG_SPREAD, LEAST_LOG_SPREAD
from lamina.formulas.losses import as_it_is
from lamina.formulas.table import Array
from lamina.training.scores import PinballScore

# How far from the limits of log σ the typical one stays, so that rows may differ.
ROOM = 10.0
# Of the losses that do not let the outputs be the answer as they are.
ANSWERS = {name: loss.answer for name, loss in LOSSES.items() if loss.answer is not as_it_is}


class MLPRegressor(RegressorMixin, Perceptron):  # type: ignore[misc]
    """A multi-layer perceptron that predicts numbers, the same as scikit-learn's.

    Layer by layer, z = a_prev W + b and a = f(z); the last layer's z are the prediction p, or
    what the loss's link makes of them. What is minimised is the loss and the penalty on the
    weights.

    Parameters
    ----------
    loss : str or object, default='squared_error'
        What is minimised in the mean over the rows, by name, or an object of your own (below). With
        p the prediction, y the target, r = p - y, and summed over the targets where there are
        several:

        - 'squared_error': ½ r² in the mean over the targets. With several the
          *gradient* belongs to their sum, so it is n_outputs times that of the loss reported:
          scikit-learn trains so (its issue 8349), and equal numbers are the contract. The penalty
          weighs n_outputs times less for it;
        - 'absolute_error': |r|, for the median; outliers pull no more than others (Boscovich 1757);
        - 'huber': ½ r² where |r| ≤ t, else t (|r| - ½ t), t being `huber_threshold` (Huber 1964);
        - 'log_cosh': log cosh r, near zero ½ r², far from it |r| - log 2 (Green 1990);
        - 'quantile': max(q (y - p), (q - 1) (y - p)) for each q of `quantile` (Koenker,
          Bassett 1978);
        - 'poisson': y log(y / p) - y + p with p = exp(z); for counts and other targets of at
          least 0 (Nelder, Wedderburn 1972);
        - 'gamma': y / p - 1 - log(y / p) with p = exp(z); for targets above 0 whose spread grows
          with them (Nelder, Wedderburn 1972);
        - 'tweedie': y^(2-ρ) / ((1-ρ)(2-ρ)) - y p^(1-ρ) / (1-ρ) + p^(2-ρ) / (2-ρ) with
          p = exp(z), ρ being `tweedie_power`; for targets of at least 0 of which many are 0, such
          as claims (Jørgensen 1987);
        - 'gaussian_nll': log σ + ½ (y - μ)² / σ² for a mean μ and a standard deviation
          σ = exp(z'), of which `predict(X, return_std=True)` gives both (Nix, Weigend 1994).
          Standardise the target for it, and expect longer training.

        'absolute_error' and 'quantile' have a step in their slope, which 'lbfgs' does not count on:
        prefer 'adam' for them.

        An object has `value_and_delta(logits, y, sample_weight)`, in NumPy: from logits
        (rows, n_outputs), y (rows, n_targets) and sample_weight (rows,) or None, all in the dtype
        that is computed in, it gives each row's loss (rows,) and its slope at the logits
        (rows, n_outputs), both multiplied by the row's sample_weight. A row's loss depends on that
        row alone, as a batch may come in parts; the first rows are tried for it. lamina adds up,
        divides by the sum of the weights, and adds the penalty. The prediction is the logits, or
        what `link` of the object names: 'identity', 'exp' or 'logistic'. What it raises ends the
        fit. A model with it is not saved: `set_params(loss='squared_error')` first, predictions
        stay as they are.
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
        Whether part of the rows is held out, and R² on them (of quantiles D²), in place of
        the loss, decides when to stop; the weights of the best epoch come back at the end.
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
        is R² with early_stopping=True, else 'loss'. 'gradient_norm' among them decides nothing: it
        has the gradient's norm measured, for a few percent of the time. Not for 'lbfgs'.
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
    quantile : float or sequence of float, default=0.5
        q of loss='quantile', between 0 and 1: below the prediction lies a share q of the targets.
        Several, in rising order, are learned by one network with an output for each, and `predict`
        gives (n_rows, n_quantiles): each row's sorted, so that none crosses another, which brings
        them nearer to the true ones (Chernozhukov, Fernández-Val, Galichon 2010).
    huber_threshold : float, default=1.0
        t of loss='huber': how far off a prediction may be before it counts as an outlier, in units
        of the target.
    tweedie_power : float, default=1.5
        ρ of loss='tweedie', between 1 (Poisson) and 2 (gamma): the variance grows with the mean as
        mean^ρ.
    scale_target : bool, default=False
        Whether the network learns (y - mean) / standard deviation of each target, with the mean and
        the standard deviation of the first call's rows, by their weights. Predictions, scores and
        `coefs_` are in the units of y, because the last layer is multiplied by the standard
        deviation at the end. Losses, `huber_threshold`, `tol` and the object of a loss of your own
        are in standard deviations. Set it for every target that is not of size one: with the
        default learning rate, a target in thousands is out of reach, and one in thousandths is
        lost in the first weights. Only for losses that predict z itself, and no output_activation.

    Attributes
    ----------
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
        The link behind the last layer: 'identity', or 'exp' for loss='poisson'.
    loss_ : float
        The mean loss of the latest epoch, penalty included, each batch's measured before its step.
    loss_curve_ : list of float
        The same for every epoch; a warm start goes on with the list. Not for 'lbfgs'.
    best_loss_ : float or None
        The lowest of them, where it decides; None with early stopping. Not for 'lbfgs'.
    validation_scores_ : list of float or None
        R², or the first scorer of `monitor`, after every epoch on the rows held out; None where
        none are. Not for 'lbfgs'.
    best_validation_score_ : float or None
        The highest of them, where it decides. Not for 'lbfgs'.
    validation_loss_curve_ : list of float or None
        The mean loss after every epoch on rows held out, without the penalty. Not for 'lbfgs'.
    history_ : dict of str to list of float
        Every epoch of all fits, for `pandas.DataFrame`: 'epoch', 'loss', 'learning_rate',
        'seconds', 'gradient_norm' and, with rows held out, 'validation_loss' and each metric; NaN
        for what is not known. Not for 'lbfgs'.
    target_mean_, target_scale_ : ndarray of shape (n_targets,)
        Mean and standard deviation by which the target was standardised; only with
        scale_target=True.
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
    MLPClassifier : The same network for classes.

    Examples
    --------
    >>> import numpy as np
    >>> from lamina import MLPRegressor
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> y = X[:, 0] ** 2
    >>> model = MLPRegressor("squared_error", (10,), "tanh", solver="lbfgs", random_state=0)
    >>> model = model.fit(X, y)
    >>> model.predict([[0.5]]).round(2)
    array([0.25])
    >>> round(model.score(X, y), 2)
    1.0
    """

    _parameter_constraints = {**REGRESSION_CONSTRAINTS, **CONSTRAINTS}
    _numeric_targets = True

    loss: Any
    quantile: Any
    scale_target: bool

    def __init__(
        self,
        loss: Any = "squared_error",
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
        quantile: Any = 0.5,
        huber_threshold: float = 1.0,
        tweedie_power: float = 1.5,
        scale_target: bool = False,
    ) -> None:
        self._keep_parameters(locals())

    @available_if(has_partial_fit)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Run one epoch over the given rows; the optimizer's state and the losses go on.

        The learning rate goes on as well, so a changed `learning_rate_init` counts only from the
        next call of `fit`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        sample_weight : array-like of shape (n_rows,), optional
            How much each row counts; all the same by default.

        Returns
        -------
        self

        Raises
        ------
        AttributeError
            For solver='lbfgs', which takes all rows at once.
        ValueError
            For early_stopping=True.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The prediction for each row of X.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
        return_std : bool, default=False
            Whether the standard deviation that loss='gaussian_nll' predicts comes with the mean.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_targets)
            Where `quantile` was a list, (n_rows, n_quantiles) or (n_rows, n_targets, n_quantiles),
            each row's quantiles in rising order: they are sorted, so that none crosses another.
        ndarray of the same shape
            The standard deviations, only with return_std=True.

        Raises
        ------
        ValueError
            For return_std=True after a fit with another loss.
        """
        if not return_std:
            return self._answer(self._forward(X))
        prediction, name = self._forward(X), vars(self).get("_loss_name")
        if name is None or (spread_of := LOSSES[name].spread) is None:
            able = " or ".join(repr(each) for each, loss in LOSSES.items() if loss.spread)
            raise ValueError(
                f"return_std=True needs a loss that predicts a spread, and this model was fitted "
                f"with another: fit it with loss={able}"
            )
        spread = spread_of(prediction)
        return self._answer(prediction), spread[:, 0] if spread.shape[1] == 1 else spread

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of the prediction; with loss='quantile' D², the share of pinball loss explained.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
        sample_weight : array-like of shape (n_rows,), optional

        Returns
        -------
        float
            At most 1. Of several targets and quantiles, the mean: each quantile is held against
            the best constant for it (Koenker, Machado 1999).
        """
        sample_weight = score_weights(sample_weight, y)
        quantiles = quantiles_in(vars(self).get("_loss_hyperparameters", {}))
        if quantiles is None:
            with explained(X, y):
                return float(super().score(X, y, sample_weight))
        with explained(X, y):
            truth = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        score = PinballScore(truth.reshape(len(truth), -1), quantiles, sample_weight)
        return score(self.predict(X))

    def _answer(self, prediction: Array) -> Array:
        answer = ANSWERS.get(vars(self).get("_loss_name", ""))
        if answer is None:
            return prediction.ravel() if prediction.shape[1] == 1 else prediction
        of_targets = answer(prediction, self._loss_hyperparameters)
        return of_targets[:, 0] if of_targets.shape[1] == 1 else of_targets

    def _task(
        self,
        y: NDArray[Any],
        known: bool,
        classes: ArrayLike | None,
        weight: NDArray[Any] | None = None,
    ) -> Regression:
        task = Regression(self.loss, y, self._hyperparameters())
        self._refuse_undefined(task)
        return replace(task, scaling=self._scaling(task, known, weight))

    def _refuse_undefined(self, task: Regression) -> None:
        """Refuse targets that are no numbers, or for which the loss has no value."""
        y = task.y
        if not isinstance(y, np.ndarray) or y.dtype.kind not in "biuf":
            raise TypeError(
                f"y must be a dense array of numbers, got {type(y).__name__} of {y.dtype}. Convert "
                "it by y.astype(float), or learn labels with MLPClassifier."
            )
        if not np.isfinite(y).all():
            row = int(np.argmin(np.isfinite(y).reshape(len(y), -1).all(axis=1)))
            value = shown(y[row].tolist())
            raise ValueError(f"Input y contains NaN or infinity: y[{row}] is {value}. {CURE_OF_Y}")
        if (outside := task.outside_the_loss()) is not None:
            row = int(np.argmax((task.columns() == outside).any(axis=1)))
            others = ", ".join(map(repr, sorted(REGRESSION_LOSSES - {self.loss})))
            raise ValueError(
                f"loss={self.loss!r} is not defined for a target of {outside}, which y[{row}] "
                f"holds: choose another of {others}, or shift the target"
            )

    def _scaling(
        self, task: Regression, known: bool, weight: NDArray[Any] | None
    ) -> TargetScaling | None:
        """The target's mean and scale with scale_target=True; an earlier fit's go on."""
        if not self.scale_target:
            return None
        before = scaling_of(self) if known else None
        if before is None:
            scaling = TargetScaling.of(task.columns(), weight)
            self._refuse_deviations_out_of_range(task, scaling)
            return scaling
        if len(before.mean) != (n_targets := task.columns().shape[1]):
            raise ValueError(
                f"y has {n_targets} targets, and the earlier fit standardised {len(before.mean)}: "
                "a fit cannot go on with other targets. Set warm_start=False and call fit."
            )
        return before

    def _refuse_deviations_out_of_range(self, task: Regression, scaling: TargetScaling) -> None:
        """Refuse scales by which a predicted standard deviation would leave its range."""
        logarithms = np.log(scaling.scale)
        least, largest = LEAST_LOG_SPREAD + ROOM, LARGEST_LOG_SPREAD - ROOM
        if LINKS[task.link].by_pairs and not least < logarithms.min() <= logarithms.max() < largest:
            raise ValueError(
                f"loss={self.loss!r} predicts standard deviations from {np.exp(least):.0e} to "
                f"{np.exp(largest):.0e}, and y has {list(scaling.scale)}: divide y by a constant."
            )

    def _hyperparameters(self) -> dict[str, Any]:
        """What the loss's record lists, by name."""
        names = LOSSES[self.loss].hyperparameters if isinstance(self.loss, str) else ()
        own = {**vars(self), "quantile": rising_quantiles(self.quantile)}
        return {name: own[name] for name in names}

    def _task_like(self, task: Task, y: NDArray[Any]) -> Regression:
        assert isinstance(task, Regression)
        other = Regression(self.loss, y, task.hyperparameters, task.scaling)
        self._refuse_undefined(other)
        if other.n_outputs != task.n_outputs:
            raise ValueError(
                f"y_val of validation_data has {other.n_outputs} outputs, and y has "
                f"{task.n_outputs}: they must have the same."
            )
        return other
