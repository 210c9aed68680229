"""Guided lessons, completed as a user would, with the highlighted control."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from lamina.workbench.lessons import LESSONS, Lesson, LessonStep
from lamina.workbench.runs.experiment import Experiment
from lamina.workbench.runs.run import PAUSED

pytestmark = pytest.mark.xdist_group("browser")
FOCUSABLE = "a, button, input, select, summary, textarea, [tabindex]"
MOST_LOOKS = 400


def opened(visit: Any, lesson: Lesson) -> None:
    """Open a lesson with its state, without pacing."""
    page = visit.page
    page.get_by_role("button", name="Lessons", exact=True).click()
    page.get_by_role("button", name=re.compile(f"^{re.escape(lesson.title)}")).click()
    page.get_by_role("button", name="Set the experiment up").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_label("Pace").select_option("")


def value_of(step: LessonStep) -> Any:
    """Return the new value of a step's only changed setting."""
    [value] = step.change.values()
    return next(iter(value.values())) if isinstance(value, dict) else value


def change(marked: Locator, step: LessonStep) -> None:
    """Operate the highlighted control according to its type."""
    value = value_of(step)
    expect(marked).to_have_count(1)
    if marked.locator("select").count():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        marked.locator("select").select_option(label=text)
    elif marked.locator("input[type=checkbox]").count():
        marked.locator("input").check()
    elif marked.locator("input[type=range]").count():
        # A slider applies its value at once, and the mark may go before a further key.
        marked.locator("input").fill(str(value))
    elif marked.locator("input").count():
        marked.locator("input").fill(str(value))
        marked.locator("input").press("Enter")
    else:
        marked.get_by_role("button").last.click()


def meaning(experiment: Experiment) -> tuple[Experiment, dict[str, Any]]:
    """Return all parameters, including defaults."""
    model = experiment.estimator("classification").get_params()
    return replace(experiment, model={}), model


def play_if_held(visit: Any, lesson: Lesson, number: int) -> None:
    """Play the changed network if the previous run had ended."""
    changed = lesson.experiments()[number].merged(lesson.steps[number].change)
    for _ in range(MOST_LOOKS):
        if meaning(visit.session.experiment) == meaning(changed):
            break
        visit.page.wait_for_timeout(50)
    assert meaning(visit.session.experiment) == meaning(changed)
    if visit.session.run.status == PAUSED:
        visit.page.evaluate("document.activeElement.blur()")
        visit.page.keyboard.press(" ")


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=list(LESSONS))
def test_a_lesson_is_completed_with_the_highlighted_control(visit: Any, lesson: Lesson) -> None:
    page = visit.page
    opened(visit, lesson)
    for number, step in enumerate(lesson.steps):
        expect(page.get_by_role("heading", name=f"Step {number + 1} of")).to_be_focused()
        page.get_by_role("button", name=step.choices[step.answer], exact=True).click()
        if step.control == "play":
            expect(page.locator("[data-marked]")).to_have_attribute("aria-label", "Play")
            page.get_by_role("button", name="Play").click()
        else:
            page.get_by_role("button", name="Where is it?").click()
            change(page.locator("[data-marked]"), step)
            play_if_held(visit, lesson, number)
            back = page.get_by_role("button", name="To the lesson")
            if back.count():
                back.click()
        explanation = page.locator(".course [role=status]")
        expect(explanation).to_contain_text("As you said:")
        expect(explanation).to_contain_text(step.explanation)
        expect(page.locator("[data-marked]")).to_have_count(0)
        is_last = number + 1 == len(lesson.steps)
        page.get_by_role("button", name="Finish" if is_last else "Next step").click()
    expect(page.get_by_role("button", name=f"{lesson.title} (done)")).to_be_focused()


def tab_to(visit: Any, target: Locator) -> None:
    """Press Tab until the target has the focus, at most once through the page."""
    for _ in range(visit.page.locator(FOCUSABLE).count() + 1):
        if target.count() and target.first.evaluate("each => each === document.activeElement"):
            return
        visit.page.keyboard.press("Tab")
    raise AssertionError("the Tab key does not come there")


