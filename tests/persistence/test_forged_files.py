"""Files with a valid digest and invalid content are refused."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.errors import ModelFileError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.files.model_file import read_model_file, to_chunks
from lamina.persistence import describe, load, read_notes, save

Fitted = Callable[[str], tuple[Any, Any, Any]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.lamina"


def rewrite(path: Path, change: Callable[[dict[str, str], dict[str, np.ndarray]], None]) -> None:
    """Change a file's metadata and tensors, and update its digest."""
    metadata, tensors = read_model_file(path)
    metadata = {key: text for key, text in metadata.items() if key not in ("format", "sha256")}
    change(metadata, tensors)
    path.write_bytes(b"".join(bytes(chunk) for chunk in to_chunks(metadata, tensors)))


def model_json(change: Callable[[Any], Any]) -> Callable[[dict[str, str], Any], None]:
    def apply(metadata: dict[str, str], _: object) -> None:
        metadata["model"] = json.dumps(change(json.loads(metadata["model"])))

    return apply


def state_json(**values: Any) -> Callable[[dict[str, str], Any], None]:
    return model_json(lambda plain: {**plain, "state": {**plain["state"], **values}})


def without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda metadata, tensors: tensors.update(more=np.zeros(3)), "nothing refers to .*'more'"),
        (lambda metadata, tensors: tensors.pop("parameters"), "'parameters' that it lacks"),
        (lambda metadata, tensors: metadata.pop("model"), "not that of a model"),
        (lambda metadata, tensors: metadata.update(model="[" * 10**5), "not valid JSON"),
        (lambda metadata, tensors: metadata.update(model="[]"), "not a JSON object"),
        (lambda metadata, tensors: metadata.update(model="{}"), "not that of a model"),
        (model_json(lambda plain: {**plain, "class": "Popen"}), "'Popen', which is not among"),
        (model_json(lambda plain: {**plain, "class": ["Popen"]}), "not that of a model"),
        (model_json(lambda plain: {**plain, "parameters": None}), "not that of a model"),
        (model_json(lambda plain: {**plain, "parameters": {"x": 1}}), "unknown parameter 'x'"),
        (state_json(_sparse_targets=None), "_sparse_targets is None"),
        (state_json(loss_=10**400), "loss_ is an integer of more than 40 digits"),
        (
            model_json(
                lambda plain: {**plain, "state": without(plain["state"], "_sparse_targets")}
            ),
            "_sparse_targets is missing",
        ),
        (model_json(lambda plain: {**plain, "requests": {"fit": {"os": True}}}), "not that of"),
        (model_json(lambda plain: {**plain, "requests": {"_x": {}}}), "not that of a model"),
        (
            model_json(lambda plain: {"class": "MinMaxScaler", "parameters": {}, "state": {}}),
            "its content is not a model",
        ),
    ],
)
def test_a_forged_file_is_refused(
    change: Callable[[Any, Any], None], reason: str, fitted: Fitted, path: Path
) -> None:
    save(fitted("text")[0], path)
    rewrite(path, change)
    with pytest.raises(ModelFileError, match=reason):
        load(path)


@pytest.mark.parametrize("name", ["scale_target", "loss", "engine", "n_threads", "early_stopping"])
def test_a_parameter_missing_in_an_older_file_has_its_default(name: str, path: Path) -> None:
    rows = np.arange(12.0).reshape(6, 2)
    model = MLPRegressor(hidden_layer_sizes=(2,), solver="lbfgs", random_state=0)
    save(model.fit(rows, rows[:, 0]), path)

    rewrite(
        path,
        model_json(lambda plain: {**plain, "parameters": without(plain["parameters"], name)}),
    )
    loaded = load(path)
    assert loaded.get_params() == model.get_params()
    np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))


@pytest.mark.parametrize("text", ["{", "[]", '{"a": {"$tensor": "parameters"}}', '{"$float": 1}'])
def test_forged_notes_are_refused(text: str, path: Path) -> None:
    save(MLPClassifier(), path)
    rewrite(path, lambda metadata, tensors: metadata.update(notes=text))
    for read in (read_notes, describe):
        with pytest.raises(ModelFileError, match="cannot be loaded"):
            read(path)


def places(plain: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in JSON."""
    yield place
    if isinstance(plain, dict | list):
        for key in plain if isinstance(plain, dict) else range(len(plain)):
            yield from places(plain[key], (*place, key))


def replaced(plain: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    plain[place[0]] = replaced(plain[place[0]], place[1:], value)
    return plain


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from([0.5, 1e300, "", "a", "parameters", "MLPClassifier", "_optimizer_slots"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$random_state", "$estimator", "class", "state", "shape", "items"])
            | st.sampled_from(
                ["$float", "$tuple", "$dict", "$scalar", "$tensor", "$text", "$objects", "$more"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def contents(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Any]]:
    """Return files of several kinds, each with its content."""
    files = []
    for name in ("text", "random state", "table, target", "scalers"):
        path = tmp_path_factory.mktemp("forged") / "model.lamina"
        save(fitted(name)[0], path)
        files.append((path, read_model_file(path)))
    return files


@given(data=st.data())
def test_every_forged_value_is_refused_or_gives_a_model(
    contents: list[tuple[Path, Any]], data: st.DataObject
) -> None:
    path, (metadata, tensors) = data.draw(st.sampled_from(contents))
    plain = json.loads(metadata["model"])
    place = data.draw(st.sampled_from(list(places(plain))))
    forged = json.dumps(replaced(plain, place, data.draw(JSON)))
    header = {key: metadata[key] for key in ("lamina", "scikit-learn", "notes")}
    chunks = to_chunks({**header, "model": forged}, tensors)
    path.write_bytes(b"".join(bytes(chunk) for chunk in chunks))
    with suppress(ModelFileError):
        assert type(load(path)).__name__ == json.loads(forged)["class"]
