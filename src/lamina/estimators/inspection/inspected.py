"""Inspect a network: its activations, input gradients, importances, embeddings.

Shapes: X (n_samples, n_features) dense or sparse. The numbers are those of the reference engine's
forward and backward pass, whatever engine has trained; samples go through in chunks, so that only
the result has to fit into memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from lamina.blocks import product_in
from lamina.encoding.frames import ArrayOrTable
from lamina.errors import suggestion
from lamina.estimators.fitting.data import read_rows
from lamina.estimators.fitting.fitted_network import get_network
from lamina.estimators.inspection.description import NetworkDescription, describe
from lamina.estimators.inspection.gradient_check import GradientCheck, check_gradients
from lamina.estimators.inspection.importances import IMPORTANCES
from lamina.estimators.inspection.member_networks import networks_of, require_one_network
from lamina.estimators.inspection.passes import Passes, hidden_block
from lamina.formulas.table import Array, Matrix
from lamina.network import Network

if TYPE_CHECKING:
    from sklearn.utils import Bunch


class Inspection(ClassNamePrefixFeaturesOutMixin, TransformerMixin):  # type: ignore[misc]
    """Methods of both estimators that inspect their network."""

    hidden_layer_sizes: int | Sequence[int]
    precision: str | None

    if TYPE_CHECKING:

        def _in_one_dtype(self, rows: Matrix) -> tuple[Network, Matrix]: ...

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def n_parameters_(self) -> int:
        """Number of trained parameters."""
        if "coefs_" not in vars(self):
            raise AttributeError(f"this {type(self).__name__} has no parameters before fit")
        return get_network(self).layout.n_trained

    def describe(self, X: ArrayOrTable = None) -> NetworkDescription:
        """Return a table of the layers: shapes, parameters, weights, dead units.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), optional
            Samples for counting dead units: units whose activation is flat for every sample, with a
            derivative below a hundredth of its largest. A dead ReLU is zero for all of them.

        Returns
        -------
        NetworkDescription
            Prints as a table and renders as one in a notebook; `to_frame()` and `to_dict()` return
            the numbers. Before a fit it describes the network that the parameters define.

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
        self,
        X: ArrayOrTable,
        y: ArrayOrTable,
        sample_weight: ArrayLike | None = None,
        *,
        max_parameters: int = 500,
    ) -> GradientCheck:
        """Check backpropagation against finite differences of the loss.

        The check is made at the fitted parameters, or before a fit at the initial ones that it
        would draw; the estimator does not change. It always runs in float64, without `precision`,
        dropout and noise, because a finite difference cannot measure their derivative. It evaluates
        the loss twice on all samples for each parameter: a few dozen samples are enough.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), optional
        max_parameters : int, default=500
            Maximum number of parameters checked in each layer, drawn at random, the same at each
            call.

        Returns
        -------
        GradientCheck
            Prints as a table; `passed`, `largest_error` and `layers` hold its contents. Errors are
            relative to the layer's largest derivative, and should be within 1e-6. Where the loss
            has a kink within the step, as ReLUs make one at 0, no finite difference is valid; the
            result reports such parameters.

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

    def _get_params_html(self, *args: object, **kwargs: object) -> Any:
        # scikit-learn's representation in a notebook calls this; the layers follow below.
        parameters = super()._get_params_html(*args, **kwargs)
        with suppress(Exception):
            layers, of_parameters = describe(self).as_fold(), parameters._repr_html_inner
            parameters._repr_html_inner = lambda: of_parameters() + layers
        return parameters

    def activations(self, X: ArrayOrTable) -> list[Matrix]:
        """Return every layer's output for each sample of X, from the inputs to the prediction.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        list of n_layers_ arrays
            First X itself, as validated (csr if it was sparse), or with `inputs=` what the first
            layer receives in its place; then a = f(z) of each hidden layer,
            of shape (n_samples, fan_out); last the prediction, of shape (n_samples, n_outputs_): a
            classifier's probabilities (of the second class alone if there are two), or a
            regressor's numbers.

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
        require_one_network(passes.network.spec)
        layers = passes.activations()
        return layers if passes.network.spec.input_stage else [passes.rows, *layers]

    def transform(self, X: ArrayOrTable, layer: int = -1) -> Array:
        """Return the activations of a hidden layer, the features that the network has learned.

        Inside a pipeline, this makes the network a learned encoder for the next step.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        layer : int, default=-1
            Index of the hidden layer: 0 is the first, -1 the last.

        Returns
        -------
        ndarray of shape (n_samples, fan_out)
            With independent members, those of all of them side by side.

        Raises
        ------
        ValueError
            For a network without a hidden layer.
        IndexError
            For an index out of range.

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
        of_members = [replace(passes, network=each) for each in networks_of(passes.network)]
        block = hidden_block(of_members[0].network.spec, layer)
        parts = [each.activation(block) for each in of_members]
        return parts[0] if len(parts) == 1 else np.hstack(parts)

    @property
    def _n_features_out(self) -> int:
        # scikit-learn's mixin counts the feature names by it; the attribute exists only after a
        # fit.
        if "coefs_" not in vars(self):
            raise AttributeError("_n_features_out")
        spec = get_network(self).spec
        member = spec.independent_member
        n_networks, spec = (1, spec) if member is None else (spec.n_members, member)
        return n_networks * spec.blocks[hidden_block(spec, -1)].fan_out

    def input_gradients(self, X: ArrayOrTable, output: int | None = None) -> Array:
        """Return the gradient of the logits with respect to each feature, for each sample.

        The logits are the inputs of the inverse link: a regressor's prediction itself (its
        logarithm if the inverse link is 'exp'), a classifier's log odds. Probabilities would hardly
        change where the network is confident, whatever features it uses.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        output : int, optional
            Index of an output, a column of the prediction (for a classifier, of `classes_`); all
            outputs by default. Two classes share one output, the logit of the second.

        Returns
        -------
        ndarray of shape (n_samples, n_features), or (n_samples, n_outputs_, n_features)
            The latter if the network has several outputs and none was chosen. Columns of categories
            have gradient 0.

        Raises
        ------
        IndexError
            For an index out of range.

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
        X: ArrayOrTable,
        output: int | None = None,
        *,
        baseline: ArrayLike = 0.0,
        n_steps: int = 50,
    ) -> Array:
        """Return the contribution of each feature to a sample's logit, relative to a baseline.

        (x - x') ∫₀¹ ∂f/∂x (x' + t (x - x')) dt, with the logit f and the baseline x'. The sum over
        the features is f(x) - f(x'), up to the error of the numerical integration.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        output : int, optional
            As in `input_gradients`.
        baseline : float or array-like of shape (n_features,), default=0.0
            x', a neutral sample: zeros are the mean of standardised features, and black in an
            image.
        n_steps : int, default=50
            Number of points of the Gauss-Legendre rule. The derivative of activations with a kink
            jumps, and the error then decreases only as 1 / n_steps.

        Returns
        -------
        ndarray of shape (n_samples, n_features), or (n_samples, n_outputs_, n_features)

        Raises
        ------
        IndexError
            For an index out of range.
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
        self, X: ArrayOrTable, y: ArrayOrTable, method: str = "permutation", **options: Any
    ) -> Bunch:
        """Return the importance of each feature, for the score or for the logits.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Held-out samples show what matters for new data, training samples what was learned.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        method : {'permutation', 'integrated_gradients'}, default='permutation'
            - 'permutation': decrease of the score when a feature's values are shuffled, by
              scikit-learn's `permutation_importance`; a sparse X is made dense for it;
            - 'integrated_gradients': magnitude of a feature's contribution to the logits,
              |integrated_gradients|, averaged over the samples; for several classes, the logit of
              the sample's true class counts, else all outputs together.
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

    def _passes(self, X: ArrayOrTable) -> Passes:
        """Return the network and validated samples, in the dtype that `predict` computes in."""
        return Passes(*self._in_one_dtype(read_rows(self, X)), product_in(self.precision))
