"""Choice of the engine: by name, by the environment, or the fastest that loads."""

import sys
import warnings

import pytest

from lamina.engines import available_engines, choose, choose_engine
from lamina.errors import NativeUnavailableWarning, UnknownNameError


@pytest.fixture
def without_native(monkeypatch):
    monkeypatch.setitem(sys.modules, "lamina.engines.native", None)
    choose._native.cache_clear()
    choose._warn_once.cache_clear()
    yield
    choose._native.cache_clear()
    choose._warn_once.cache_clear()


@pytest.mark.parametrize("name", available_engines())
def test_an_available_engine_is_chosen_by_its_name(name):
    assert choose_engine(name).name == name


@pytest.mark.parametrize("name", available_engines())
def test_the_environment_chooses_the_engine_if_no_name_is_given(name, monkeypatch):
    monkeypatch.setenv("LAMINA_ENGINE", name)
    assert choose_engine().name == name
    assert choose_engine("reference").name == "reference"


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"is not a known engine\. Did you mean 'reference'"):
        choose_engine("refrence")


@pytest.mark.usefixtures("without_native")
def test_the_reference_replaces_an_unavailable_native_engine_with_one_warning(monkeypatch):
    monkeypatch.delenv("LAMINA_ENGINE", raising=False)
    assert available_engines() == ["reference"]
    with pytest.warns(NativeUnavailableWarning, match="could not be loaded"):
        assert choose_engine().name == "reference"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert choose_engine().name == "reference"


@pytest.mark.usefixtures("without_native")
def test_the_native_engine_requested_by_name_is_not_replaced():
    with pytest.raises(ImportError, match="native extension could not be loaded"):
        choose_engine("native")


@pytest.mark.usefixtures("without_native")
def test_the_reference_requested_by_name_is_used_without_a_warning():
    assert choose_engine("reference").name == "reference"
