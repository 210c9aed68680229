"""Looking inside a network: its activations, gradients at the inputs, importances, embeddings.

Shapes: X (n_samples, n_features) dense or sparse. The numbers are those of the reference engine's
forward and backward pass, whatever engine has trained; rows go through in chunks, so that only
what is returned has to fit into memory.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from lamina.engines.blocks import product_in
from lamina.engines.engine import Matrix
from lamina.errors import suggestion
from lamina.estimators.description import NetworkDescription, describe
from lamina.estimators.gradient_check import GradientCheck, check_gradients
from lamina.estimators.importances import IMPORTANCES
from lamina.estimators.passes import Passes
from lamina.estimators.refusals import require_whole
from lamina.estimators.state import network_and_parameters
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, ParameterLayout

if TYPE_CHECKING:
    from sklearn.utils import Bunch


class Inspection(ClassNamePrefixFeaturesOutMixin, TransformerMixin):  # type: ignore[misc]
    """What both estimators let one see of their network."""

    hidden_layer_sizes: Any
    precision: str | None

    if TYPE_CHECKING:

        def _rows_to_predict(self, X: Any) -> Matrix: ...

        def _in_one_dtype(self, rows: Matrix) -> tuple[NetworkSpec, Array, Matrix]: ...

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def n_parameters_(self) -> int:
        """How many numbers the network has learned."""
        if "coefs_" not in vars(self):
            raise AttributeError(f"this {type(self).__name__} has no parameters before fit")
        spec, _ = network_and_parameters(self)
        return ParameterLayout.of(spec).n_trained

    def describe(self, X: Any = None) -> NetworkDescription:
        """The layers in a table: shapes, parameters, weights, dead units.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), optional
            Rows by which dead units are told: those whose activation is flat for every row, its
            gradient below a hundredth of its largest. A dead ReLU gives zero for all of them.

        Returns
        -------
        NetworkDescription
            It prints as a table and shows as one in a notebook; `to_frame()` and `to_dict()` give
            the numbers. Before a fit it says what the parameters ask for.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from lamina import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> MLPClassifier((8, 4), "tanh").describe()
        MLPClassifier, not fitted
        layer     activation  fan_in  fan_out  parameters
        hidden_1  tanh             ?        8           ?
        hidden_2  tanh             8        4          36
        output    ?                4        ?           ?
        Features and outputs are not known before fit.
        >>> model = MLPClassifier((8, 4), "tanh", tol=0.01, random_state=1).fit(X, y)
        >>> model.describe(X).to_dict()["n_parameters"]
        [40, 36, 15]
        """
        return describe(self, None if X is None else self._passes(X))

    def check_gradients(
        self, X: Any, y: Any, sample_weight: Any = None, *, max_parameters: int = 500
    ) -> GradientCheck:
        """Hold the gradient that trains this network against finite differences of its loss.

        At the fitted parameters, or before a fit at the first ones that it would draw; nothing of
        the estimator changes. Always in float64, without `precision`, dropout and noise, because
        these have no gradient that a difference could show. Two evaluations of the loss over all
        rows for each parameter: a few dozen rows are enough.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), optional
        max_parameters : int, default=500
            The most that are checked in each layer, chosen by chance, the same at each call.

        Returns
        -------
        GradientCheck
            It prints as a table; `passed`, `largest_error` and `layers` tell the same. An error is
            a part of the layer's largest gradient, and within 1e-6 where all is well. Where the
            loss has a kink within the step, as ReLUs make one at 0, no difference tells its
            gradient; the result says so.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from lamina import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> check = MLPClassifier((8, 4), "tanh", alpha=0.1, random_state=0).check_gradients(X, y)
        >>> check.passed, check.layers[0].n_checked, check.worst.largest_error < 1e-6
        (True, 40, True)
        """
        return check_gradients(self, X, y, sample_weight, max_parameters)

    def _get_params_html(self, *args: Any, **kwargs: Any) -> Any:
        # scikit-learn's representation in a notebook asks for this; the layers follow below.
        parameters = super()._get_params_html(*args, **kwargs)
        with suppress(Exception):
            layers, of_parameters = describe(self).as_fold(), parameters._repr_html_inner
            parameters._repr_html_inner = lambda: of_parameters() + layers
        return parameters

    def activations(self, X: Any) -> list[Any]:
        """Every layer's output for each row of X, from the inputs to the prediction.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        list of n_layers_ arrays
            First X itself, as the network takes it (csr where it was sparse); then a = f(z) of
            each hidden layer, of shape (n_samples, fan_out); last the prediction behind the inverse
            link, of shape (n_samples, n_outputs_): a classifier's probabilities (the second class's
            alone where there are two), or a regressor's numbers.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from lamina import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = MLPClassifier((8, 4), solver="lbfgs", max_iter=1000, random_state=1).fit(X, y)
        >>> inputs, first, second, probabilities = model.activations(X)
        >>> first.shape, second.shape
        ((150, 8), (150, 4))
        >>> bool((probabilities.argmax(axis=1) == model.predict(X)).all())
        True
        """
        passes = self._passes(X)
        return [passes.rows, *passes.activations()]

    def transform(self, X: Any, layer: int = -1) -> Array:
        """The activations of a hidden layer: what the network has made of the features.

        In the middle of a pipeline, the network is so a learned encoding for what comes after it.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        layer : int, default=-1
            Which hidden layer: 0 is the first, -1 the last.

        Returns
        -------
        ndarray of shape (n_samples, units of the layer)

        Raises
        ------
        ValueError
            For a network without a hidden layer.
        IndexError
            For a layer that is not there.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from lamina import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = MLPClassifier((8, 4), solver="lbfgs", max_iter=1000, random_state=1).fit(X, y)
        >>> model.transform(X).shape, model.transform(X, layer=0).shape
        ((150, 4), (150, 8))
        >>> model.get_feature_names_out()[:2]
        array(['mlpclassifier0', 'mlpclassifier1'], dtype=object)
        """
        passes = self._passes(X)
        return passes.activation(_hidden_block(passes.spec, layer))

    @property
    def _n_features_out(self) -> int:
        # What scikit-learn's mixin counts the names by; without a fit there is no such attribute.
        if "coefs_" not in vars(self):
            raise AttributeError("_n_features_out")
        spec, _ = network_and_parameters(self)
        return spec.blocks[_hidden_block(spec, -1)].fan_out

    def input_gradients(self, X: Any, output: int | None = None) -> Array:
        """How the logits change with each feature, row by row.

        The logits are what the last layer gives the inverse link: a regressor's prediction itself
        (its logarithm where the inverse link is 'exp'), a classifier's log odds. Probabilities
        would hardly change where the network is sure, whatever it looks at.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        output : int, optional
            Of which output: a column of the prediction, for a classifier as in `classes_`; all of
            them by default. Two classes share one output, which speaks for the second.

        Returns
        -------
        ndarray of shape (n_samples, n_features), or (n_samples, n_outputs_, n_features)
            The latter where the network has several outputs and none was chosen.

        Raises
        ------
        IndexError
            For an output that is not there.

        References
        ----------
        Simonyan, Vedaldi, Zisserman 2013, Deep inside convolutional networks: visualising image
        classification models and saliency maps.

        Examples
        --------
        >>> import numpy as np
        >>> from lamina import MLPRegressor
        >>> X = np.random.RandomState(0).standard_normal((200, 3))
        >>> linear = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0, random_state=0)
        >>> linear = linear.fit(X, 2 * X[:, 0] + 3 * X[:, 1] - X[:, 2])
        >>> linear.input_gradients(X[:1]).round(2)
        array([[ 2.,  3., -1.]])
        """
        passes = self._passes(X)
        gradients = [passes.gradients(direction) for direction in passes.directions(output)]
        return gradients[0] if len(gradients) == 1 else np.stack(gradients, axis=1)

    def integrated_gradients(
        self,
        X: Any,
        output: int | None = None,
        *,
        baseline: ArrayLike = 0.0,
        n_steps: int = 50,
    ) -> Array:
        """What each feature adds to a row's logit, compared with a baseline's.

        (x - x') ∫₀¹ ∂f/∂x (x' + t (x - x')) dt, with the logit f and the baseline x'. Over the
        features it sums up to f(x) - f(x'), as exactly as the integral is taken.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        output : int, optional
            As in `input_gradients`.
        baseline : float or array-like of shape (n_features,), default=0.0
            x', a row that tells nothing: zeros are the mean of standardised features, and black in
            a picture.
        n_steps : int, default=50
            Points of the Gauss-Legendre rule. With activations that have a kink the gradient jumps,
            and the error falls with 1 / n_steps only.

        Returns
        -------
        ndarray of shape (n_samples, n_features), or (n_samples, n_outputs_, n_features)

        Raises
        ------
        IndexError
            For an output that is not there.
        ValueError
            For a baseline of another shape, or n_steps below 1 or above 2000.

        References
        ----------
        Sundararajan, Taly, Yan 2017, Axiomatic attribution for deep networks, equation 1.

        Examples
        --------
        >>> import numpy as np
        >>> from lamina import MLPRegressor
        >>> X = np.random.RandomState(0).standard_normal((200, 3))
        >>> model = MLPRegressor(
        ...     "squared_error", (10,), "tanh", solver="lbfgs", max_iter=1000, random_state=0
        ... )
        >>> model = model.fit(X, X[:, 0] * X[:, 1])
        >>> added = model.integrated_gradients(X).sum(axis=1)
        >>> bool(np.allclose(added, model.predict(X) - model.predict(np.zeros((1, 3)))))
        True
        """
        passes = self._passes(X)
        parts = [
            passes.integrated_gradients(direction, baseline, n_steps)
            for direction in passes.directions(output)
        ]
        return parts[0] if len(parts) == 1 else np.stack(parts, axis=1)

    def feature_importances(
        self, X: Any, y: Any, method: str = "permutation", **options: Any
    ) -> Bunch:
        """How much each feature matters, for the score or for the logits.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows held out say what matters for new rows, those of the fit what was learned.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        method : {'permutation', 'integrated_gradients'}, default='permutation'
            - 'permutation': by how much the score falls once a feature's values are shuffled, by
              scikit-learn's `permutation_importance`; a sparse X is made dense for it;
            - 'integrated_gradients': what the feature adds to the logits or takes from them,
              |integrated_gradients|, in the mean over the rows; of several classes, the logit of
              the row's own counts, else all outputs together.
        **options
            Passed on: `scoring`, `n_repeats`, `n_jobs`, `random_state`, `sample_weight`,
            `max_samples` to the first method, `baseline` and `n_steps` to the second.

        Returns
        -------
        Bunch
            `importances_mean` and `importances_std` of shape (n_features,), and `importances` of
            shape (n_features, n_repeats), or (n_features, n_samples) for 'integrated_gradients'.

        Raises
        ------
        ValueError
            For any other method.

        References
        ----------
        Breiman 2001, Random forests, section 10. Sundararajan, Taly, Yan 2017, Axiomatic
        attribution for deep networks.

        Examples
        --------
        >>> import numpy as np
        >>> from lamina import MLPRegressor
        >>> X = np.random.RandomState(0).standard_normal((200, 3))
        >>> y = 3 * X[:, 1] + X[:, 2]
        >>> model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0).fit(X, y)
        >>> found = model.feature_importances(X, y, random_state=0)
        >>> int(found.importances_mean.argmax())
        1
        """
        if method not in IMPORTANCES:
            raise ValueError(
                f"method={method!r} is none of {', '.join(map(repr, IMPORTANCES))}."
                f"{suggestion(method, IMPORTANCES)}"
            )
        return IMPORTANCES[method](self, X, y, **options)

    def _passes(self, X: Any) -> Passes:
        """The network and validated rows, in the dtype that `predict` computes in."""
        return Passes(*self._in_one_dtype(self._rows_to_predict(X)), product_in(self.precision))


def _hidden_block(spec: NetworkSpec, layer: int) -> int:
    """The index of a hidden block, counted from either end."""
    require_whole("layer", layer, "0 is the first hidden layer, -1 the last")
    n_hidden = len(spec.blocks) - 1
    if n_hidden == 0:
        raise ValueError(
            "hidden_layer_sizes=() has no hidden layer to look at: give the network one, or take "
            "the features as they are"
        )
    if not -n_hidden <= layer < n_hidden:
        raise IndexError(
            f"layer={layer} is none of the {n_hidden} hidden layers: the first is 0 or "
            f"{-n_hidden}, the last {n_hidden - 1} or -1"
        )
    return layer % n_hidden
