import base64
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.errors import ExperimentError
from lamina.workbench.runs.experiment import Experiment, first_experiment
from lamina.workbench.runs.experiment_urls import (
    LONGEST_MADE,
    LONGEST_READ,
    MOST_BYTES,
    build_fragment,
    read_file,
    read_link,
)

HOST = "http://127.0.0.1:8642/?token=abc#"
EVERY_KIND = [
    {"kind": "made", "name": "spiral", "n_samples": 120},
    {"kind": "known", "name": "iris"},
    {"kind": "upload", "hash": "ab" * 32, "target": "größe", "columns": ["<script>", "#&="]},
    {"kind": "drawn", "points": [[0.125, -0.5, 0], [1 / 3, 2.5, 3], [0, 0, 1], [1, 1, 0]]},
    {"kind": "given", "hash": "cd" * 32},
]


def packed(content):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(content) + packer.flush()
    return "lamina=1." + base64.urlsafe_b64encode(data).decode().rstrip("=")


def saying(plain):
    return packed(json.dumps(plain).encode())


names = st.text(max_size=12)
numbers = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
experiments = st.builds(
    lambda data, fraction, seed, scaled, model: Experiment.from_json(
        {
            "data": data,
            "test_fraction": fraction,
            "split_seed": seed,
            "scaled": scaled,
            "model": model,
        }
    ),
    st.sampled_from(EVERY_KIND),
    st.floats(0.05, 0.9),
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.dictionaries(names, numbers | names | st.booleans() | st.lists(numbers, max_size=4)),
)


@given(experiments, st.none() | st.floats(0.1, 10_000))
@settings(max_examples=60, deadline=None)
def test_links_round_trip(experiment, pace):
    opened = read_link(HOST + build_fragment(experiment.to_json(), pace))
    assert Experiment.from_json(opened.experiment) == experiment
    assert opened.pace == pace


@pytest.mark.parametrize("data", EVERY_KIND, ids=lambda data: data["kind"])
def test_a_link_of_every_kind_of_data_is_short_and_plain(data):
    text = build_fragment(Experiment.from_json({"data": data}).to_json(), 50.0)
    assert text.removeprefix("lamina=1.").replace("-", "").replace("_", "").isalnum()
    assert len(text) < 500


@pytest.mark.parametrize("before", ["", "#", HOST, "https://elsewhere.example/page#", "lamina://#"])
def test_only_the_fragment_of_a_link_is_read(before):
    text = build_fragment(first_experiment().to_json(), None) + "&show=below%3ACompare"
    opened = read_link(before + text)
    assert opened.experiment == first_experiment().to_json()
    assert opened.views == "show=below%3ACompare"


def test_a_link_that_would_be_too_long_is_rejected():
    points = [[i / 7, i / 11, i % 2] for i in range(2000)]
    drawn = Experiment.from_json({"data": {"kind": "drawn", "points": points}}).to_json()
    with pytest.raises(ExperimentError, match="save the experiment as a file"):
        build_fragment(drawn, 50.0)
    few = Experiment.from_json({"data": {"kind": "drawn", "points": points[:200]}}).to_json()
    assert len(build_fragment(few, 50.0)) < LONGEST_MADE


