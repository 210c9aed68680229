"""Messages about names such as `activation__alpha` where the parameter is not an object."""

from __future__ import annotations

from collections.abc import Sequence

from lamina.choices import KINDS, PARAMETERS, Choice, classes_of
from lamina.errors import suggestion
from lamina.estimators.settings.refusals import shown


def hyperparameter_without_object(
    key: str, parameter: str, name: str, value: object, setting: object
) -> str:
    """Return the message for a hyperparameter of a value that is not an object.

    Parameters
    ----------
    key : str
        Name that was passed: 'activation__alpha'.
    parameter, name : str
        Its parts: 'activation' and 'alpha'.
    value : object
        Value of the parameter: a name, a list, a class, a function or None.
    setting : object
        Value that was passed for the hyperparameter.

    Examples
    --------
    >>> print(hyperparameter_without_object("penalty__l1_ratio", "penalty", "l1_ratio", "l2", 0.3))
    penalty__l1_ratio sets a hyperparameter of an object, and penalty='l2' is a name. L2 has no \
hyperparameter 'l1_ratio'. In lamina.penalties, 'l1_ratio' belongs to ElasticNet. Leave out \
penalty__l1_ratio with penalty='l2'; a search takes a list of grids.
    """
    if isinstance(value, (list, tuple)):
        kind, cure = "a list", _in_list(parameter, name, value, shown(setting))
    else:
        kind = "a name" if isinstance(value, str) else "none"
        cure = _alone(key, parameter, name, value, shown(setting))
    return (
        f"{key} sets a hyperparameter of an object, and {parameter}={shown(value)} is {kind}. "
        f"{cure}"
    )


def _in_list(parameter: str, name: str, value: Sequence[object], setting: str) -> str:
    """Return the cure for a list: the whole list, with the value in the entry that has it."""
    place, _, short = name.rpartition("__")
    classes = [_class_of(parameter, each) for each in value]
    places = range(len(value)) if not place.isdigit() else [int(place)]
    has = [i for i in places if i < len(value) and short in _hyperparameters(classes[i])]
    if not has:
        return f"Set the whole list. {_classes_with(parameter, short)}"
    entries = [
        f"{cls.__name__}({short}={setting})" if i in has and cls is not None else shown(each)
        for i, (cls, each) in enumerate(zip(classes, value, strict=True))
    ]
    return f"Set the whole list: {parameter}=[{', '.join(entries)}]."


def _alone(key: str, parameter: str, name: str, value: object, setting: str) -> str:
    """Return the cure for one value: its class if it has the hyperparameter, or one that has."""
    module, cls = KINDS[PARAMETERS[parameter]].module, _class_of(parameter, value)
    if name in _hyperparameters(cls):
        assert cls is not None
        return f"Set {parameter}={module}.{cls.__name__}({name}={setting})."
    lacks = "" if cls is None else f"{cls.__name__} has no hyperparameter {name!r}. "
    without = f" Leave out {key} with {parameter}={shown(value)}; a search takes a list of grids."
    return f"{lacks}{_classes_with(parameter, name)}{without if lacks else ''}"


def _classes_with(parameter: str, name: str) -> str:
    """Return a sentence with the classes that have a hyperparameter, or its nearest match."""
    kind, classes = KINDS[PARAMETERS[parameter]], classes_of(PARAMETERS[parameter]).values()
    has = [cls.__name__ for cls in classes if name in _hyperparameters(cls)]
    if has:
        return f"In {kind.module}, {name!r} belongs to {' and '.join(has)}."
    every = dict.fromkeys(each for cls in classes for each in _hyperparameters(cls))
    return f"No class of {kind.module} has {name!r}.{suggestion(name, every)}"


def _class_of(parameter: str, value: object) -> type[Choice] | None:
    """Return the class of a name, an object or a class; None for anything else."""
    classes = classes_of(PARAMETERS[parameter])
    if isinstance(value, str):
        return classes.get(value)
    cls = value if isinstance(value, type) else type(value)
    return cls if issubclass(cls, Choice) and cls in classes.values() else None


def _hyperparameters(cls: type[Choice] | None) -> list[str]:
    return [] if cls is None else [each.name for each in cls.hyperparameters]
