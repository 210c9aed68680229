"""Answers to single requests of a page, by name.

An answer is computed from the session's current state, outside the training thread. It is sent as
JSON, or as a binary message in the same format as a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lamina.formulas.table import RecordTable
from lamina.workbench.runs.experiment_urls import build_link
from lamina.workbench.server.kept_runs import kept_curves
from lamina.workbench.server.sessions import Session
from lamina.workbench.views.distributions import distributions
from lamina.workbench.views.features import features, mistakes
from lamina.workbench.views.landscape import landscape, landscape_part
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
    content: Callable[[Session, Mapping[str, str]], dict[str, Any] | bytes]


ANSWERS = RecordTable(
    "answer",
    Answer("link", build_link),
    Answer("trace", trace),
    Answer("path", path),
    Answer("training_scores", training_scores),
    Answer("distributions", distributions),
    Answer("features", features),
    Answer("mistakes", mistakes),
    Answer("kept", kept_curves),
    Answer("landscape", landscape),
    Answer("landscape_part", landscape_part),
)
