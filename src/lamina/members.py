"""Several networks in one estimator: objects for the parameter `members=`."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

from lamina.errors import suggestion

# The native core has this limit.
MOST_SHARED = 2**16


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


KINDS = ("tabm", "tabm_mini")
FIRST_SCALES = ("random_signs", "normal")


@dataclass(frozen=True)
class Shared:
    """Members that share the weights of the hidden layers, whose mean is the prediction.

    z = s ⊙ ((r ⊙ a_prev) W) + b, with r, s, b and an output layer of each member: TabM (Gorishniy,
    Kotelnikov, Babenko 2025), after BatchEnsemble (Wen, Tran, Ba 2020). The loss is the mean of the
    members' losses. A fit takes about as long as one with n_members times the samples.

    Parameters
    ----------
    n_members : int, default=32
        At least 1.
    kind : {'tabm', 'tabm_mini'}, default='tabm'
        Numbers that a member has of its own, besides its output layer: r, s and b of every hidden
        layer, or the r of the first layer alone.
    first : {'random_signs', 'normal'}, default='random_signs'
        Initial r of the first layer: 1 or -1, or standard normal, as the authors recommend for
        embedded inputs. All other scales start at 1.

    Examples
    --------
    >>> from lamina import MLPRegressor
    >>> from lamina.members import Shared
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLPRegressor(members=Shared(8), scale_target=True, max_iter=20, tol=0.01)
    >>> model = model.set_params(random_state=0).fit(X, y)
    >>> len(model.members_), model.coefs_[-1].shape
    (8, (8, 100, 1))
    """

    n_members: int = 32
    kind: str = "tabm"
    first: str = "random_signs"

    def __post_init__(self) -> None:
        n_members: object = self.n_members
        is_count = isinstance(n_members, Integral) and not isinstance(n_members, bool)
        if not is_count or not 1 <= self.n_members <= MOST_SHARED:
            raise ValueError(
                f"n_members={self.n_members!r} must be an int from 1 to {MOST_SHARED:,}"
            )
        for name, allowed in (("kind", KINDS), ("first", FIRST_SCALES)):
            value = getattr(self, name)
            if value not in allowed:
                names = " or ".join(map(repr, allowed))
                raise ValueError(f"{name}={value!r} must be {names}.{suggestion(value, allowed)}")
