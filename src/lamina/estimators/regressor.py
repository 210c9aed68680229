"""MLPRegressor, a multi-layer perceptron for regression."""

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
from lamina.estimators.fitting.state import get_scaling
from lamina.estimators.fitting.tasks import Regression, Task, quantiles_in
from lamina.estimators.fitting.wrong_data import CURE_OF_Y, explained, score_weights
from lamina.estimators.perceptron import Perceptron, has_partial_fit
from lamina.estimators.settings.constraints import (
    CONSTRAINTS,
    REGRESSION_CONSTRAINTS,
    REGRESSION_LOSSES,
    rising_quantiles,
)
from lamina.estimators.settings.refusals import shown
from lamina.formulas import INVERSE_LINKS, LOSSES
from lamina.formulas.hyperparameters import names_of
from lamina.formulas.inverse_links import LARGEST_LOG_STD, LEAST_LOG_STD
from lamina.formulas.losses import as_it_is
from lamina.formulas.table import Array
from lamina.training.scores import PinballScore

# Distance of a typical log σ from its limits, so that samples may differ.
ROOM = 10.0
# For losses whose outputs are not the prediction itself.
ANSWERS = {name: loss.answer for name, loss in LOSSES.items() if loss.answer is not as_it_is}


class MLPRegressor(RegressorMixin, Perceptron):  # type: ignore[misc]
    """Multi-layer perceptron for regression, with the same numbers as scikit-learn's.

    Each layer computes z = a_prev W + b and a = f(z). The prediction p is the last layer's z, or
    its image under the inverse link of the loss. Training minimises the loss plus the penalty on
    the weights.

    Parameters
    ----------
    loss : str or object, default='squared_error'
        Loss, averaged over the samples: a name, or a custom object (below). With p the prediction,
        y the target and r = p - y, summed over the targets where there are several:

        - 'squared_error': ½ r², averaged over the targets. With several targets the *gradient*
          belongs to their sum, so it is n_outputs times that of the loss reported: scikit-learn
          trains this way (its issue 8349), and equal numbers are the contract. The penalty
          therefore counts n_outputs times less;
        - 'absolute_error': |r|, for the median; outliers pull no more than other samples (Boscovich
          1757);
        - 'huber': ½ r² where |r| ≤ t, else t (|r| - ½ t), t being `huber_threshold` (Huber 1964);
        - 'log_cosh': log cosh r, near zero ½ r², far from it |r| - log 2 (Green 1990);
        - 'quantile': max(q (y - p), (q - 1) (y - p)) for each q of `quantile` (Koenker, Bassett
          1978);
        - 'poisson': y log(y / p) - y + p with p = exp(z); for counts and other targets of at least
          0 (Nelder, Wedderburn 1972);
        - 'gamma': y / p - 1 - log(y / p) with p = exp(z); for targets above 0 whose standard
          deviation grows with their mean (Nelder, Wedderburn 1972);
        - 'tweedie': y^(2-ρ) / ((1-ρ)(2-ρ)) - y p^(1-ρ) / (1-ρ) + p^(2-ρ) / (2-ρ) with p = exp(z), ρ
          being `tweedie_power`; for targets of at least 0 of which many are 0, such as claims
          (Jørgensen 1987);
        - 'gaussian_nll': log σ + ½ (y - μ)² / σ² for a mean μ and a standard deviation σ = exp(z');
          `predict(X, return_std=True)` returns both (Nix, Weigend 1994). Standardise the target for
          it, and expect longer training.

        The derivative of 'absolute_error' and 'quantile' has a jump, and 'lbfgs' assumes a smooth
        loss: prefer 'adam' for them.

        A custom loss is an object with `value_and_delta(logits, y, sample_weight)`, in NumPy. From
        logits (n_samples, n_outputs), y (n_samples, n_targets), and sample_weight (n_samples,) or
        None, all in the dtype of the computation, it returns the loss of each sample (n_samples,)
        and its derivative with respect to the logits (n_samples, n_outputs), both multiplied by
        sample_weight. The loss of a sample must depend on that sample alone, because a batch may be
        passed in parts; `fit` checks this on the first samples. lamina sums the losses, divides by
        the sum of the weights, and adds the penalty. The prediction is the logits, or the inverse
        inverse link that the object's attribute `inverse_link` names: 'identity', 'exp' or
        'logistic'. An exception in the object ends the fit. A model with a custom loss cannot be
        saved: call `set_params(loss='squared_error')` first; predictions do not change.
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
        If True, hold out part of the samples and stop when R² on them (D² for quantiles), rather
        than the training loss, no longer improves; the weights of the best epoch are restored at
        the end.
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
        decides, and all become columns of `history_`. None is R² with early_stopping=True, else
        'loss'. 'gradient_norm' in the list decides nothing: it adds the norm of the gradient to
        `history_`, for a few percent of the time. Not for 'lbfgs'.
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
    quantile : float or sequence of float, default=0.5
        q of loss='quantile', between 0 and 1: a fraction q of the targets lies below the
        prediction. One network learns a sequence in ascending order with an output for each q,
        and `predict` returns (n_samples, n_quantiles). Each sample's quantiles are sorted, so that
        they never cross, which also brings them nearer to the true ones (Chernozhukov,
        Fernández-Val, Galichon 2010).
    huber_threshold : float, default=1.0
        t of loss='huber': the error above which a sample counts as an outlier, in units of the
        target.
    tweedie_power : float, default=1.5
        ρ of loss='tweedie', between 1 (Poisson) and 2 (gamma): the variance grows with the mean as
        mean^ρ.
    scale_target : bool, default=False
        If True, the network learns (y - mean) / standard deviation of each target, with the
        weighted mean and standard deviation of the first call's samples. Predictions, scores and
        `coefs_` are in the units of y, because the last layer is multiplied by the standard
        deviation at the end. Losses, `huber_threshold`, `tol` and the logits and targets passed to
        a custom loss are in standard deviations. Set it for every target whose values are not
        around one in size: with the default learning rate, a target in thousands is out of reach,
        and one in thousandths is lost in the initial weights. Only for losses that predict z
        itself, and without output_activation.

    Attributes
    ----------
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
        Inverse inverse link, from logits to predictions: 'identity', or 'exp' for loss='poisson'.
        The parameter `output_activation` is another function, applied before it.
    loss_ : float
        Mean loss of the latest epoch, penalty included; the loss of each batch is measured before
        its step.
    loss_curve_ : list of float
        `loss_` of every epoch; a warm start appends to it. Not for 'lbfgs'.
    best_loss_ : float or None
        Minimum of `loss_curve_` if the loss decides; None with early stopping. Not for 'lbfgs'.
    validation_scores_ : list of float or None
        R², or the first scorer of `monitor`, on the held-out samples after every epoch; None
        without held-out samples. Not for 'lbfgs'.
    best_validation_score_ : float or None
        Maximum of `validation_scores_` if the score decides. Not for 'lbfgs'.
    validation_loss_curve_ : list of float or None
        Mean loss on the held-out samples after every epoch, without the penalty. Not for 'lbfgs'.
    history_ : dict of str to list of float
        Columns of every epoch of all fits, for `pandas.DataFrame`: 'epoch', 'loss',
        'learning_rate', 'seconds', 'gradient_norm' and, with held-out samples, 'validation_loss'
        and each metric; NaN where a value is not available. Not for 'lbfgs'.
    target_mean_, target_scale_ : ndarray of shape (n_targets,)
        Mean and standard deviation by which the target was standardised; only with
        scale_target=True.
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
        """Train for one epoch on the given samples, keeping the optimizer's state and the losses.

        The learning rate is kept as well, so a changed `learning_rate_init` takes effect only in
        the next call of `fit`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; all equal by default.

        Returns
        -------
        self

        Raises
        ------
        AttributeError
            For solver='lbfgs', which needs all samples at once.
        ValueError
            For early_stopping=True.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Return the prediction for each sample of X.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        return_std : bool, default=False
            If True, also return the standard deviation that loss='gaussian_nll' predicts.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            (n_samples, n_quantiles) or (n_samples, n_targets, n_quantiles) if `quantile` was a
            list; each sample's quantiles are sorted, so that they never cross.
        ndarray of the same shape
            Standard deviations, only with return_std=True.

        Raises
        ------
        ValueError
            For return_std=True after a fit with another loss.
        """
        if not return_std:
            return self._answer(self._forward(X))
        prediction, name = self._forward(X), vars(self).get("_loss_name")
        if name is None or (std_of := LOSSES[name].std) is None:
            able = " or ".join(repr(each) for each, loss in LOSSES.items() if loss.std)
            raise ValueError(
                "return_std=True needs a loss that predicts a standard deviation, and this model "
                f"was fitted with another: fit it with loss={able}"
            )
        std = std_of(prediction)
        return self._answer(prediction), std[:, 0] if std.shape[1] == 1 else std

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R² of the prediction; with loss='quantile' D², its counterpart for pinball loss.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        float
            At most 1. For several targets and quantiles, the mean; each quantile is compared with
            its best constant prediction (Koenker, Machado 1999).
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
        continues: bool,
        classes: ArrayLike | None,
        weight: NDArray[Any] | None = None,
    ) -> Regression:
        task = Regression(self.loss, y, self._hyperparameters())
        self._refuse_undefined(task)
        return replace(task, scaling=self._scaling(task, continues, weight))

    def _refuse_undefined(self, task: Regression) -> None:
        """Reject targets that are not numbers, or for which the loss is undefined."""
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
                f"loss={self.loss!r} is not defined for a target of {outside}, the value of "
                f"y[{row}]: choose another of {others}, or shift the target"
            )

    def _scaling(
        self, task: Regression, continues: bool, weight: NDArray[Any] | None
    ) -> TargetScaling | None:
        """Return the target's mean and scale with scale_target=True; keep an earlier fit's."""
        if not self.scale_target:
            return None
        before = get_scaling(self) if continues else None
        if before is None:
            scaling = TargetScaling.from_targets(task.columns(), weight)
            self._refuse_deviations_out_of_range(task, scaling)
            return scaling
        if len(before.mean) != (n_targets := task.columns().shape[1]):
            raise ValueError(
                f"y has {n_targets} targets, and the earlier fit standardised {len(before.mean)}: "
                "a fit cannot continue with other targets. Set warm_start=False and call fit."
            )
        return before

    def _refuse_deviations_out_of_range(self, task: Regression, scaling: TargetScaling) -> None:
        """Reject scales by which a predicted standard deviation would leave its range."""
        logarithms = np.log(scaling.scale)
        least, largest = LEAST_LOG_STD + ROOM, LARGEST_LOG_STD - ROOM
        if (
            INVERSE_LINKS[task.inverse_link].by_pairs
            and not least < logarithms.min() <= logarithms.max() < largest
        ):
            raise ValueError(
                f"loss={self.loss!r} predicts standard deviations from {np.exp(least):.0e} to "
                f"{np.exp(largest):.0e}, and y has {list(scaling.scale)}: divide y by a constant."
            )

    def _hyperparameters(self) -> dict[str, Any]:
        """Return the hyperparameters that the loss's record lists, by name."""
        names = names_of(LOSSES[self.loss].hyperparameters) if isinstance(self.loss, str) else ()
        parameters = {**vars(self), "quantile": rising_quantiles(self.quantile)}
        return {name: parameters[name] for name in names}

    def _task_like(self, task: Task, y: NDArray[Any]) -> Regression:
        assert isinstance(task, Regression)
        other = Regression(self.loss, y, task.hyperparameters, task.scaling)
        self._refuse_undefined(other)
        if other.n_outputs != task.n_outputs:
            raise ValueError(
                f"y_val of validation_data has {other.n_outputs} outputs, and y has "
                f"{task.n_outputs}: both must have the same number."
            )
        return other
