"""Mutated links, experiments and messages: the documented error or a run, in bounded work.

A failure names the seed; run it alone with LAMINA_FUZZ_SEED=<seed> LAMINA_FUZZ_MUTANTS=1.
"""

from __future__ import annotations

import json
import random
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

for _needed in ("starlette", "uvicorn", "websockets", "httpx"):
    pytest.importorskip(_needed)

from tests.fuzz.budget import first_seed, n_mutants, time_limit  # noqa: E402
from tests.fuzz.mutations import mutate_json, places  # noqa: E402
from tests.workbench.conftest import SMALL, Browser, Page  # noqa: E402

from lamina.errors import LaminaError  # noqa: E402
from lamina.workbench.data.data_store import MemoryDataStore  # noqa: E402
from lamina.workbench.runs.experiment import first_experiment  # noqa: E402
from lamina.workbench.runs.experiment_urls import build_fragment, read_link  # noqa: E402
from lamina.workbench.server.server import Server  # noqa: E402
from lamina.workbench.server.sessions import Session  # noqa: E402

MOST_MEGABYTES = 1_000
POINTS = [[0.1 * k, 0.2, k % 2] for k in range(12)]
PATCHES: list[dict[str, Any]] = [
    {},
    {"data": {"kind": "made", "name": "curve"}, "model": {"loss": "huber", "activation": "relu"}},
    {"data": {"kind": "known", "name": "iris"}, "plane": {"kind": "columns", "columns": [0, 2]}},
    {"data": {"kind": "drawn", "points": POINTS, "target": "class", "classes": ["a", "b"]}},
    {
        "model": {
            "learning_rate": "cosine",
            "learning_rate_options": {"period": 3.0, "period_factor": 2.0, "lowest": 0.1},
            "warmup": 2,
            "n_threads": 2,
            "dropout": [0.1],
            "class_weight": {"0": 1.0, "1": 2.0},
        }
    },
    {"model": {"solver": "lbfgs", "max_iter": 20}},
]
EXPERIMENTS = [first_experiment().merged(SMALL).merged(patch).to_json() for patch in PATCHES]
# The most frequent faults: endless work, unlimited memory.
GREEDY: list[dict[str, Any]] = [
    {"learning_rate": "cosine", "learning_rate_options": {"period": 1e-9}},
    {"max_iter": 10**18},
    {"hidden_layer_sizes": [10**9]},
    {"hidden_layer_sizes": [1] * 100_000},
    {"batch_size": 0},
    {"batch_size": 10**18},
    {"n_threads": 10**6},
    {"n_iter_no_change": 10**18},
    {"random_state": 10**18},
    {"activation": ["tanh"] * 10_000},
    {"monitor": ["accuracy"] * 10_000},
]
COMMANDS: list[dict[str, Any]] = [
    {"do": "set", "experiment": {"model": {"activation": "relu", "alpha": 0.1}}, "catch_up": True},
    {"do": "watch", "region": 20, "units": 8, "confusion": True, "lesson": None},
    {"do": "step", "epochs": 2},
    {"do": "step", "batches": 2},
    {"do": "pace", "epochs_per_second": 1000.0},
    {"do": "reset", "seed": 7},
    {"do": "seek", "epoch": 1},
    {"do": "rate", "learning_rate": 0.1},
    {"do": "edit", "block": 0, "row": 1, "column": 1, "value": 0.5},
    {"do": "keep", "name": "one"},
    {"do": "rename", "run": 1, "name": "two"},
    {"do": "restore", "run": 1},
    {"do": "forget", "run": 1},
    {"do": "undo"},
    {"do": "open", "link": "#lamina=1.abc"},
    {"do": "play"},
    {"do": "pause"},
    {"do": "ready"},
]


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session(first_experiment().merged(SMALL), MemoryDataStore())
    yield made
    made.close()


def resident_megabytes() -> float:
    """Return the process's memory, or 0 if the system does not report it."""
    place = Path("/proc/self/statm")
    return int(place.read_text().split()[1]) * 4096 / 1e6 if place.exists() else 0.0


def mutants(plain: Any, rng: random.Random) -> Any:
    """Return JSON with up to three mutations."""
    for _ in range(rng.randint(1, 3)):
        plain = mutate_json(plain, list(places(plain)), rng)
    return plain


