"""Parallel fitting of networks, with an optional time limit."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from joblib import delayed, effective_n_jobs
from sklearn.base import clone

from lamina.engines.choose import is_gpu
from lamina.tabular.fit_progress import FitProgress, MemberCallback, Show
from lamina.tabular.members import (
    Member,
    MemberPlan,
    Sample,
    best_epoch,
    fit_member,
    fit_on_all,
)
from lamina.tabular.overfitting import OverfittingStop
from lamina.tabular.time_limits import Clock, TimeLimit
from lamina.training.parallel_jobs import FitJobs, Job, shares_memory

# If there is not enough time for this many members, each has fewer epochs instead.
FEWEST_MEMBERS = 3
FEWEST_EPOCHS = 10
TRIAL_EPOCHS = 2
# Fit a member if this fraction of its expected time is left: the estimate is that imprecise.
LEAST_FRACTION = 0.9
# Time of a member after training, in epochs: for predicting its validation samples and computing
# the means of its inputs.
EPOCHS_AFTER = 0.5


Result = TypeVar("Result")


@dataclass
class Budget:
    """Remaining time for members; threads share it.

    Attributes
    ----------
    ends_at : float
        End, by `clock`.
    clock : callable
    member_seconds : float
        Expected time for a member: as measured beforehand, or of the fastest one fitted since.
    needs_one : bool
        True if the first member is fitted even without enough time.
    """

    ends_at: float
    clock: Clock
    member_seconds: float = 0.0
    needs_one: bool = False

    def left(self) -> float:
        """Return the remaining seconds."""
        return self.ends_at - self.clock()

    def is_too_short(self, is_first: bool) -> bool:
        """Return True if a member has to be omitted."""
        if is_first and self.needs_one:
            return False
        return self.left() < LEAST_FRACTION * self.member_seconds

    def lower(self, seconds: float) -> None:
        """Expect no more time for the next members than one has taken."""
        self.member_seconds = min(self.member_seconds, seconds)


class Fitted(NamedTuple):
    """Fitted member, with the seconds per epoch, including its inputs."""

    member: Member
    epoch_seconds: float


class MemberFitter:
    """Fits planned members.

    Parameters
    ----------
    n_jobs : int or None
        As in joblib, with threads unless the user's `parallel_config` sets another backend. None is
        one job per core, and one on a GPU, which one network fills; without a time limit, the
        networks do not depend on it.
    show : callable, optional
        `show(done, total, seconds_left)`, in epochs.
    limit : TimeLimit, optional
        Members that would exceed it are omitted, except the first one, which keeps the best epoch
        it has reached.
    device : str, optional
        Device of the networks.

    Raises
    ------
    DeviceError, TorchMissingError
        For a device that is absent.
    """

    def __init__(
        self,
        n_jobs: int | None,
        show: Show | None = None,
        limit: TimeLimit | None = None,
        device: str | None = None,
    ) -> None:
        default = 1 if is_gpu(device) else -1
        self.workers = effective_n_jobs(default if n_jobs is None else n_jobs)
        self.progress = FitProgress(show)
        self.limit = TimeLimit() if limit is None else limit
        self.most_epochs = sys.maxsize
        self.n_fitted = 0
        self.epoch_seconds: dict[str, float] = {}

    def fit(self, sample: Sample, plans: Sequence[MemberPlan], n_later: int = 0) -> list[Member]:
        """Fit members and return them in their order.

        Parameters
        ----------
        sample : Sample
        plans : sequence of MemberPlan
        n_later : int
            Number of members expected in later calls, for the progress and the time limit.
        """
        if not plans:
            return []
        budget = self._plan(sample, plans, n_later) if self.limit.is_set else None
        epochs = max(plan.network.max_iter for plan in plans)
        first = self.progress.begin(
            [plan.network.max_iter for plan in plans], later=n_later * epochs
        )
        fitted = self._run(sample, plans, first, budget)
        if len(fitted) < len(plans):
            left_out = len(plans) - len(fitted)
            self.limit.remarks.append(f"time_limit left out {left_out} of {len(plans)} networks")
        self.n_fitted += len(fitted)
        for member, seconds in fitted:
            self.epoch_seconds[member.recipe] = seconds
        return [member for member, _ in fitted]

    def refit(self, sample: Sample, members: Sequence[Member]) -> list[Member]:
        """Fit members again, on all samples, for the epochs that their validation chose.

        A member for which no time is left stays as it is.
        """
        epochs = [best_epoch(member.network) for member in members]
        first = self.progress.begin(epochs)
        budget = None
        if self.limit.is_set:
            budget = Budget(self.limit.networks_end_at, self.limit.clock)

        def jobs(shared: Sample) -> Iterator[Job]:
            job = delayed(_refit_one)
            for i, member in enumerate(members):
                yield job(shared, member, self.progress, first + i, epochs[i], budget)

        places = range(first, first + len(members))
        refitted: list[Member | None] = self.run(sample, jobs, places)
        n_old = sum(new is None for new in refitted)
        if n_old:
            self.limit.remarks.append(
                f"time_limit left {n_old} of {len(members)} networks without the latest samples"
            )
        pairs = zip(refitted, members, strict=True)
        return [old if new is None else new for new, old in pairs]

    def run(
        self,
        sample: object,
        jobs: Callable[[Any], Iterable[Job]],
        places: Sequence[int],
        progress: FitProgress | None = None,
    ) -> list[Result]:
        """Run the jobs of members; if one fails, or at Ctrl-C, end the others after their epoch.

        Parameters
        ----------
        sample : object
            Samples that all jobs share.
        jobs : callable
            `jobs(sample)` iterates over joblib's jobs, with the sample as they receive it.
        places : sequence of int
            Index of each job's member in the progress. Threads count epochs there, and other
            processes only finished members.
        progress : FitProgress, optional
        """
        progress = self.progress if progress is None else progress
        try:
            return FitJobs(self.workers, lambda i: progress.finish(places[i])).run(jobs, sample)
        except BaseException:
            progress.stop()
            raise

    def _plan(self, sample: Sample, plans: Sequence[MemberPlan], n_later: int) -> Budget:
        """Measure the speed, and reduce the epochs if too few members fit into the time."""
        now = self.limit.clock()
        fraction = len(plans) / (len(plans) + n_later)
        ends_at = now + fraction * max(self.limit.networks_end_at - now, 0)
        seconds = self._seconds_of_an_epoch(sample, plans, ends_at)
        all_epochs = max(plan.network.max_iter for plan in plans)
        n_epochs = min(all_epochs, self.most_epochs)
        left = ends_at - self.limit.clock()
        epochs = plan_epochs(left, seconds, n_epochs, len(plans), self.workers)
        if epochs < all_epochs:
            self.most_epochs = epochs
            for plan in plans:
                plan.network.set_params(max_iter=min(epochs, plan.network.max_iter))
            remark = f"time_limit left {epochs} of {all_epochs} epochs to each network"
            if self.n_fitted == 0:
                self.limit.remarks.append(remark)
        member_seconds = seconds * epochs
        after = seconds_after(left, seconds, epochs, len(plans), self.workers)
        return Budget(ends_at - after, self.limit.clock, member_seconds, self.n_fitted == 0)

    def _seconds_of_an_epoch(
        self, sample: Sample, plans: Sequence[MemberPlan], ends_at: float
    ) -> float:
        """Return the time of a member's epoch, including its inputs.

        Recipes without a fitted member are measured, in parallel.
        """
        names = {plan.recipe.name for plan in plans}
        if names <= self.epoch_seconds.keys():
            return max(self.epoch_seconds[name] for name in names)
        trials = [
            replace(plan, network=clone(plan.network).set_params(max_iter=TRIAL_EPOCHS))
            for plan in plans[: self.workers]
        ]
        clock = self.limit.clock
        began = clock()
        budget = Budget(began + max(ends_at - began, 0) / 4, clock)
        fitted = self._run(sample, trials, None, budget)
        if fitted and not shares_memory():
            # Workers that have just started import libraries and receive the table.
            return max(each.epoch_seconds for each in fitted)
        return (clock() - began) / TRIAL_EPOCHS

    def _run(
        self,
        sample: Sample,
        plans: Sequence[MemberPlan],
        first: int | None,
        budget: Budget | None,
    ) -> list[Fitted]:
        progress = self.progress if first is not None else FitProgress()
        order = range(len(plans)) if budget is not None else longest_first(plans)
        places = [(first or 0) + i for i in order]

        def jobs(shared: Sample) -> Iterator[Job]:
            job = delayed(_fit_one)
            for i, place in zip(order, places, strict=True):
                yield job(shared, plans[i], progress, place, budget, i == 0)

        fitted: list[Fitted | None] = self.run(sample, jobs, places, progress)
        in_order = sorted(zip(order, fitted, strict=True), key=lambda pair: pair[0])
        return [each for _, each in in_order if each is not None]


def longest_first(plans: Sequence[MemberPlan]) -> list[int]:
    """Return the indices of members in descending order of their epochs.

    So no core waits at the end for a long fit that another has just begun.
    """
    return sorted(range(len(plans)), key=lambda i: -plans[i].network.max_iter)


def plan_epochs(
    seconds: float, epoch_seconds: float, n_epochs: int, n_members: int, n_workers: int
) -> int:
    """Return the number of epochs per member with which a few members fit into a time.

    Examples
    --------
    >>> plan_epochs(100.0, 1.0, 60, 8, 2)
    49
    >>> plan_epochs(1000.0, 1.0, 60, 8, 2)
    60
    >>> plan_epochs(5.0, 1.0, 60, 8, 2)
    4
    """
    epochs = 0
    for members in (min(FEWEST_MEMBERS, n_members), 1):
        seconds_each = seconds / -(-members // n_workers)
        epochs = int(seconds_each / max(epoch_seconds, 1e-9) - EPOCHS_AFTER * n_workers)
        if epochs >= FEWEST_EPOCHS:
            break
    return max(1, min(epochs, n_epochs))


def seconds_after(
    seconds: float, epoch_seconds: float, epochs: int, n_members: int, n_workers: int
) -> float:
    """Return the time of members after their training, at most half of the total time.

    Examples
    --------
    >>> seconds_after(10.0, 0.5, 4, 8, 2)
    2.0
    >>> seconds_after(1000.0, 0.5, 4, 8, 2)
    2.0
    >>> seconds_after(10.0, 2.0, 4, 8, 2)
    2.0
    """
    seconds_each = epoch_seconds * (epochs + EPOCHS_AFTER * n_workers)
    n_fitted = min(n_members, n_workers * max(1, int(seconds / max(seconds_each, 1e-9))))
    return min(n_fitted * epoch_seconds * EPOCHS_AFTER, max(seconds, 0.0) / 2)


@contextmanager
def naming(recipe: str, split: int) -> Iterator[None]:
    """Name the network in errors, which may come from another machine."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in the fit of the network of recipe {recipe!r} on split {split}")
        raise