@pytest.mark.parametrize(
    ("link", "answer"),
    [
        ("", "not a link to an experiment"),
        ("https://example.org/", "not a link to an experiment"),
        ("http://127.0.0.1:1/#section", "not a link to an experiment"),
        ("#lamina=", "version ''"),
        ("#lamina=2.abc", "version '2'"),
        ("#lamina=1.", "incomplete or damaged"),
        ("#lamina=1.%%%", "incomplete or damaged"),
        ("#lamina=1.abc", "incomplete or damaged"),
        ("#lamina=1." + "A" * LONGEST_READ, "the maximum is 100,000"),
        (build_fragment({"data": {}}, 1.0)[:-6], "incomplete or damaged"),
        (packed(b"\xff\xfe"), "incomplete or damaged"),
        (packed(b"not JSON"), "incomplete or damaged"),
        (packed(b'{"experiment": {"test_fraction": NaN}}'), "incomplete or damaged"),
        (packed(b"[" * 100_000), "incomplete or damaged"),
        (packed(b" " * (MOST_BYTES + 1) + b"{}"), "incomplete or damaged"),
        (saying([1, 2]), "there is no experiment"),
        (saying({"experiment": 3}), "there is no experiment"),
        (saying({"__proto__": {"experiment": {}}}), "there is no experiment"),
    ],
    ids=lambda text: str(text)[:24],
)
def test_invalid_links_are_rejected_with_a_reason(link, answer):
    with pytest.raises(ExperimentError, match=answer):
        read_link(link)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"__proto__": {"polluted": True}, "data": {"kind": "known", "name": "iris"}}, "__proto__"),
        ({"data": {"kind": "made", "name": "moons", "__proto__": 1}}, "__proto__"),
        ({"data": {"kind": "made", "name": "/etc/passwd"}}, "unknown generated data set"),
        ({"data": {"kind": "upload", "target": "y"}}, "data.hash=None must be a text"),
        ({"data": "moons"}, "must be one of made"),
        ({"model": {}}, "must be one of made"),
        ({"data": {"kind": "known", "name": "iris"}, "model": {"alpha": {}}}, "alpha"),
        ({"data": {"kind": "known", "name": "iris"}, "model": {"__class__": 1}}, "__class__"),
        ({"data": {"kind": "known", "name": "iris"}, "model": {"callbacks": ["x"]}}, "callbacks"),
    ],
)
def test_a_link_with_an_invalid_experiment_changes_nothing(said, answer, session):
    there = session()
    before, run = there.state(), there.run
    with pytest.raises((ExperimentError, TypeError, ValueError), match=answer):
        there.do({"do": "open", "link": saying({"experiment": said, "pace": 10})})
    assert there.run is run
    assert there.state() == before


@pytest.mark.parametrize("pace", ["fast", -1, 1e9, True, [3]])
def test_an_invalid_pace_is_rejected(pace, session):
    said = {"experiment": first_experiment().to_json(), "pace": pace}
    with pytest.raises(ExperimentError, match="epochs_per_second"):
        session().do({"do": "open", "link": saying(said)})


def test_opening_a_link_can_be_undone(session):
    there = session()
    before = there.experiment
    expected = before.merged(
        {"data": {"name": "circles", "n_samples": 80}, "model": {"alpha": 0.5}}
    )
    there.do({"do": "open", "link": HOST + build_fragment(expected.to_json(), 7.5)})
    assert there.experiment == expected
    assert there.pace == 7.5
    assert there.run.controller.epoch == 0
    there.do({"do": "undo"})
    assert there.experiment == before


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (
            {"kind": "upload", "hash": "ab" * 32, "target": "y"},
            "hash abababab….*open the same file",
        ),
        ({"kind": "given", "hash": "cd" * 32}, "hash cdcdcdcd….*lamina.workbench.open"),
    ],
    ids=["upload", "given"],
)
def test_missing_data_is_reported_with_a_cure(data, answer, session):
    link = saying({"experiment": {"data": data}})
    with pytest.raises(ExperimentError, match=answer) as refused:
        session().do({"do": "open", "link": link})
    assert refused.value.parameter == "hash"


@pytest.mark.parametrize("link", [3, ["#lamina=1.abc"], {"a": 1}])
def test_a_link_that_is_not_a_text_is_rejected(link, session):
    with pytest.raises(ExperimentError, match="must be a text"):
        session().do({"do": "open", "link": link})


def test_a_file_has_the_same_content_as_a_link(tmp_path):
    path, plain = tmp_path / "experiment.json", first_experiment().to_json()
    path.write_text(json.dumps({"experiment": plain, "pace": None}))
    assert (read_file(path).experiment, read_file(path).pace) == (plain, None)
    path.write_text(json.dumps(plain))
    assert (read_file(path).experiment, read_file(path).pace) == (plain, 50.0)


@pytest.mark.parametrize("content", [b"\xff", b"[1]", b"{", b"3", b" " * (MOST_BYTES + 1)])
def test_an_invalid_file_is_rejected(content, tmp_path):
    path = tmp_path / "experiment.json"
    path.write_bytes(content)
    with pytest.raises(ExperimentError, match="experiment"):
        read_file(path)


def test_a_page_gets_its_link_and_another_page_opens_it(browser):
    first = browser.open()
    session = first.receive()["session"]
    first.do("set", experiment={"model": {"activation": "relu"}})
    first.do("pace", epochs_per_second=None)
    while first.event("state")["pace"] is not None:
        pass
    answer = browser.http.get("/api/ask/link", params={"session": session})
    other = browser.open()
    other.do("open", link=answer.json()["fragment"])
    while (state := other.event("state"))["pace"] is not None:
        pass
    assert state["experiment"]["model"]["activation"] == "relu"
