"""Objects of the estimators' parameters in model files: parameter, name, hyperparameters.

{"$choice": {"parameter": "solver", "name": "adamw", "hyperparameters": {"beta_2": 0.95}}}
"""

from __future__ import annotations

from lamina.choices import KINDS, Choice, classes_of
from lamina.errors import ModelFileError
from lamina.files.fields import member
from lamina.files.model_file import Json
from lamina.files.plain import Place, PlainReader, PlainWriter, place_in_words


def choice_to_plain(value: object, writer: PlainWriter, path: Place) -> Json:
    """Return the JSON of a choice, None for any other value.

    Raises
    ------
    TypeError
        For an object of a class that is not lamina's.
    """
    if not isinstance(value, Choice):
        return None
    if type(value) not in classes_of(value.parameter).values():
        raise TypeError(
            f"{place_in_words(path)} is a {type(value).__qualname__}, which is not one of lamina's "
            f"classes and cannot be saved: set it to one of {KINDS[value.parameter].module}"
        )
    values = value.get_params(deep=False)
    return {
        "$choice": {
            "parameter": value.parameter,
            "name": value.name,
            "hyperparameters": {k: writer.write(v, (*path, k)) for k, v in values.items()},
        }
    }


def choice_from_plain(plain: Json, reader: PlainReader) -> Choice:
    """Return the choice that JSON represents; raise ModelFileError for anything else."""
    member(KINDS)(plain["parameter"], "parameter of a choice")
    classes = classes_of(plain["parameter"])
    member(classes)(plain["name"], f"{plain['parameter']} of a choice")
    values = reader.read(plain["hyperparameters"])
    try:
        return classes[plain["name"]](**values)
    except TypeError as error:
        raise ModelFileError(f"it holds a choice that this version cannot build: {error}") from None
