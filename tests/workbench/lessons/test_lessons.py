"""Every lesson's claim holds in the engine, before and after its change."""

import json
import math

import pytest

from lamina.errors import ExperimentError
from lamina.workbench.data.data_store import MemoryDataStore
from lamina.workbench.lessons import LESSONS, lessons
from lamina.workbench.lessons.conditions import Result, Setting, measure_progress
from lamina.workbench.lessons.measures import MEASURES
from lamina.workbench.runs.experiment import PARTS, Experiment
from lamina.workbench.runs.models import parameters_of_pages
from lamina.workbench.runs.prepared_data import prepare_data
from lamina.workbench.runs.run import ENDED, FAILED, Run
from lamina.workbench.views.frames import decode
from lamina.workbench.views.views import Watch

STEPS = [(lesson, number) for lesson in LESSONS.values() for number in range(len(lesson.steps))]
SEEDS = (0, 1, 2)
LONG = 300
of_every_lesson = pytest.mark.parametrize("lesson", LESSONS.values(), ids=list(LESSONS))
of_every_step = pytest.mark.parametrize(
    ("lesson", "number"), STEPS, ids=[f"{lesson.name}-{number + 1}" for lesson, number in STEPS]
)


def epochs_of(step):
    """Return the epochs to wait: those a step requires, or within which it must be done."""
    results = [each for each in step.waits_for if isinstance(each, Result)]
    asked = [each.at_least for each in results if each.measure == "epoch"]
    return max([*asked, *(each.within for each in results if each.within)], default=LONG)


def learned(experiment, seed, epochs, until):
    """Return a run of an experiment with that seed, after a number of epochs."""
    run = Run(
        prepare_data(experiment.merged({"model": {"random_state": seed}}), MemoryDataStore()),
        lambda: 0,
    )
    run.step(epochs)
    until(lambda: run.controller.latest.epoch >= epochs or run.status in (ENDED, FAILED))
    run.abandon()
    return run


@pytest.mark.parametrize("seed", SEEDS)
@of_every_step
def test_goals_and_claims_of_each_step_hold(lesson, number, seed, until):
    step = lesson.steps[number]
    changed = lesson.experiments()[number].merged(step.change)
    run = learned(changed, seed, epochs_of(step), until)
    for progress in measure_progress(run, (*step.waits_for, *step.holds)):
        assert progress.met, progress


@pytest.mark.parametrize("seed", SEEDS)
@of_every_step
def test_no_step_is_completed_without_its_change(lesson, number, seed, until):
    step = lesson.steps[number]
    epochs = epochs_of(step) if step.change else epochs_of(step) - 1
    run = learned(lesson.experiments()[number], seed, epochs, until)
    assert not all(progress.met for progress in measure_progress(run, step.waits_for))


@of_every_lesson
def test_the_final_change_of_a_lesson_makes_the_difference(lesson, until):
    step = lesson.steps[-1]
    outcomes = (*(c for c in step.waits_for if isinstance(c, Result)), *step.holds)
    outcomes = tuple(each for each in outcomes if each.measure != "epoch")
    run = learned(lesson.experiments()[-1], 0, epochs_of(step), until)
    assert not all(progress.met for progress in measure_progress(run, outcomes))


@of_every_lesson
def test_a_lesson_begins_without_a_change_and_each_later_step_makes_one(lesson):
    assert not lesson.steps[0].change
    for step in lesson.steps[1:]:
        [(part, patch)] = step.change.items()
        assert part in PARTS
        assert not isinstance(patch, dict) or len(patch) == 1


@of_every_lesson
def test_a_lesson_is_short_and_says_what_it_rests_on(lesson):
    assert 2 <= lesson.about.count(".") + lesson.about.count("?") <= 7
    assert len(lesson.about) < 450
    assert lesson.equation
    assert lesson.paper
    assert set(lesson.opens) <= {"centre", "plane", "below"}
    for step in lesson.steps:
        assert 2 <= len(step.choices) == len(set(step.choices)) <= 3
        assert 0 <= step.answer < len(step.choices)
        assert step.question.endswith("?")
        assert len(step.explanation) < 450


