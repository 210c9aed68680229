"""Several networks in one estimator: objects for the parameter `members=`."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral


@dataclass(frozen=True)
class Independent:
    """Several networks with draws of their own, whose mean is the prediction.

    Each member takes the steps of an estimator of its own with another seed; they are trained side
    by side in threads and read the same samples. Validation, early stopping and the best epoch are
    those of the mean (Lakshminarayanan, Pritzel, Blundell 2017, Deep ensembles).

    Parameters
    ----------
    n_members : int, default=5
        At least 2.

    Examples
    --------
    >>> from lamina import MLPRegressor
    >>> from lamina.members import Independent
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLPRegressor(members=Independent(3), scale_target=True, max_iter=20, tol=0.01)
    >>> model = model.set_params(random_state=0).fit(X, y)
    >>> len(model.members_), model.predict(X).shape
    (3, (442,))
    """

    n_members: int = 5

    def __post_init__(self) -> None:
        n_members: object = self.n_members
        is_count = isinstance(n_members, Integral) and not isinstance(n_members, bool)
        if not is_count or self.n_members < 2:
            raise ValueError(
                f"n_members={self.n_members!r} must be an int of at least 2: one member is the "
                "estimator itself, with members=None."
            )