def _fit_one(
    sample: Sample,
    plan: MemberPlan,
    progress: FitProgress,
    place: int,
    budget: Budget | None,
    is_first: bool,
) -> Fitted | None:
    """Fit a member; return None if there is not enough time."""
    clock = time.time if budget is None else budget.clock
    began = clock()
    if budget is not None and budget.is_too_short(is_first):
        progress.finish(place)
        return None
    plan.network.set_params(callbacks=[MemberCallback(progress, place), OverfittingStop()])
    with naming(plan.recipe.name, plan.split):
        member = fit_member(sample, plan, None if budget is None else budget.left)
    progress.finish(place)
    plan.network.set_params(callbacks=None, max_seconds=None)
    if not isinstance(plan.network.monitor, str):
        # A scorer is code, which is not stored in model files.
        plan.network.set_params(monitor="validation_loss")
    seconds = clock() - began
    if budget is not None:
        budget.lower(seconds)
    return Fitted(member, seconds / max(1, len(plan.network.loss_curve_)))


def _refit_one(
    sample: Sample,
    member: Member,
    progress: FitProgress,
    place: int,
    n_epochs: int,
    budget: Budget | None,
) -> Member | None:
    """Fit a member on all samples; return None if there is not enough time."""
    # Training took the time of all epochs, on about the same number of samples.
    seconds = sum(member.network.history_["seconds"][:n_epochs])
    if n_epochs == 0 or (budget is not None and budget.left() < seconds):
        progress.finish(place)
        return None
    network = clone(member.network).set_params(
        monitor=None, callbacks=[MemberCallback(progress, place, n_epochs)]
    )
    with naming(member.recipe, member.split):
        refitted = fit_on_all(sample, member, network, None if budget is None else budget.left)
    progress.finish(place)
    network.set_params(callbacks=None, max_seconds=None)
    return refitted if len(network.loss_curve_) == n_epochs else None