@of_every_step
def test_a_step_names_controls_settings_and_measures_that_there_are(lesson, number):
    step, data = lesson.steps[number], lesson.experiments()[number].data.to_json()
    parameters = parameters_of_pages("classification")
    options = [f"data.{name}" for name in data]
    assert step.control in ["play", "layers", *PARTS, *options, *parameters]
    for condition in (*step.waits_for, *step.holds):
        if isinstance(condition, Setting):
            assert condition.name in [*PARTS, *options, *parameters]
        else:
            assert condition.measure in MEASURES
            assert condition.within is None or MEASURES[condition.measure].curve


def test_the_answers_do_not_stand_at_one_place():
    answers = [lesson.steps[number].answer for lesson, number in STEPS]
    assert max(map(answers.count, answers)) < 0.6 * len(answers)


def test_what_the_page_gets_is_plain_json_and_its_experiments_are_whole():
    answer = lessons()
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    for lesson in answer["lessons"]:
        for step in lesson["steps"]:
            assert Experiment.from_json(step["experiment"]).to_json() == step["experiment"]


def test_progress_is_described_in_words(until):
    lesson = LESSONS["linear_collapse"]
    run = learned(lesson.experiments()[0], 0, 5, until)
    [setting, result] = measure_progress(run, lesson.steps[2].waits_for)
    assert (setting.goal, setting.now, setting.met) == (
        "Activation not identity",
        "identity",
        False,
    )
    assert result.goal == "accuracy on the test rows at least 95 % within 200 epochs"
    assert result.now.endswith(" %")
    assert not result.is_late


def test_unreachable_goals_are_late(until):
    lesson = LESSONS["linear_collapse"]
    run = learned(lesson.experiments()[0], 0, 200, until)
    [_, result] = measure_progress(run, lesson.steps[2].waits_for)
    assert (result.met, result.is_late) == (False, True)


def test_unknown_measures_are_not_met():
    run = Run(prepare_data(LESSONS["dropout"].experiments()[0], MemoryDataStore()), lambda: 0)
    for measure in MEASURES.values():
        value = measure.now(run, run.controller.latest)
        assert math.isnan(value) or measure.said(value) != "–"
    assert not any(p.met for p in measure_progress(run, LESSONS["dropout"].steps[0].holds))
    run.abandon()


@pytest.mark.parametrize(
    ("condition", "value", "met"),
    [
        (Setting("a", "a", none_of=("identity",)), ("identity", "tanh"), True),
        (Setting("a", "a", none_of=("identity",)), ("identity", "identity"), False),
        (Setting("a", "a", one_of=(True,)), False, False),
        (Setting("a", "a", at_least=0.3), (0.5, 0.1), False),
        (Setting("a", "a", at_least=0.3), (0.5, 0.3), True),
        (Setting("a", "a", at_most=2), "auto", False),
        (Setting("a", "a", at_most=2), None, False),
    ],
)
def test_a_setting_is_judged_by_its_bounds_or_names(condition, value, met):
    assert condition.is_met_by(value) is met


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"name": "momentums", "step": 0}, "momentum"),
        ({"name": "momentum", "step": 2}, "from 0 to 1"),
        ({"name": "momentum", "step": True}, "from 0 to 1"),
        ({"name": ["momentum"], "step": 0}, "not a known lesson"),
        ("momentum", "not a known lesson"),
    ],
)
def test_a_page_that_asks_for_no_step_is_told_which_there_are(asked, message):
    with pytest.raises(ExperimentError, match=message):
        Watch().merged({"lesson": asked})


def test_frames_have_the_progress_of_the_step(session):
    made = session({"model": {"momentum": 0.0, "solver": "sgd"}})
    made.do({"do": "watch", "lesson": {"name": "momentum", "step": 1}})
    header, _ = decode(made.frame(made.snapshot))
    [momentum, loss] = header["lesson"].pop("goals")
    assert header["lesson"] == {"name": "momentum", "step": 1}
    assert (momentum["now"], momentum["met"]) == ("0", False)
    assert (loss["now"], loss["met"], loss["is_late"]) == ("–", False, False)
    made.do({"do": "watch", "lesson": None})
    assert decode(made.frame(made.snapshot))[0]["lesson"] is None
