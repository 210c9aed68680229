"""Methods that explain a fitted estimator for tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from lamina.encoding.frames import ArrayOrTable, as_pandas
from lamina.errors import suggestion
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray
from lamina.tabular.dependence import average_over_values
from lamina.tabular.explanations import Explanation, compute_contributions
from lamina.tabular.importances import column_names, permutation_importances
from lamina.tabular.shared_inputs import inputs_by_recipe, iterate_blocks
from lamina.tabular.targets import require_as_many
from lamina.tabular.validation_scores import METRICS

if TYPE_CHECKING:
    import pandas as pd

    from lamina.tabular.encoded import EncodedTable
    from lamina.tabular.inputs import TableInputs
    from lamina.tabular.members import Member
    from lamina.tabular.targets import Target

Floats = NDArray[np.float64]


class Inspected:
    """Explanation methods of TabularClassifier and TabularRegressor.

    Attributes
    ----------
    input_means_ : list of ndarray of float32
        Mean of each member's inputs over the training samples: the baseline of `explain`.
    """

    inputs_: TableInputs
    members_: list[Member]
    member_weights_: Floats
    input_means_: list[NDArray[np.float32]]
    _target: Target

    def feature_importances(
        self,
        X: ArrayOrTable,
        y: ArrayOrTable,
        *,
        scoring: Callable[..., float] | None = None,
        n_repeats: int = 5,
        random_state: int | np.random.RandomState | None = 0,
    ) -> Bunch:
        """Return the decrease of the score when a column of the table is shuffled.

        Use rows that the model was not trained on. A column that correlates with another seems to
        matter little, because the other one replaces it: see `correlated_groups`.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        scoring : callable, optional
            `scoring(y, predictions)`, higher is better, with values, or with classes as integers
            from 0 and probabilities. By default the area under the ROC curve for two classes, minus
            the log loss for more, and minus the root mean squared error for a regression.
        n_repeats : int, default=5
            Number of times each column is shuffled.
        random_state : int, RandomState or None, default=0

        Returns
        -------
        Bunch
            `table`, a data frame with 'column', 'importance', 'standard_error' (over the
            repetitions) and 'correlated_with', most important first; in the order of the columns,
            `columns`, `importances_mean`, `importances_std`, `standard_errors` of shape
            (n_features,) and `importances` of shape (n_features, n_repeats); `score` on the
            unchanged table; `correlated_groups`, lists of names.

        Raises
        ------
        ValueError
            For classes that did not occur in training, or n_repeats below 1.

        References
        ----------
        Breiman, "Random forests", 2001.
        """
        check_is_fitted(self)
        _require_count("n_repeats", n_repeats, 5)
        encoded, truth = self.inputs_.encode(X), self._read_again(y)
        require_as_many(len(encoded), truth)
        measure = METRICS[self._target.metric] if scoring is None else scoring
        return permutation_importances(
            self,  # type: ignore[arg-type]
            encoded,
            lambda predictions: float(measure(truth, predictions)),
            n_repeats,
            random_state,
        )

    def partial_dependence(
        self, X: ArrayOrTable, column: str, *, grid_resolution: int = 20
    ) -> Bunch:
        """Return the mean prediction with a column set to one value in all rows.

        Works for numbers, dates, text and categories; `sklearn.inspection.partial_dependence` only
        supports numbers and categories.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
        column : str
            Name of the column; 'x0', 'x1', … for an array.
        grid_resolution : int, default=20
            Maximum number of values: quantiles of numbers and dates, else the most frequent ones.

        Returns
        -------
        Bunch
            `grid_values` and `average`, of shape (n_values,) for a regression, (n_values,
            n_classes) for probabilities.

        Raises
        ------
        ValueError
            For a column that the table does not have.

        References
        ----------
        Friedman, "Greedy function approximation: a gradient boosting machine", 2001.
        """
        check_is_fitted(self)
        _require_count("grid_resolution", grid_resolution, 20)
        frame, names = _as_frame(X), column_names(self)  # type: ignore[arg-type]
        if column not in names:
            raise ValueError(
                f"column={column!r} is not in the table.{suggestion(str(column), names)} "
                f"Columns: {', '.join(names)}"
            )
        named = as_pandas(X) is not None
        values, average = average_over_values(
            lambda changed: self._predict_any(changed if named else changed.to_numpy()),
            frame,
            column if named else frame.columns[names.index(column)],
            grid_resolution,
        )
        return Bunch(column=column, grid_values=values, average=average)

    def _explain(
        self, X: ArrayOrTable, outputs: Callable[[Floats], NDArray[np.int64]], n_steps: int
    ) -> tuple[Explanation, NDArray[np.int64]]:
        """Explain the chosen output of each row; return the outputs as well."""
        check_is_fitted(self)
        _require_count("n_steps", n_steps, 50)
        X = _as_rows(X)
        encoded = self.inputs_.encode(X)
        matrices = [member.matrix(encoded) for member in self.members_]
        predictions = self._combine(matrices)
        chosen = outputs(predictions)
        baseline = self._combine([mean[np.newaxis] for mean in self.input_means_])
        rows = np.arange(len(chosen))
        names = column_names(self)  # type: ignore[arg-type]
        explained = predictions.reshape(len(rows), -1)[rows, chosen]
        explained_baseline = baseline.reshape(1, -1)[0, chosen]
        explanation = Explanation(
            columns=names,
            values=_values(X, names),
            contributions=compute_contributions(
                self,  # type: ignore[arg-type]
                *(matrices, chosen, n_steps),
            ),
            predictions=explained,
            baseline_predictions=explained_baseline,
        )
        return explanation, chosen

    def _combine(self, matrices: Iterable[NDArray[np.float32]]) -> Floats:
        """Return the final predictions from each member's inputs, taken one after the other."""
        pairs = zip(self.members_, matrices, strict=True)
        return self._finish(self._mean([self._target.predict(m.network, x) for m, x in pairs]))

    def _mean(self, predictions: Sequence[Floats]) -> Floats:
        """Return the weighted mean of the members' predictions, summed in their order."""
        pairs = zip(self.member_weights_, predictions, strict=True)
        return np.asarray(sum(weight * each for weight, each in pairs))

    def _finish(self, predictions: Floats) -> Floats:
        """Return final predictions from the members' mean."""
        return predictions

    def _predict_any(self, X: ArrayOrTable) -> Floats:
        return self._predict_encoded(self.inputs_.encode(X))

    def _predict_encoded(self, encoded: EncodedTable) -> Floats:
        """Return the final predictions, keeping one recipe's inputs of one block in memory."""
        means = [self._mean_of_block(encoded.rows(rows)) for rows in iterate_blocks(len(encoded))]
        return self._finish(np.concatenate(means))

    def _mean_of_block(self, encoded: EncodedTable) -> Floats:
        predictions = {
            place: self._target.predict(self.members_[place].network, inputs)
            for place, inputs in inputs_by_recipe(self.members_, encoded)
        }
        return self._mean([predictions[place] for place in range(len(self.members_))])

    def _learn_means(self, encoded: EncodedTable, members: Sequence[Member]) -> Mapping[str, Json]:
        """Compute `input_means_`."""
        means = {
            place: inputs.mean(axis=0, dtype=np.float64).astype(np.float32)
            for place, inputs in inputs_by_recipe(members, encoded)
        }
        return {"input_means_": [means[place] for place in range(len(members))]}

    def _read_again(self, y: ArrayOrTable) -> AnyArray:
        """Return the values, or classes as integers from 0, of a target to be scored."""
        raise NotImplementedError

    @property
    def _is_sum(self) -> bool:
        """True if the final prediction is the weighted sum of the members' predictions."""
        return True

    def _explained(
        self, predictions: Sequence[Floats], weights: Floats, outputs: NDArray[np.int64]
    ) -> Floats:
        """Return the final prediction, or the part that some members have in a sum."""
        raise NotImplementedError

    def _directions(
        self, predictions: Sequence[Floats], weights: Floats, outputs: NDArray[np.int64]
    ) -> list[Floats]:
        """Return the derivative of the final prediction with respect to each member's logits."""
        raise NotImplementedError


