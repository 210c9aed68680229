"""Parse `--set name=value`: the form of the text decides its type, and nothing is evaluated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lamina.errors import UnknownNameError, suggestion

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "none": None}


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Convert texts such as 'alpha=0.01' to a dict.

    A name with a dot sets one entry of a parameter that is a dict.

    Raises
    ------
    ValueError
        If a text has no name or no '=', or a name occurs twice.



    Examples
    --------
    >>> parse_settings(["hidden_layer_sizes=128,64", "solver=adam", "early_stopping=true"])
    {'hidden_layer_sizes': (128, 64), 'solver': 'adam', 'early_stopping': True}
    >>> parse_settings(["learning_rate=step", "learning_rate_options.every=20"])
    {'learning_rate': 'step', 'learning_rate_options': {'every': 20}}
    """
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals):
            raise ValueError(f"--set {text!r} is not of the form name=value, such as alpha=0.01")
        parameter, point, entry = name.partition(".")
        entries = settings.setdefault(parameter, {}) if point else settings
        if not isinstance(entries, dict) or (entry or name) in entries:
            raise ValueError(f"--set {name} is given twice")
        entries[entry or name] = parse_value(value)
    return settings


def parse_value(text: str) -> Any:
    """Convert a text to a number, True, False, None, a tuple or a dict, or return it as it is.

    Examples
    --------
    >>> [parse_value(text) for text in ("3", "1e-3", "inf", "True", "none", "relu")]
    [3, 0.001, inf, True, None, 'relu']
    >>> [parse_value(text) for text in ("128,64", "128,", "()", "(50, 20)")]
    [(128, 64), (128,), (), (50, 20)]
    >>> parse_value("{no: 1, yes: 5}")
    {'no': 1, 'yes': 5}
    """
    text = text.strip()
    if text[:1] + text[-1:] == "{}" and len(text) > 1:
        return _parse_pairs(text)
    bracketed = text[:1] + text[-1:] in ("()", "[]") and len(text) > 1
    if bracketed or "," in text:
        parts = (text[1:-1] if bracketed else text).split(",")
        return tuple(parse_value(part) for part in parts if part.strip())
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _parse_pairs(text: str) -> dict[Any, Any]:
    """Convert text such as '{no: 1, yes: 5}' to a dict; raise ValueError without a colon."""
    pairs = [part.partition(":") for part in text[1:-1].split(",") if part.strip()]
    for key, colon, value in pairs:
        if not (key.strip() and colon and value.strip()):
            raise ValueError(f"{key + colon + value!r} in {text!r} is not of the form key: value")
    return {parse_value(key): parse_value(value) for key, _, value in pairs}


def check_names(settings: Iterable[str], network: str, allowed: Iterable[str]) -> None:
    """Raise UnknownNameError if a setting is not a parameter of the network."""
    allowed = list(allowed)
    for name in settings:
        if name not in allowed:
            raise UnknownNameError(
                f"--set {name}: {network} has no such parameter.{suggestion(name, allowed)} "
                f"It takes {', '.join(allowed)}."
            )
