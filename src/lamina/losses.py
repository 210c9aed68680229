"""Losses as objects, for `loss=`: one class for each name, with its hyperparameters.

Examples
--------
>>> from lamina import MLPRegressor
>>> from lamina.losses import Huber
>>> MLPRegressor(loss=Huber(delta=2.0)).get_params()["loss__delta"]
2.0
"""

from lamina.choices import Loss, classes_of, no_such_class

_CLASSES = {cls.__name__: cls for cls in classes_of("loss").values()}
globals().update(_CLASSES)

__all__ = ["Loss", *_CLASSES]


def __getattr__(name: str) -> type[Loss]:
    # Python calls this for names that the module lacks; type checkers, for every class.
    raise no_such_class(__name__, name, _CLASSES)
