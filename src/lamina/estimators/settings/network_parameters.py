"""Parameters that define the network: its layers, and the initial parameters."""

from __future__ import annotations

from lamina.estimators.settings.parameter import (
    AT_LEAST_ONE,
    BELOW_ONE,
    NOT_NEGATIVE,
    STEP_SCHEDULES,
    WHOLE_NOT_NEGATIVE,
    Parameter,
    one_of,
    with_formulas,
)
from lamina.estimators.settings.refusals import Formulas, Names
from lamina.formulas import (
    ACTIVATIONS,
    INITIALIZERS,
    INPUT_FORMULAS,
    MEMBER_FORMULAS,
    NORMALIZATIONS,
)

PARAMETRIZATIONS = ("standard", "ntk")

NETWORK_PARAMETERS = {
    "hidden_layer_sizes": Parameter(
        "int or sequence of int",
        ["array-like", AT_LEAST_ONE],
        """
        Number of units in each hidden layer, in order from the inputs. An int gives one hidden
        layer; `()` gives a linear model.
        """,
    ),
    "width": Parameter(
        "int or None",
        [AT_LEAST_ONE, None],
        """
        Number of units in every hidden layer, a plain number for a search; 100 if only `depth` is
        set. Together with `depth` it replaces `hidden_layer_sizes`, which must then be left at its
        default.
        """,
    ),
    "depth": Parameter(
        "int or None",
        [WHOLE_NOT_NEGATIVE, None],
        """
        Number of hidden layers, each of `width` units; 1 if only `width` is set, and 0 for a linear
        model.
        """,
    ),
    "members": Parameter(
        "str, Members or None",
        [Formulas("members", set(MEMBER_FORMULAS)), None],
        with_formulas(
            """
        Several networks in one estimator, whose mean is the prediction: a name, or an object of
        `lamina.members` with their number. `members_` has each as a network.

        - 'independent': with `lamina.members.Independent(5)` five, each with initial weights and
          orders of samples of its own, trained side by side in threads;
        - 'shared': with `lamina.members.Shared(32)` 32 that share the weights of the hidden layers
          and differ by scales, biases and an output layer each (TabM); `coefs_` then has the shared
          weights, and for the last layer an array (n_members, fan_in, fan_out).
        """,
            MEMBER_FORMULAS,
        ),
    ),
    "activation": Parameter(
        "str, Activation or sequence of these",
        [Formulas("activation", set(ACTIVATIONS)), list, tuple],
        with_formulas(
            """
        Activation function f of the hidden layers, a = f(z): one name for all, or one for each
        layer; or objects of `lamina.activations`, which set hyperparameters too.

        - 'identity': f(z) = z; the network collapses to a linear one;
        - 'logistic': f(z) = 1 / (1 + exp(-z));
        - 'tanh': f(z) = tanh(z);
        - 'relu': f(z) = max(0, z);
        - 'leaky_relu', 'prelu': f(z) = z where z is positive, else 0.01 z for 'leaky_relu' and s z
          for 'prelu', with an s that each unit learns;
        - 'elu', 'celu', 'selu': f(z) = z where z is positive, else exp(z) - 1, or with a scale α
          α (exp(z) - 1) for `ELU(alpha=α)` and α (exp(z / α) - 1) for `CELU(alpha=α)`; 'selu'
          scales both parts so that activations keep their mean and variance in a deep network
          (with initializer 'lecun_normal');
        - 'gelu', 'silu', 'mish': z Φ(z), z / (1 + exp(-z)), z tanh(log(1 + exp(z))): smooth
          relatives of 'relu';
        - 'softplus': f(z) = log(1 + exp(z)); 'softsign': f(z) = z / (1 + |z|);
        - 'relu6': f(z) = min(max(0, z), 6); 'hardswish': f(z) = z min(max(0, z + 3), 6) / 6;
        - 'sine': f(z) = sin(z), for signals with fine detail, on inputs of a suitable scale.
        """,
            ACTIVATIONS,
        ),
    ),
    "blended_activation": Parameter(
        "bool",
        ["boolean"],
        """
        If True, every unit of the hidden layers learns how much of f it applies: a = z + θ (f(z) -
        z), with a θ that starts at 1, where a = f(z) (Holzmüller, Grinsztajn, Steinwart 2024).
        `unit_parameters_` has each θ, in the last row; `rate_factors` has the group 'activation'.
        """,
    ),
    "output_activation": Parameter(
        "str, Activation or None",
        [Formulas("output_activation", set(ACTIVATIONS)), None],
        """
        Activation, by the same names as `activation`, applied to the last layer's z before the
        inverse link; 'softplus', for instance, makes every prediction of a regression positive. The
        attribute `out_activation_` names something else: the inverse link itself.
        """,
    ),
    "normalization": Parameter(
        f"{one_of(NORMALIZATIONS)} or None",
        [Names(set(NORMALIZATIONS)), None],
        """
        Normalization of z in every hidden layer before f: z' = γ (z - mean) / √(variance + 10⁻⁵) +
        β with a γ and a β that each unit learns. 'batch' takes mean and variance over the samples
        of a batch, and running estimates when predicting (Ioffe, Szegedy 2015); 'layer' takes them
        over the units, for each sample (Ba, Kiros, Hinton 2016). Biases before 'batch' keep their
        initial values: subtracting the mean cancels them, so their gradient is zero, and neither
        penalty nor weight decay acts on biases.
        """,
    ),
    "residual": Parameter(
        "bool",
        ["boolean"],
        """
        If True, a hidden layer adds the output of the hidden layer before it to its own, where both
        have the same width (He, Zhang, Ren, Sun 2015): a = f(z) + a_prev.
        """,
    ),
    "dropout": Parameter(
        "float or sequence of float",
        [BELOW_ONE, list, tuple],
        """
        Fraction of a hidden layer's activations that every training step sets to zero, one number
        for all layers or one for each; the others are divided by 1 - fraction (Srivastava et al.
        2014). The draws depend only on seed, step, sample and unit, so the result is the same on
        any engine and with any number of threads.
        """,
    ),
    "dropout_schedule": Parameter(
        "str, Schedule or None",
        [Formulas("dropout_schedule", STEP_SCHEDULES), None],
        """
        Schedule that `dropout` and `input_dropout` follow, by a name or an object as in
        `learning_rate`: in each step they are multiplied by the factor that the schedule gives to
        η₀. 'flat_cos' keeps them for half of all steps and then lowers them to zero. None keeps
        them constant. Only schedules that are a function of the step alone: not 'constant',
        'invscaling', 'adaptive' and 'plateau'. `warmup` does not apply. Not for 'lbfgs'.
        """,
    ),
    "input_dropout": Parameter(
        "float",
        [BELOW_ONE],
        """
        The same fraction for the inputs, which must be dense.
        """,
    ),
    "input_noise": Parameter(
        "float",
        [NOT_NEGATIVE],
        """
        Standard deviation of the normal noise that every training step adds to the inputs, which
        must be dense (Bishop 1995, Training with noise is equivalent to Tikhonov regularization).
        """,
    ),
    "parametrization": Parameter(
        one_of(PARAMETRIZATIONS),
        [Names(set(PARAMETRIZATIONS))],
        """
        Role of the weights in every layer. 'standard': z = a_prev W + b. 'ntk', the neural tangent
        kernel's (Jacot, Gabriel, Hongler 2018): z = a_prev W / √fan_in + b, where W starts at
        N(0, 1) and b at 0, so that the change of z by one learning rate depends less on the width.
        Another `initializer` than the default starts W at √fan_in times its draw. `coefs_`,
        `alpha`, `weight_decay` and arrays of `initializer` refer to W; exports to other libraries
        contain W / √fan_in.
        """,
    ),
    "initializer": Parameter(
        "str or array-like",
        [Names(set(INITIALIZERS)), "array-like"],
        with_formulas(
            """
        Initial weights. Biases start at zero, except for the first and 'data':

        - 'glorot_uniform': W, b ~ U(-√(k / (fan_in + fan_out)), +√(k / (fan_in + fan_out))), k = 2
          for 'logistic' and 6 for all others, as in scikit-learn (Glorot, Bengio 2010);
        - 'glorot_normal': normal, with the same variance k / 3 / (fan_in + fan_out);
        - 'he_uniform', 'he_normal': variance g² / fan_in, which keeps the size of activations from
          layer to layer: 1 / g² is the mean of f(z)² over normal z, ½ for 'relu' (He et al. 2015);
        - 'lecun_uniform', 'lecun_normal': variance 1 / fan_in, for 'selu' (LeCun et al. 1998);
        - 'orthogonal': g Q, with Q uniformly distributed among the matrices whose columns (or rows,
          where there are fewer of them) are orthonormal (Saxe, McClelland, Ganguli 2014), for deep
          networks;
        - 'data': normal, scaled unit by unit so that z has standard deviation 1 on a sample of at
          most 5000 rows of X, layer after layer; each bias puts z = 0 through a random point
          between 5 of these rows (Holzmüller, Grinsztajn, Steinwart 2024), for RealMLP;
        - 'zeros': for teaching, because all units of a layer then stay alike;
        - an array of all parameters in one vector, or a list of arrays, `coefs_` followed by
          `intercepts_`, to start from another model's weights.
        """,
            INITIALIZERS,
        ),
    ),
    "inputs": Parameter(
        "str, Input, list of Input or None",
        [Formulas("inputs", set(INPUT_FORMULAS)), list, tuple, None],
        with_formulas(
            """
        What the first layer receives for each column of X: a name or an object of `lamina.inputs`
        for all columns, or a list of objects with `columns=`, which are indices, names, a slice or
        a boolean mask. Columns that none of them takes enter as they are. None is 'identity' for
        all, as in scikit-learn.

        - 'identity': x;
        - 'scaled': s x, with a factor s that each column learns;
        - 'periodic': [x, cos(2π w₁ x + b₁) W₂ + b₂], learned waves for targets with fine detail;
        - 'piecewise_linear': w x + b + PLE(x) V, a learned function with kinks at the edges of
          bins, which are quantiles of the training samples or the splits of a tree on the target;
        - 'categorical': a learned row for each category;
        - 'one_hot': an indicator for each category.

        The columns of the last two hold categories as whole numbers from 0, or NaN where they are
        missing. The first fit numbers the categories, and a warm start and `partial_fit` keep them;
        other categories are read as missing. X must be dense.
        """,
            INPUT_FORMULAS,
        ),
    ),
}
