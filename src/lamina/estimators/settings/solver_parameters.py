"""Parameters of the solvers: steps, learning rates, penalty and decay."""

from __future__ import annotations

from lamina.estimators.settings.hyperparameters import allowed
from lamina.estimators.settings.parameter import (
    AT_LEAST_ONE,
    BELOW_ONE,
    NOT_NEGATIVE,
    POSITIVE,
    STEP_SCHEDULES,
    Parameter,
    one_of,
    with_formulas,
)
from lamina.estimators.settings.refusals import Formulas, Names
from lamina.formulas import PENALTIES, SCHEDULES, SOLVERS

SOLVER_PARAMETERS = {
    "solver": Parameter(
        "str or Solver",
        [Formulas("solver", set(SOLVERS))],
        with_formulas(
            """
        Algorithm that minimises the loss: a name, or an object of `lamina.solvers`, which carries
        the hyperparameters that a name reads from the parameters below. 'lbfgs' is a quasi-Newton
        method; it uses all samples at once, computes in float64, and is often the best for small
        data. Its iterates are those of SciPy's L-BFGS-B, which engine='reference' calls. All others
        are minibatch solvers: each step is w ← w - η …, with g the gradient of one batch:

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
          Adam's. `Muon(momentum=0.95, hidden_only=True, matches_adamw=False, adamw_rate=…)` is
          Jordan's own form: 'adamw' also updates the first and last weights and embeddings of
          inputs, at its own multiple of η, and the steps of a matrix are η √max(1, fan_out /
          fan_in) times the orthogonal one.
        """,
            SOLVERS,
        ),
    ),
    "alpha": Parameter(
        "float",
        [NOT_NEGATIVE],
        """
        Strength α of the penalty, by default ½ α ‖W‖². It is added to the sum of a batch's losses,
        so in the mean it is divided by the number of samples in the batch, or by the sum of their
        weights. Biases are not penalised.
        """,
    ),
    "penalty": Parameter(
        f"{one_of(PENALTIES)} or Penalty",
        [Formulas("penalty", set(PENALTIES))],
        """
        Penalty on the weights that `alpha` multiplies: ½ ‖W‖²; ‖W‖₁, which drives weights of no use
        to zero; or a mixture of both, ρ ‖W‖₁ + (1 - ρ) ½ ‖W‖² with ρ the `l1_ratio`, as in
        scikit-learn's SGDClassifier. The derivative of |w| at 0 is taken as 0. 'lbfgs' needs a
        derivative everywhere, so it supports 'l2' alone.
        """,
    ),
    "l1_ratio": Parameter(
        "float",
        allowed("l1_ratio"),
        """
        ρ of 'elasticnet', from 0 to 1.
        """,
    ),
    "batch_size": Parameter(
        "int or 'auto'",
        [Names({"auto"}), AT_LEAST_ONE],
        """
        Number of samples in a minibatch; 'auto' is min(200, n_samples). Ignored by 'lbfgs'.
        """,
    ),
    "learning_rate": Parameter(
        "str, Schedule or callable",
        [Formulas("learning_rate", set(SCHEDULES)), callable],
        with_formulas(
            """
        Schedule of the learning rate η, starting from η₀, which is `learning_rate_init`: a name, or
        an object of `lamina.schedules`, which carries its options. The first three are
        scikit-learn's, and 'adam' ignores them as scikit-learn's does; all others apply to every
        minibatch solver.

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
        - 'coslog4': four waves from 0 to η₀ and back, each about twice as long as the one before: η
          = η₀ ½ (1 - cos(2π log₂(1 + 15 step / all steps))) (Holzmüller, Grinsztajn, Steinwart
          2024);
        - 'flat_cos': η₀ over the fraction `flat` of all steps, then half a cosine down to zero (the
          same authors);
        - 'plateau': η ← factor η after more than `patience` epochs without progress; keep
          `patience` below `n_iter_no_change`, at which training stops;
        - `function(step, epoch)`: its result is η; both count from 0.
        """,
            SCHEDULES,
        ),
    ),
    "learning_rate_init": Parameter(
        "float",
        [POSITIVE],
        """
        Initial learning rate η₀. Ignored by 'lbfgs'.
        """,
    ),
    "learning_rate_options": Parameter(
        "dict or None",
        [dict, None],
        """
        Settings that replace the schedule's defaults: 'exponential' decay=0.95; 'step' factor=0.1,
        every=30; 'cosine' period=None, period_factor=1, lowest=0; 'one_cycle' rising=0.3,
        initial_divisor=25, final_divisor=1e4; 'polynomial' power=1, lowest=0; 'flat_cos' flat=0.5,
        lowest=0; 'plateau' factor=0.2, patience=5, lowest=0. lowest is a fraction of η₀.
        """,
    ),
    "warmup": Parameter(
        "float",
        [NOT_NEGATIVE],
        """
        Number of epochs, which may be a fraction, over which η rises linearly to the value at which
        the schedule then begins: η (step + 1) / warm-up steps (Goyal and others 2017). Not for
        'lbfgs'.
        """,
    ),
    "rate_factors": Parameter(
        "dict or None",
        [dict, None],
        """
        Factors of η by group of tensors, `{'bias': 0.1, 'scale': 6}`; all others are 1, and groups
        that the network lacks are ignored. They apply to every minibatch solver, and to the steps
        of the weight decay. 0 keeps the initial values. The groups are:

        - 'weight': the weights W of all layers;
        - 'bias': the biases b, and β of a normalization;
        - 'scale': γ of a normalization, and learned scales of inputs;
        - 'embedding': embeddings of numbers and categories;
        - 'activation': learned parameters of activations.
        """,
    ),
    "power_t": Parameter(
        "float",
        allowed("power_t"),
        """
        Exponent of 'invscaling'.
        """,
    ),
    "momentum": Parameter(
        "float",
        allowed("momentum"),
        """
        μ of 'sgd', between 0 and 1: v ← μ v - η g, w ← w + v; and of 'muon', whose momentum is M ←
        μ M + (1 - μ) G.
        """,
    ),
    "nesterovs_momentum": Parameter(
        "bool",
        allowed("nesterovs_momentum"),
        """
        If True, use Nesterov momentum: 'sgd' steps by w ← w + μ v - η g, and 'muon' by μ M + (1 -
        μ) G.
        """,
    ),
    "beta_1": Parameter(
        "float",
        allowed("beta_1"),
        """
        Decay rate β₁ of the running mean m of the gradient in 'adam' and its variants: m ← β₁ m +
        (1 - β₁) g; from 0 to below 1.
        """,
    ),
    "beta_2": Parameter(
        "float",
        allowed("beta_2"),
        """
        Decay rate β₂ of the running mean v of the squared gradient in 'adam' and its variants: v ←
        β₂ v + (1 - β₂) g²; from 0 to below 1.
        """,
    ),
    "epsilon": Parameter(
        "float",
        allowed("epsilon"),
        """
        ε in a step of 'adam', w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε); of 'adamw', which
        adds it to √(v / (1 - β₂ᵗ)); and of the other solvers that divide by a root.
        """,
    ),
    "decay_rate": Parameter(
        "float",
        allowed("decay_rate"),
        """
        ρ of 'rmsprop', from 0 to below 1: v ← ρ v + (1 - ρ) g².
        """,
    ),
    "amsgrad": Parameter(
        "bool",
        ["boolean"],
        """
        If True, 'adam' and 'adamw' divide by the root of the largest v so far in place of v, which
        makes them converge in cases where they otherwise may not (Reddi, Kale, Kumar 2018).
        """,
    ),
    "weight_decay": Parameter(
        "float or None",
        [NOT_NEGATIVE, None],
        """
        λ of decoupled weight decay, W ← W - η λ W before every step, applied to weights and never
        to biases (Loshchilov, Hutter 2019). It acts in addition to the penalty, and is not divided
        by the number of samples in a batch. None is 0.01 for 'adamw', as in PyTorch, and 0 for all
        others. Not for 'lbfgs'.
        """,
    ),
    "weight_decay_schedule": Parameter(
        "str, Schedule or None",
        [Formulas("weight_decay_schedule", STEP_SCHEDULES), None],
        """
        Schedule that λ follows, as in `dropout_schedule`: in a step, W ← W - η m λ W with m the
        factor of the schedule. The schedule of η lowers the decay as well. None keeps λ constant.
        Not for 'lbfgs'.
        """,
    ),
    "max_gradient_norm": Parameter(
        "float or None",
        [POSITIVE, None],
        """
        Largest norm of a batch's gradient, taken over all parameters and with the penalty; a larger
        gradient is scaled down: g ← g · max_gradient_norm / ‖g‖ (Pascanu, Mikolov, Bengio 2013).
        None scales nothing. Not for 'lbfgs'.
        """,
    ),
    "average_decay": Parameter(
        "float or None",
        [BELOW_ONE, None],
        """
        d of the exponential moving average of the parameters, a ← d a + (1 - d) w after every step
        (Polyak, Juditsky 1992), from 0 to below 1; 0.999 is usual. `coefs_`, `intercepts_`,
        predictions and validation use the average. It is bias-corrected as Adam's means are: the
        initial weights have no part in it. Training itself continues from the weights that are not
        averaged, also in `partial_fit` and after a warm start. None keeps no average. Not for
        'lbfgs'.
        """,
    ),
    "max_fun": Parameter(
        "int",
        allowed("max_fun"),
        """
        Maximum number of evaluations of the loss by 'lbfgs'.
        """,
    ),
}
