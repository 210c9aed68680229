"""Activations as objects, for `activation=`: one class for each name, with its hyperparameters.

Examples
--------
>>> from lamina import MLPClassifier
>>> from lamina.activations import LeakyReLU
>>> MLPClassifier(activation=LeakyReLU(negative_slope=0.1))
MLPClassifier(activation=LeakyReLU(negative_slope=0.1))
"""

from lamina.choices import Activation, classes_of, no_such_class

_CLASSES = {cls.__name__: cls for cls in classes_of("activation").values()}
globals().update(_CLASSES)

__all__ = ["Activation", *_CLASSES]


def __getattr__(name: str) -> type[Activation]:
    # Python calls this for names that the module lacks; type checkers, for every class.
    raise no_such_class(__name__, name, _CLASSES)
