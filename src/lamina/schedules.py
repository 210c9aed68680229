"""Schedules as objects, for `learning_rate=`: one class for each name, with its hyperparameters.

Examples
--------
>>> from lamina import MLPClassifier
>>> from lamina.schedules import Cosine
>>> MLPClassifier(learning_rate=Cosine(period=10)).get_params()["learning_rate__period"]
10
"""

from lamina.choices import Schedule, classes_of, no_such_class

_CLASSES = {cls.__name__: cls for cls in classes_of("learning_rate").values()}
globals().update(_CLASSES)

__all__ = ["Schedule", *_CLASSES]


def __getattr__(name: str) -> type[Schedule]:
    # Python calls this for names that the module lacks; type checkers, for every class.
    raise no_such_class(__name__, name, _CLASSES)