def begin(session: Session, command: Any) -> str:
    """Execute a command, run an epoch and draw it; return '' or the message that refuses it."""
    try:
        session.do(command)
    except LaminaError as error:
        return str(error)
    session.do({"do": "watch", "region": 10, "units": 4, "confusion": True, "fit": True})
    session.do({"do": "pace", "epochs_per_second": None})
    session.do({"do": "step", "epochs": 1})
    run = session.run
    while not (run.controller.latest.epoch or run.message or run.ending):
        time.sleep(0.001)
    views, snapshot = session.displayed()
    json.dumps(session.state())
    assert session.data()
    assert session.frame(snapshot, views)
    return ""


def test_mutated_experiments_start_or_are_refused_in_bounded_work(session: Session) -> None:
    before = resident_megabytes()
    for seed in range(first_seed(), first_seed() + n_mutants(60)):
        rng = random.Random(seed)
        command = {"do": "open", "experiment": mutants(rng.choice(EXPERIMENTS), rng), "pace": None}
        with time_limit(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                begin(session, command)
            except Exception as error:
                raise AssertionError(f"seed {seed}: {json.dumps(command)[:2000]}") from error
    assert resident_megabytes() - before < MOST_MEGABYTES


@pytest.mark.parametrize("model", GREEDY, ids=lambda model: next(iter(model)))
def test_parameters_that_demand_endless_work_or_memory_are_refused(
    model: dict[str, Any], session: Session
) -> None:
    before = resident_megabytes()
    with time_limit():
        begin(session, {"do": "set", "experiment": {"model": model}})
    assert resident_megabytes() - before < 100
    with time_limit():
        assert begin(session, {"do": "set", "experiment": {"model": {"alpha": 0.25}}}) == ""


def test_mutated_links_are_opened_or_refused_with_a_message() -> None:
    texts = [build_fragment(plain, 50.0) for plain in EXPERIMENTS]
    for seed in range(first_seed(), first_seed() + n_mutants(500)):
        rng = random.Random(seed)
        text = rng.choice(texts)
        for _ in range(rng.randint(1, 4)):
            i, j = sorted(rng.randrange(len(text) + 1) for _ in range(2))
            new = "".join(
                chr(rng.choice((rng.randrange(128), rng.randrange(0xD800)))) for _ in "ab"
            )
            text = rng.choice(
                (text[:i], text[:i] + new + text[i + 1 :], text[:i] + text[j:], text * 2)
            )
        with time_limit(5.0), suppress(LaminaError):
            read_link(text)


def test_mutated_messages_are_answered_and_the_connection_survives() -> None:
    with Server() as server, ExitStack() as stack:
        page = Browser(server, stack).open()
        page.do("set", experiment=SMALL)
        for seed in range(first_seed(), first_seed() + n_mutants(60)):
            answer_to(page, message_of(random.Random(seed)), seed)
        assert len(server.workbench.sessions) == 1


def message_of(rng: random.Random) -> str:
    """Return a command with mutations; its text is sometimes cut or changed."""
    plain = mutants(rng.choice(COMMANDS), rng)
    text = json.dumps(plain)
    if rng.random() < 0.2:
        i = rng.randrange(len(text) + 1)
        text = rng.choice((text[:i], text[:i] + "\0" + text[i:], "[" * 100_000, text + text))
    return text


def answer_to(page: Page, text: str, seed: int) -> None:
    """Send a message, then one that is always refused, and wait for that refusal."""
    page.socket.send(text)
    page.do("seek", epoch=-1, id=f"asked {seed}")
    while page.event("error")["id"] != f"asked {seed}":
        pass


@pytest.mark.parametrize(
    ("patch", "sentence"),
    [
        ({"plane": "columns"}, "plane='columns' must be an object"),
        ({"model": {"loss": [0, {"kind": "made"}]}}, "loss"),
        ({"model": {"n_threads": 65}}, "n_threads=65 must be at most 64 in the workbench"),
    ],
    ids=["a plane that is its kind", "a loss that is a list", "threads without end"],
)
def test_messages_found_by_fuzzing_are_refused(
    patch: dict[str, Any], sentence: str, session: Session
) -> None:
    experiment = EXPERIMENTS[0] | patch
    assert sentence in begin(session, {"do": "open", "experiment": experiment})


def test_a_lone_surrogate_is_answered() -> None:
    with Server() as server, ExitStack() as stack:
        page = Browser(server, stack).open()
        for name in ("keep", "\ud800", "set"):
            page.do(name, name="\ud800", experiment={"\ud800": "\ud800"}, id=name)
        answer_to(page, json.dumps({"do": "keep", "name": "a\ud800"}), 0)
