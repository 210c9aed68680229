"""Members of a fitted estimator as networks of their own."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import clone, is_classifier

from lamina.choices import Members
from lamina.encoding.frames import ArrayOrTable
from lamina.engines.independent import member_networks, member_places
from lamina.estimators.fitting.fitted_network import get_network, network_attributes
from lamina.estimators.fitting.fitted_parts import OTHER_PARTS
from lamina.estimators.settings.member_contradictions import read_members
from lamina.estimators.settings.refusals import require_whole
from lamina.formulas.table import Array
from lamina.members import Independent
from lamina.network import Network, NetworkSpec
from lamina.network.members import first_member, shares_blocks
from lamina.network.members import keep_members as keep_shared
from lamina.network.members import member_networks as shared_networks
from lamina.network.passes import compute_logits


class MemberNetworks:
    """Methods of both estimators for the networks of `members`."""

    members: str | Members | None

    if TYPE_CHECKING:

        def _forward(self, X: ArrayOrTable, inverse_link: str | None = None) -> Array: ...

    @property
    def members_(self) -> list[Network]:
        """Each member as a network, with its scales in the weights; without `members` one."""
        return networks_of(self._fitted_network("members"))

    def predict_members(self, X: ArrayOrTable) -> Array:
        """Return what each member alone predicts, so that their spread shows the doubt about X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        predictions : ndarray of shape (n_members, ...)
            For each member what `predict_proba` returns if all are one classifier, and what
            `predict` returns if they are one regressor, whose mean over the members this is.

        Examples
        --------
        >>> from lamina import MLPRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 0.0, 1.0]
        >>> model = MLPRegressor(members="independent", tol=1, random_state=0).fit(X, y)
        >>> model.predict_members(X).shape
        (5, 4)
        """
        method = "predict_proba" if is_classifier(self) else "predict"
        return np.array([getattr(self._alone(each), method)(X) for each in self.members_])

    def _alone(self, member: Network) -> Any:
        """Return a copy of the estimator with one member as its network."""
        model = copy(self)
        # The scales of shared members are in the weights of each.
        for name in OTHER_PARTS:
            vars(model).pop(name, None)
        vars(model).update(network_attributes(member))
        model.members = None
        return model

    @property
    def member_loss_curves_(self) -> list[list[float]]:
        """Training loss of every epoch of each member; `loss_curve_` is their mean."""
        self._fitted_network("losses")
        fitted = vars(self)
        losses: list[list[float]] = fitted.get("_member_losses") or [fitted.get("loss_curve_", [])]
        return losses

    def keep_members(
        self, n_members: int, X: ArrayOrTable | None = None, y: ArrayOrTable | None = None
    ) -> Self:
        """Keep the first members and drop the others; the prediction becomes the mean of those.

        Parameters
        ----------
        n_members : int
            At least 2, and at most the number of members; at least 1 of shared members.
        X, y : array-like, optional
            Held-out samples, for shared members alone: `score` on them chooses the best member,
            then one after another that improves the mean most.

        Returns
        -------
        self
            Without the state of the optimizer: `partial_fit` begins with a new one.

        Raises
        ------
        ValueError
            For a model without members, or another number.

        Examples
        --------
        >>> from lamina import MLPRegressor
        >>> from lamina.members import Independent
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 0.0, 1.0]
        >>> model = MLPRegressor(members=Independent(4), tol=1, random_state=0).fit(X, y)
        >>> len(model.keep_members(2).members_)
        2
        """
        network = self._fitted_network("members")
        if shares_blocks(network.spec):
            return self._keep_shared(network, n_members, X, y)
        if X is not None:
            raise ValueError(
                "keep_members(n, X, y) chooses among shared members alone: leave X out"
            )
        member = network.spec.independent_member
        require_whole("n_members", n_members, "the number of members to keep")
        present = network.spec.n_members
        if member is None or not 2 <= n_members <= present:
            had = "one network" if member is None else f"{present} members"
            raise ValueError(
                f"n_members={n_members} must be from 2 to the number of members, and this model "
                f"has {had}"
            )
        kept = member.with_independent_members(int(n_members))
        parameters = np.empty(member_places(kept)[0].size * int(n_members), network.dtype)
        pairs = zip(member_places(kept), member_places(network.spec), strict=False)
        for new, old in pairs:
            parameters[new] = network.parameters[old]
        fitted: dict[str, Any] = network_attributes(Network(kept, parameters))
        if "_member_losses" in vars(self):
            fitted["_member_losses"] = vars(self)["_member_losses"][:n_members]
        for name in OF_THE_OPTIMIZER:
            vars(self).pop(name, None)
        vars(self).update(fitted)
        self.members = Independent(n_members=int(n_members))
        return self

    def _logits(self, X: ArrayOrTable) -> Array:
        """Return the logits, (n_samples, n_outputs); with members those of the mean prediction."""
        if "coefs_" not in vars(self) or get_network(self).spec.n_members == 1:  # type: ignore[arg-type]
            return self._forward(X, inverse_link="identity")
        return compute_logits(get_network(self).spec, self._forward(X))  # type: ignore[arg-type]

    def _keep_shared(
        self, network: Network, n_members: int, X: ArrayOrTable | None, y: ArrayOrTable | None
    ) -> Self:
        require_whole("n_members", n_members, "the number of members to keep")
        present = network.spec.n_members
        if not 1 <= n_members <= present:
            raise ValueError(
                f"n_members={n_members} must be from 1 to the {present} members of the model"
            )
        chosen: list[int] = [] if X is not None else [*range(int(n_members))]
        while len(chosen) < n_members:
            scores = {
                i: self._with_members(network, [*chosen, i]).score(X, y)
                for i in range(present)
                if i not in chosen
            }
            chosen.append(max(scores, key=lambda i: scores[i]))
        vars(self).update(vars(self._with_members(network, chosen)))
        for name in OF_THE_OPTIMIZER:
            vars(self).pop(name, None)
        return self

    def _with_members(self, network: Network, chosen: list[int]) -> Any:
        """Return a copy of the estimator with some of its shared members."""
        model = copy(self)
        vars(model).update(network_attributes(keep_shared(network, chosen)))
        members = clone(read_members(self.members))
        model.members = members.set_params(n_members=len(chosen))
        return model

    def _fitted_network(self, what: str) -> Network:
        if "coefs_" not in vars(self):
            raise AttributeError(f"this {type(self).__name__} has no {what} before fit")
        return get_network(self)  # type: ignore[arg-type]


# State of all members, which the kept ones do not have.
OF_THE_OPTIMIZER = (
    "_trained_parameters",
    "_optimizer_name",
    "_optimizer_slot_names",
    "_optimizer_slots",
    "_optimizer_step",
    "_learning_rate",
    "_standardised_layer",
)


def networks_of(network: Network) -> list[Network]:
    """Return each member as a network, or the network itself if it has none."""
    if network.spec.independent_member is None:
        return shared_networks(network)
    return member_networks(network)


def first_of(network: Network) -> Network:
    """Return the first member as a network, or the network itself if it has none."""
    if network.spec.independent_member is None:
        return first_member(network)
    return member_networks(network)[0]


def require_one_network(spec: NetworkSpec) -> None:
    """Raise ValueError for independent members."""
    if spec.independent_member is not None:
        raise ValueError(
            "the members have hidden layers of their own, and this shows those of one network: "
            "take one of the model's members_"
        )
