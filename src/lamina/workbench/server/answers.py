"""Answers to single requests of a page, by name.

An answer is computed from the session's current state, outside the training thread. It is sent as
JSON, or as a binary message in the same format as a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lamina.formulas.table import RecordTable
from lamina.workbench.data.plain import Message
from lamina.workbench.runs.experiment_urls import build_fragment
from lamina.workbench.server.kept_runs import kept_curves
from lamina.workbench.server.sessions import Session
from lamina.workbench.views.distributions import distributions
from lamina.workbench.views.features import features, mistakes
from lamina.workbench.views.landscape import begin_landscape, landscape_part
from lamina.workbench.views.step_trace import path, trace
from lamina.workbench.views.training_scores import training_scores


@dataclass(frozen=True)
class Answer:
    """One kind of request that a page can make.

    Attributes
    ----------
    name : str
        Name in the request's address.
    content : callable
        `content(session, query)` returns plain JSON or the bytes of a binary message; `query` maps
        the address's parameters to their values. It raises ExperimentError if there is no answer.
    """

    name: str
    content: Callable[[Session, Mapping[str, str]], Message | bytes]


def _link(session: Session, query: Mapping[str, str]) -> Message:
    """Return the fragment of a link to the session's current experiment."""
    with session.lock:
        return {"fragment": build_fragment(session.experiment.to_json(), session.pace)}


def _trace(session: Session, query: Mapping[str, str]) -> bytes:
    views, snapshot = session.displayed()
    return trace(views.run, snapshot, query)


def _path(session: Session, query: Mapping[str, str]) -> Message:
    views, snapshot = session.displayed()
    return path(views.run, snapshot, query)


def _training_scores(session: Session, query: Mapping[str, str]) -> bytes:
    views, snapshot = session.displayed()
    return training_scores(views.training_scores, snapshot)


def _distributions(session: Session, query: Mapping[str, str]) -> bytes:
    views, snapshot = session.displayed()
    return distributions(views.distributions, snapshot, query)


def _features(session: Session, query: Mapping[str, str]) -> bytes:
    views, snapshot = session.displayed()
    return features(views.run, snapshot, query)


def _mistakes(session: Session, query: Mapping[str, str]) -> bytes:
    return mistakes(*session.displayed())


def _kept(session: Session, query: Mapping[str, str]) -> bytes:
    return kept_curves(session.kept, query)


def _landscape(session: Session, query: Mapping[str, str]) -> bytes:
    """Begin a slice through the displayed network, replacing the session's previous one."""
    views, snapshot = session.displayed()
    begun = begin_landscape(views.run, snapshot, query)
    session.landscape = begun
    return begun.message()


def _landscape_part(session: Session, query: Mapping[str, str]) -> bytes:
    return landscape_part(session.landscape, query)


ANSWERS = RecordTable(
    "answer",
    Answer("link", _link),
    Answer("trace", _trace),
    Answer("path", _path),
    Answer("training_scores", _training_scores),
    Answer("distributions", _distributions),
    Answer("features", _features),
    Answer("mistakes", _mistakes),
    Answer("kept", _kept),
    Answer("landscape", _landscape),
    Answer("landscape_part", _landscape_part),
)
