"""Descriptions of the fitted attributes, for the docstrings of the estimators."""

from __future__ import annotations

from typing import NamedTuple


class Attribute(NamedTuple):
    """Fitted attribute of an estimator: its type, as numpydoc writes it, and its description."""

    kind: str
    description: str


ATTRIBUTES = {
    "coefs_": Attribute(
        "list of ndarray of shape (fan_in, fan_out)",
        """
        Weights of each layer; they and the biases are views of one vector. With
        parametrization='ntk', W of z = a_prev W / √fan_in + b.
        """,
    ),
    "intercepts_": Attribute(
        "list of ndarray of shape (fan_out,)",
        """
        Biases of each layer.
        """,
    ),
    "unit_parameters_": Attribute(
        "list of ndarray of shape (n, fan_out)",
        """
        Other parameters of the units of each layer, one kind a row: γ and β of a normalization, the
        s of 'prelu', the θ of a blended activation; only if a layer has such parameters.
        """,
    ),
    "input_parameters_": Attribute(
        "list of ndarray",
        """
        Learned parameters of `input_stage_`, group by group: scale; w₁, b₁, W₂ and b₂ of periodic,
        w, b and V of piecewise linear inputs; E of each column of categories; then the factors of
        the outputs if the group is scaled. Only with `inputs`.
        """,
    ),
    "running_statistics_": Attribute(
        "list of ndarray of shape (2, fan_out)",
        """
        Running mean and variance of each layer; only with normalization='batch'. Piecewise linear
        inputs put their bin edges first, (columns, n_bins + 1), which no step changes.
        """,
    ),
    "input_stage_": Attribute(
        "InputStage",
        """
        Groups of columns and their kinds, with the columns and outputs of each; only with `inputs`.
        `coefs_[0]` then has a row for each of its outputs.
        """,
    ),
    "input_categories_": Attribute(
        "list of ndarray",
        """
        Categories of each column, whose codes count from 1, and an empty array for columns of
        numbers; only if `inputs` has columns of categories.
        """,
    ),
    "members_": Attribute(
        "list of Network",
        """
        Each member of `members` as a network; without members the network itself.
        """,
    ),
    "member_loss_curves_": Attribute(
        "list of list of float",
        """
        Training loss of every epoch of each member; `loss_curve_` is their mean.
        """,
    ),
    "encoding_": Attribute(
        "TableEncoding",
        """
        Encoding of tables, only after a fit to a source: predictions take data frames and sources
        then, and arrays of encoded rows.
        """,
    ),
    "n_iter_": Attribute(
        "int",
        """
        Number of epochs or iterations of the latest fit.
        """,
    ),
    "n_layers_": Attribute(
        "int",
        """
        Number of layers, input and output layer included.
        """,
    ),
    "n_outputs_": Attribute(
        "int",
        """
        Number of outputs.
        """,
    ),
    "out_activation_": Attribute(
        "str",
        """
        Name of the inverse link, from logits to predictions, as in scikit-learn: 'softmax' or
        'logistic' for classes; 'identity' for numbers, or 'exp' for losses that need predictions
        above 0, such as 'poisson'. The parameter `output_activation` is another function, applied
        before it.
        """,
    ),
    "loss_": Attribute(
        "float",
        """
        Mean loss of the latest epoch, penalty included; the loss of each batch is measured before
        its step.
        """,
    ),
    "loss_curve_": Attribute(
        "list of float",
        """
        `loss_` of every epoch, or iteration of 'lbfgs'; a warm start appends to it.
        """,
    ),
    "best_loss_": Attribute(
        "float or None",
        """
        Minimum of `loss_curve_` if the loss decides; None with early stopping.
        """,
    ),
    "validation_scores_": Attribute(
        "list of float or None",
        """
        Accuracy of a classifier, R² of a regressor, or the first scorer of `monitor`, on the
        held-out samples after every epoch; None without held-out samples.
        """,
    ),
    "best_validation_score_": Attribute(
        "float or None",
        """
        Maximum of `validation_scores_` if the score decides.
        """,
    ),
    "validation_loss_curve_": Attribute(
        "list of float or None",
        """
        Mean loss on the held-out samples after every epoch, without the penalty.
        """,
    ),
    "history_": Attribute(
        "dict of str to list of float",
        """
        Columns of every epoch of all fits, for `pandas.DataFrame`: 'epoch', 'loss',
        'learning_rate', 'seconds', 'gradient_norm' and, with held-out samples, 'validation_loss'
        and each metric; NaN where a value is not available. A minimisation by SciPy has none.
        """,
    ),
    "t_": Attribute(
        "int",
        """
        Number of samples seen in all epochs so far.
        """,
    ),
    "n_parameters_": Attribute(
        "int",
        """
        Number of trained parameters.
        """,
    ),
    "diagnoses_": Attribute(
        "list of str or None",
        """
        Problems found in the latest fit; None with diagnostics=False.
        """,
    ),
    "engine_": Attribute(
        "str",
        """
        Engine and device of the latest fit: 'native', 'reference', 'pytorch (cpu)' or
        'pytorch (cuda:0)'.
        """,
    ),
    "n_features_in_": Attribute(
        "int",
        """
        Number of columns of X.
        """,
    ),
    "feature_names_in_": Attribute(
        "ndarray of str of shape (n_features_in_,)",
        """
        Names of the columns, if X was a data frame whose columns all have one.
        """,
    ),
}

CLASSIFIER_ATTRIBUTES = {
    "classes_": Attribute(
        "ndarray of shape (n_classes,), or list of these",
        """
        Sorted labels; for multilabel targets, the column numbers; for several columns of labels,
        the labels of each.
        """,
    ),
    **ATTRIBUTES,
}

REGRESSOR_ATTRIBUTES = {
    **ATTRIBUTES,
    "target_mean_": Attribute(
        "ndarray of shape (n_targets,)",
        """
        Mean by which each target was standardised; only with scale_target=True.
        """,
    ),
    "target_scale_": Attribute(
        "ndarray of shape (n_targets,)",
        """
        Standard deviation by which each target was standardised; only with scale_target=True.
        """,
    ),
}
