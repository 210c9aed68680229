"""Parameters of the losses, of which the classifier and the regressor have their own."""

from __future__ import annotations

from lamina.encoding.targets import CLASSIFICATION_LOSSES
from lamina.estimators.settings.hyperparameters import allowed
from lamina.estimators.settings.parameter import (
    OWN_LOSS,
    STEP_SCHEDULES,
    Parameter,
    one_of,
)
from lamina.estimators.settings.refusals import Formulas, Names
from lamina.formulas import LOSSES

REGRESSION_LOSSES = {name for name, loss in LOSSES.items() if loss.task == "regression"}

CLASSIFIER_PARAMETERS = {
    "loss": Parameter(
        f"{one_of(CLASSIFICATION_LOSSES)}, Loss or object",
        [Formulas("loss", set(CLASSIFICATION_LOSSES)), OWN_LOSS],
        """
        Loss, averaged over the samples: a name, an object of `lamina.losses` with hyperparameters,
        or a custom object (below).

        - 'log_loss': -log p of the right class (Good 1952), summed over the labels of multilabel
          targets and over the columns of several;
        - 'focal': -(1 - p)^γ log p, γ being `focal_gamma`: samples that are already right count
          less, so that a rare or hard class is not drowned (Lin et al. 2017). Probabilities come
          out less extreme than the frequencies.

        A loss of torch.nn with reduction='none' is taken as it is, with PyTorch's derivatives. Any
        other custom loss is an object with `value_and_delta(logits, y, sample_weight)`, in NumPy.
        From logits (n_samples, n_outputs), y, and sample_weight (n_samples,) or None it returns the
        loss of each sample (n_samples,) and its derivative with respect to the logits (n_samples,
        n_outputs), both multiplied by sample_weight. y holds zeros and ones, (n_samples, 1) for two
        classes and (n_samples, n_labels) for multilabel targets, or int32 class codes, (n_samples,)
        for more classes and (n_samples, n_targets) for several columns. The loss of a sample must
        depend on that sample alone; `fit` checks this on the first samples. Probabilities are the
        logistic function or softmax of the logits, as for every loss. An exception in it ends the
        fit. A model with a custom loss cannot be saved: call `set_params(loss='log_loss')` first.
        """,
    ),
    "focal_gamma": Parameter(
        "float",
        allowed("focal_gamma"),
        """
        γ of loss='focal'; 0 is the log loss.
        """,
    ),
    "label_smoothing": Parameter(
        "float",
        allowed("label_smoothing"),
        """
        ε of label smoothing, from 0 to below 1: the target of a class becomes 1 - ε plus its part
        of ε, which is divided evenly among all classes, so that no logit is driven to infinity
        (Szegedy et al. 2016). Multilabel targets become ε / 2 and 1 - ε / 2.
        """,
    ),
    "label_smoothing_schedule": Parameter(
        "str, Schedule or None",
        [Formulas("label_smoothing_schedule", STEP_SCHEDULES), None],
        """
        Schedule that ε follows in training, as in `dropout_schedule`, such as 'coslog4' in
        RealMLP. The validation loss keeps ε, so that the losses of all epochs can be compared.
        None keeps ε constant. Not for 'lbfgs'.
        """,
    ),
    "class_weight": Parameter(
        "dict, 'balanced', list of dict or None",
        [Names({"balanced"}), dict, list, None],
        """
        Weight of each class, multiplied by `sample_weight`: {label: weight}, where a class that is
        not listed has weight one. 'balanced' is n_samples / (n_classes · samples of the class). For
        multilabel targets and several columns, a list with a dict for each column, whose weights
        multiply. Samples that early stopping holds out are weighted in the same way.
        """,
    ),
}

REGRESSOR_PARAMETERS = {
    "loss": Parameter(
        "str, Loss or object",
        [Formulas("loss", REGRESSION_LOSSES), OWN_LOSS],
        """
        Loss, averaged over the samples: a name, an object of `lamina.losses` with hyperparameters,
        or a custom object (below). With p the prediction,
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

        A loss of torch.nn with reduction='none' is taken as it is, with PyTorch's derivatives. Any
        other custom loss is an object with `value_and_delta(logits, y, sample_weight)`, in NumPy.
        From logits (n_samples, n_outputs), y (n_samples, n_targets), and sample_weight (n_samples,)
        or None, all in the dtype of the computation, it returns the loss of each sample
        (n_samples,) and its derivative with respect to the logits (n_samples, n_outputs), both
        multiplied by sample_weight. The loss of a sample must depend on that sample alone, because
        a batch may be passed in parts; `fit` checks this on the first samples. lamina sums the
        losses, divides by the sum of the weights, and adds the penalty. The prediction is the
        logits, or the inverse link that the object's attribute `inverse_link` names: 'identity',
        'exp' or 'logistic'. An exception in the object ends the fit. A model with a custom loss
        cannot be saved: call `set_params(loss='squared_error')` first; predictions do not change.
        """,
    ),
    "quantile": Parameter(
        "float or sequence of float",
        allowed("quantile"),
        """
        q of loss='quantile', between 0 and 1: a fraction q of the targets lies below the
        prediction. One network learns a sequence in ascending order with an output for each q,
        and `predict` returns (n_samples, n_quantiles). Each sample's quantiles are sorted, so that
        they never cross, which also brings them nearer to the true ones (Chernozhukov,
        Fernández-Val, Galichon 2010).
        """,
    ),
    "huber_threshold": Parameter(
        "float",
        allowed("huber_threshold"),
        """
        t of loss='huber': the error above which a sample counts as an outlier, in units of the
        target.
        """,
    ),
    "tweedie_power": Parameter(
        "float",
        allowed("tweedie_power"),
        """
        ρ of loss='tweedie', between 1 (Poisson) and 2 (gamma): the variance grows with the mean as
        mean^ρ.
        """,
    ),
    "scale_target": Parameter(
        "bool",
        ["boolean"],
        """
        If True, the network learns (y - mean) / standard deviation of each target, with the
        weighted mean and standard deviation of the first call's samples. Predictions, scores and
        `coefs_` are in the units of y, because the last layer is multiplied by the standard
        deviation at the end. Losses, `huber_threshold`, `tol` and the logits and targets passed to
        a custom loss are in standard deviations. Set it for every target whose values are not
        around one in size: with the default learning rate, a target in thousands is out of reach,
        and one in thousandths is lost in the initial weights. Only for losses that predict z
        itself, and without output_activation.
        """,
    ),
}
