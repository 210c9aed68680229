"""The numbers of a step, as a page asks for them."""

import numpy as np
import pytest


@pytest.fixture
def asked(browser):
    """Asks a page's session after its first epoch."""
    page = browser.open()
    name = page.hear()["session"]
    page.do("step")
    page.arrives_at(1)

    def ask(question, **query):
        return browser.http.get(f"/api/ask/{question}", params={"session": name, **query})

    ask.session = browser.server.workbench.sessions[name]
    return ask


def test_the_numbers_of_a_step_are_those_of_the_network_that_is_shown(asked):
    answer = asked("trace", row=3).json()
    assert (answer["epoch"], answer["row"]) == (1, 3)
    numbers = {(each["layer"], each["name"]): each for each in answer["numbers"]}
    z = numbers["hidden_1", "z"]
    run, moment = asked.session.run, asked.session.moment
    W, b = run.model_at(moment).coefs_[0], run.model_at(moment).intercepts_[0]
    expected = run.problem.X_train[3:4] @ W + b
    assert z["shape"] == list(expected.shape)
    np.testing.assert_allclose(z["values"], expected.ravel(), rtol=1e-12)


@pytest.mark.parametrize("row", ["-1", "250", "1e1", "first"])
def test_a_row_that_is_not_there_is_refused(asked, row):
    answer = asked("trace", row=row)
    assert answer.status_code == 409
    assert "from 0 to 249" in answer.json()["message"]


def test_what_nobody_can_answer_is_refused_with_the_nearest_name(asked, browser):
    answer = asked("trase")
    assert answer.status_code == 404
    assert "Did you mean 'trace'?" in answer.json()["message"]
    assert browser.http.get("/api/ask/trace").status_code == 404
