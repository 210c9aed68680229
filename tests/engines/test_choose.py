"""Choice of the engine: by name, by the environment, or the fastest that loads."""

import sys
import warnings
from collections import namedtuple
from dataclasses import dataclass
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from lamina.blocks import Block, Dense
from lamina.engines import available_engines, choose, choose_engine
from lamina.engines.devices import is_torch_installed
from lamina.errors import NativeUnavailableWarning, UnknownNameError, UnsupportedBlockError
from lamina.network import Network, NetworkSpec

needs_native = pytest.mark.skipif(
    "native" not in available_engines(), reason="the native extension is not built"
)


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


def test_a_change_of_the_environment_counts_from_the_next_choice(monkeypatch):
    for name in [*available_engines(), *reversed(available_engines())]:
        monkeypatch.setenv("LAMINA_ENGINE", name)
        assert choose_engine().name == name
    monkeypatch.setenv("LAMINA_ENGINE", "")
    assert choose_engine().name == available_engines()[0]
    monkeypatch.delenv("LAMINA_ENGINE")
    assert choose_engine().name == available_engines()[0]


def test_pytorch_is_available_where_it_is_installed(monkeypatch):
    assert ("pytorch" in available_engines()) == is_torch_installed()
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "pytorch" not in available_engines()


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"is not a known engine\. Did you mean 'reference'"):
        choose_engine("refrence")


@pytest.mark.usefixtures("without_native")
def test_the_reference_replaces_an_unavailable_native_engine_with_one_warning(monkeypatch):
    monkeypatch.delenv("LAMINA_ENGINE", raising=False)
    assert available_engines()[0] == "reference"
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


@dataclass(frozen=True)
class Negated(Block):
    """Kind of block that no compiled engine has: a = -a_prev."""

    kind: ClassVar[str] = "negated"
    Parameters: ClassVar[type] = namedtuple("Parameters", "")
    name: str
    fan_in: int
    tensors: ClassVar[tuple] = ()

    @classmethod
    def examples(cls):
        return (cls("negated", 3),)

    @property
    def fan_out(self):
        return self.fan_in

    def forward(self, parameters, a_prev, mode, stream):
        return SimpleNamespace(a_prev=a_prev, a=-a_prev)

    def backward(self, parameters, passed, d_a):
        return d_a

    def write_gradient(self, passed, deltas, gradient, product):
        pass

    def input_gradient(self, parameters, deltas, product):
        return -deltas


NEGATED = NetworkSpec((Negated("negated", 3), Dense("output", 3, 1, "identity")), "identity")


@needs_native
def test_the_reference_replaces_a_native_engine_that_lacks_a_kind_of_block(monkeypatch):
    monkeypatch.delenv("LAMINA_ENGINE", raising=False)
    choose._warn_of_kinds.cache_clear()
    with pytest.warns(NativeUnavailableWarning, match="has no blocks of kind 'negated'"):
        engine = choose_engine(spec=NEGATED)
    prediction = engine.predict(Network(NEGATED, np.array([1.0, 2.0, 3.0, 0.5])), np.ones((2, 3)))
    np.testing.assert_array_equal(prediction, np.full((2, 1), -5.5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert choose_engine(spec=NEGATED).name == "reference"


@needs_native
def test_the_native_engine_requested_by_name_refuses_a_kind_of_block_that_it_lacks():
    message = (
        "engine='native' supports blocks of kind 'dense' and .* alone, and block "
        "'negated' is of kind 'negated'; engine='reference' supports every kind"
    )
    with pytest.raises(UnsupportedBlockError, match=message):
        choose_engine("native", spec=NEGATED)
    with pytest.raises(UnsupportedBlockError, match=message):
        choose_engine("native").predict(Network(NEGATED, np.ones(4)), np.ones((2, 3)))