def _require_count(name: str, value: object, usual: int) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < 1:
        raise ValueError(f"{name}={value!r} must be a whole number from 1; {usual} is the default")


def _as_rows(X: ArrayOrTable) -> ArrayOrTable:
    """Convert a row of a data frame or a dict to a table of one row."""
    from pandas import DataFrame, Series

    if isinstance(X, Series):
        return DataFrame([X.to_dict()])
    if isinstance(X, Mapping):
        return DataFrame([dict(X)])
    return np.asarray(X)[np.newaxis] if as_pandas(X) is None and np.ndim(X) == 1 else X


def _as_frame(X: ArrayOrTable) -> pd.DataFrame:
    from pandas import DataFrame

    frame = as_pandas(X)
    return DataFrame(np.asarray(X)) if frame is None else frame


def _values(X: ArrayOrTable, names: Sequence[str]) -> AnyArray:
    from scipy import sparse

    frame = as_pandas(X)
    if frame is None:
        array = X.toarray() if sparse.issparse(X) else np.asarray(X)
        return array.astype(object)
    columns = [
        frame[name] if name in frame.columns else frame.iloc[:, place]
        for place, name in enumerate(names)
    ]
    values = np.empty((len(frame), len(names)), dtype=object)
    for place, column in enumerate(columns):
        values[:, place] = list(column)
    return values
