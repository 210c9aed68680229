"""Parse `--set name=value`: the form of the text decides its type, and nothing is evaluated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from lamina.choices import PARAMETERS, make_choice
from lamina.errors import UnknownNameError, suggestion
from lamina.files.model_file import Json

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "none": None}


def parse_settings(texts: Iterable[str]) -> dict[str, Json]:
    """Convert texts such as 'alpha=0.01' to a dict.

    A name with a dot sets one entry of a parameter that is a dict, or one hyperparameter of a
    formula, whose name then has scikit-learn's two underscores.

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
    >>> parse_settings(["solver=adamw", "solver.beta_2=0.95"])
    {'solver': 'adamw', 'solver__beta_2': 0.95}
    """
    settings: dict[str, Json] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals):
            raise ValueError(f"--set {text!r} is not of the form name=value, such as alpha=0.01")
        parameter, point, entry = name.partition(".")
        if parameter in PARAMETERS:
            entries, key = settings, f"{parameter}__{entry}" if point else name
        else:
            entries = settings.setdefault(parameter, {}) if point else settings
            key = entry or name
        if not isinstance(entries, dict) or key in entries:
            raise ValueError(f"--set {name} is given twice")
        entries[key] = parse_value(value)
    return settings


def with_objects(settings: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, Json]:
    """Replace hyperparameters of formulas, and the names that they belong to, by objects.

    Parameters
    ----------
    settings : mapping
        From `parse_settings`.
    defaults : mapping
        Parameters of the network, for formulas that the settings do not name.

    Raises
    ------
    ValueError
        For an unknown name or hyperparameter; names the nearest match.

    Examples
    --------
    >>> with_objects({"solver__beta_2": 0.95, "alpha": 0.1}, {"solver": "adam"})
    {'alpha': 0.1, 'solver': Adam(beta_2=0.95)}
    """
    values: dict[str, dict[str, Json]] = defaultdict(dict)
    plain = {}
    for key, value in settings.items():
        parameter, nested, hyperparameter = key.partition("__")
        if nested and parameter in PARAMETERS:
            values[parameter][hyperparameter] = value
        else:
            plain[key] = value
    for parameter, chosen in values.items():
        name = plain.get(parameter, defaults.get(parameter))
        first = f"--set {parameter}.{next(iter(chosen))}"
        if not isinstance(name, str):
            raise ValueError(f"{first} needs one name beside it, as in --set {parameter}=NAME")
        try:
            plain[parameter] = make_choice(parameter, name, chosen)
        except UnknownNameError as error:
            raise UnknownNameError(f"{first}: {error}") from None
    return plain


def parse_value(text: str) -> object:
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


def _parse_pairs(text: str) -> dict[object, object]:
    """Convert text such as '{no: 1, yes: 5}' to a dict; raise ValueError without a colon."""
    pairs = [part.partition(":") for part in text[1:-1].split(",") if part.strip()]
    for key, colon, value in pairs:
        if not (key.strip() and colon and value.strip()):
            raise ValueError(f"{key + colon + value!r} in {text!r} is not of the form key: value")
    return {parse_value(key): parse_value(value) for key, _, value in pairs}


def check_names(settings: Iterable[str], network: str, allowed: Iterable[str]) -> None:
    """Raise UnknownNameError if a setting is not a parameter of the network."""
    allowed = list(allowed)
    for name in (each.partition("__")[0] for each in settings):
        if name not in allowed:
            raise UnknownNameError(
                f"--set {name}: {network} has no such parameter.{suggestion(name, allowed)} "
                f"It takes {', '.join(allowed)}."
            )
