"""Networks fitted side by side, within a limit of time where there is one."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import clone

from lamina.tabular.fit_progress import FitProgress, MemberCallback, Show
from lamina.tabular.members import (
    Member,
    MemberPlan,
    Sample,
    best_epoch,
    fit_member,
    fit_on_all,
)

# With less time than for so many members, each has fewer epochs instead.
FEWEST_MEMBERS = 3
FEWEST_EPOCHS = 10
TRIAL_EPOCHS = 2
# For out-of-fold predictions, their selection and score.
RESERVED_FRACTION = 0.05


class Budget(NamedTuple):
    """The time that is left for members.

    Attributes
    ----------
    ends_at : float
        By `time.time`, which other processes share.
    member_seconds : float
        How long a member is expected to take.
    needs_one : bool
        Whether the first member is fitted even where the time does not suffice.
    """

    ends_at: float
    member_seconds: float
    needs_one: bool


class MemberFitter:
    """Fits planned members.

    Parameters
    ----------
    n_jobs : int or None
        As joblib takes it: threads, unless the user's `parallel_config` says otherwise. None is one
        job for each core; without `seconds` the networks do not depend on it.
    show : callable, optional
        `show(done, total, seconds_left)`, in epochs.
    seconds : float, optional
        The time for all members. Those that would take longer are left out; the first one never
        is, and keeps the best epoch that it has come to.

    Attributes
    ----------
    remarks : list of str
        Sentences about what a limit of time left out.
    """

    def __init__(
        self, n_jobs: int | None, show: Show | None = None, seconds: float | None = None
    ) -> None:
        self.workers = effective_n_jobs(-1 if n_jobs is None else n_jobs)
        self.progress = FitProgress(show)
        now = time.time()
        self.ends_at = None if seconds is None else now + (1 - RESERVED_FRACTION) * seconds
        self.most_epochs = sys.maxsize
        self.n_fitted = 0
        self.remarks: list[str] = []

    def fit(self, sample: Sample, plans: Sequence[MemberPlan], n_later: int = 0) -> list[Member]:
        """Fit members, and return them in their order.

        Parameters
        ----------
        sample : Sample
        plans : sequence of MemberPlan
        n_later : int
            The members that later calls are expected to fit, for the progress and the time.
        """
        if not plans:
            return []
        budget = None
        if self.ends_at is not None:
            now = time.time()
            fraction = len(plans) / (len(plans) + n_later)
            ends_at = now + fraction * max(self.ends_at - now, 0)
            budget = self._plan(sample, plans, ends_at)
        epochs = max(plan.network.max_iter for plan in plans)
        first = self.progress.begin(
            [plan.network.max_iter for plan in plans], later=n_later * epochs
        )
        members = self._run(sample, plans, first, budget)
        if len(members) < len(plans):
            left_out = len(plans) - len(members)
            self.remarks.append(f"time_limit left out {left_out} of {len(plans)} networks")
        self.n_fitted += len(members)
        return members

    def refit(self, sample: Sample, members: Sequence[Member]) -> list[Member]:
        """Fit members again, on all samples, for the epochs that their validation chose.

        A member for which no time is left stays as it is.
        """
        epochs = [best_epoch(member.network) for member in members]
        first = self.progress.begin(epochs)
        run = Parallel(n_jobs=self.workers, prefer="threads", pre_dispatch=self.workers)
        jobs = (
            delayed(_refit_one)(sample, member, self.progress, first + i, epochs[i], self.ends_at)
            for i, member in enumerate(members)
        )
        refitted = _run_or_stop(run, jobs, self.progress)
        n_old = sum(new is old for new, old in zip(refitted, members, strict=True))
        if n_old:
            self.remarks.append(
                f"time_limit left {n_old} of {len(members)} networks without the latest samples"
            )
        return refitted

    def _plan(self, sample: Sample, plans: Sequence[MemberPlan], ends_at: float) -> Budget:
        """Measure the speed, and shorten the members where too few of them fit into the time."""
        seconds = self._seconds_of_an_epoch(sample, plans[: self.workers], ends_at)
        all_epochs = max(plan.network.max_iter for plan in plans)
        n_epochs = min(all_epochs, self.most_epochs)
        left = ends_at - time.time()
        epochs = plan_epochs(left, seconds, n_epochs, len(plans), self.workers)
        if epochs < all_epochs:
            self.most_epochs = epochs
            for plan in plans:
                plan.network.set_params(max_iter=min(epochs, plan.network.max_iter))
            remark = f"time_limit left {epochs} of {all_epochs} epochs to each network"
            self.remarks += [remark] if self.n_fitted == 0 else []
        return Budget(ends_at, seconds * epochs, self.n_fitted == 0)

    def _seconds_of_an_epoch(
        self, sample: Sample, plans: Sequence[MemberPlan], ends_at: float
    ) -> float:
        """Measure an epoch of members that are fitted side by side, their inputs included."""
        trials = []
        for plan in plans:
            network = clone(plan.network).set_params(
                max_iter=TRIAL_EPOCHS, max_seconds=max((ends_at - time.time()) / 4, 1e-3)
            )
            trials.append(replace(plan, network=network))
        began = time.monotonic()
        self._run(sample, trials, None, None)
        return (time.monotonic() - began) / TRIAL_EPOCHS

    def _run(
        self,
        sample: Sample,
        plans: Sequence[MemberPlan],
        first: int | None,
        budget: Budget | None,
    ) -> list[Member]:
        progress = self.progress if first is not None else FitProgress()
        run = Parallel(n_jobs=self.workers, prefer="threads", pre_dispatch=self.workers)
        jobs = (
            delayed(_fit_one)(sample, plan, progress, (first or 0) + i, budget, i == 0)
            for i, plan in enumerate(plans)
        )
        fitted: list[Member | None] = _run_or_stop(run, jobs, progress)
        return [member for member in fitted if member is not None]


def plan_epochs(
    seconds: float, epoch_seconds: float, n_epochs: int, n_members: int, n_workers: int
) -> int:
    """Return how many epochs each member has, so that a few members fit into a time.

    Examples
    --------
    >>> plan_epochs(100.0, 1.0, 60, 8, 2)
    50
    >>> plan_epochs(1000.0, 1.0, 60, 8, 2)
    60
    >>> plan_epochs(5.0, 1.0, 60, 8, 2)
    5
    """
    epochs = 0
    for members in (min(FEWEST_MEMBERS, n_members), 1):
        epochs = int(seconds / -(-members // n_workers) / max(epoch_seconds, 1e-9))
        if epochs >= FEWEST_EPOCHS:
            break
    return max(1, min(epochs, n_epochs))


def _run_or_stop(run: Parallel, jobs: Iterable[Any], progress: FitProgress) -> list[Any]:
    """Run jobs; where one fails, or at Ctrl-C, end the others after their epoch."""
    try:
        return list(run(jobs))
    except BaseException:
        progress.stop()
        raise


def _fit_one(
    sample: Sample,
    plan: MemberPlan,
    progress: FitProgress,
    place: int,
    budget: Budget | None,
    is_first: bool,
) -> Member | None:
    """Fit a member; return None where the time does not suffice for it."""
    if budget is not None:
        left = budget.ends_at - time.time()
        if left < budget.member_seconds and not (is_first and budget.needs_one):
            progress.finish(place)
            return None
        plan.network.set_params(max_seconds=max(left, 1e-3))
    plan.network.set_params(callbacks=[MemberCallback(progress, place)])
    member = fit_member(sample, plan)
    progress.finish(place)
    plan.network.set_params(callbacks=None, max_seconds=None)
    if not isinstance(plan.network.monitor, str):
        # A scorer is code, which no model file holds.
        plan.network.set_params(monitor="validation_loss")
    return member


def _refit_one(
    sample: Sample,
    member: Member,
    progress: FitProgress,
    place: int,
    n_epochs: int,
    ends_at: float | None,
) -> Member:
    """Fit a member on all samples; return it as it is where the time does not suffice."""
    # Training took the time of all epochs, on about as many samples.
    seconds = sum(member.network.history_["seconds"][:n_epochs])
    if ends_at is not None and ends_at - time.time() < seconds:
        progress.finish(place)
        return member
    network = clone(member.network).set_params(
        monitor=None, callbacks=[MemberCallback(progress, place, n_epochs)]
    )
    refitted = fit_on_all(sample, member, network)
    progress.finish(place)
    network.set_params(callbacks=None)
    return refitted