@pytest.mark.parametrize("name", ["linear_collapse", "momentum"])
def test_a_lesson_is_completed_by_keyboard(visit: Any, name: str) -> None:
    page, lesson = visit.page, LESSONS[name]
    keys = page.keyboard

    def press(label: str) -> None:
        tab_to(visit, page.get_by_role("button", name=label, exact=True))
        keys.press("Enter")

    visit.wait_for_epoch(2)
    keys.press("l")
    press(lesson.title)
    press("Set the experiment up")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    tab_to(visit, page.get_by_label("Pace"))
    keys.press("End")
    for number, step in enumerate(lesson.steps):
        press("I would rather see")
        press("Where is it?")
        expect(page.locator("[data-marked]:focus, [data-marked] :focus")).to_have_count(1)
        value = value_of(step) if step.change else None
        if isinstance(value, str):
            keys.type(value)
        else:
            if isinstance(value, float):
                keys.press("Control+a")
                keys.type(str(value))
            keys.press("Enter")
        if step.change:
            play_if_held(visit, lesson, number)
        if page.get_by_role("button", name="To the lesson").count():
            press("To the lesson")
        expect(page.locator(".course [role=status]")).to_contain_text(step.explanation)
        press("Finish" if number + 1 == len(lesson.steps) else "Next step")
    expect(page.get_by_role("button", name=f"{lesson.title} (done)")).to_be_focused()


def test_applies_the_change_on_request_and_restores_the_experiment(visit: Any) -> None:
    page, lesson = visit.page, LESSONS["feature_scaling"]
    page.get_by_label("Activation", exact=True).select_option("relu")
    visit.wait_for("activation", "relu")
    experiment = visit.session.experiment
    opened(visit, lesson)
    for step in lesson.steps:
        page.get_by_role("button", name="I would rather see").click()
        page.get_by_role("button", name="Do it for me").click()
        expect(page.locator(".course [role=status]")).to_have_text(step.explanation)
        if step is not lesson.steps[-1]:
            page.get_by_role("button", name="Next step").click()
    assert visit.session.experiment.scaled
    page.get_by_role("button", name="Back to my own experiment").click()
    expect(page.get_by_label("Activation", exact=True)).to_have_value("relu")
    expect(page.locator(".network .output-name")).to_have_text("p of 1")
    assert visit.session.experiment == experiment
    assert visit.session.pace == 50


def test_shows_progress_and_requires_the_right_change(visit: Any) -> None:
    page, lesson = visit.page, LESSONS["linear_collapse"]
    opened(visit, lesson)
    page.get_by_role("button", name=lesson.steps[0].choices[0], exact=True).click()
    goals = page.locator(".goals")
    expect(goals).to_contain_text("epochs at least 60 – not yet: 0")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".course [role=status]")).to_contain_text("Otherwise than you said:")
    page.get_by_role("button", name="Next step").click()
    page.get_by_role("button", name=lesson.steps[1].choices[0], exact=True).click()
    page.get_by_label("Seed", exact=True).fill("3")
    page.get_by_label("Seed", exact=True).press("Enter")
    visit.wait_for("random_state", 3)
    visit.wait_for_epoch(80)
    expect(goals).to_contain_text("hidden layers at least 3 – not yet: 2")
    expect(page.locator(".course [role=status]")).to_be_empty()
    page.get_by_role("button", name="Set this step up again").click()
    visit.wait_for("random_state", 0)


def test_a_lesson_and_the_previous_experiment_survive_a_reload(visit: Any) -> None:
    page, lesson = visit.page, LESSONS["momentum"]
    experiment = visit.session.experiment
    opened(visit, lesson)
    page.reload()
    page.get_by_role("button", name="Lessons", exact=True).click()
    expect(page.get_by_role("heading", name="Step 1 of 2")).to_be_visible()
    page.get_by_role("button", name="Back to my own experiment").click()
    expect(page.get_by_role("button", name=lesson.title)).to_be_visible()
    visit.wait_for("solver", experiment.model.get("solver"))


def test_lessons_work_without_storage(open_page: Callable[..., Any]) -> None:
    visit = open_page()
    visit.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('none'); } });"
    )
    visit.page.reload()
    opened(visit, LESSONS["softmax"])
    expect(visit.page.get_by_role("heading", name="Step 1 of 2")).to_be_visible()
