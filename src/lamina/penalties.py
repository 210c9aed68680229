"""Penalties as objects, for `penalty=`: one class for each name, with its hyperparameters.

Examples
--------
>>> from lamina import MLPClassifier
>>> from lamina.penalties import ElasticNet
>>> MLPClassifier(penalty=ElasticNet(l1_ratio=0.3)).get_params()["penalty__l1_ratio"]
0.3
"""

from lamina.choices import Penalty, classes_of, no_such_class

_CLASSES = {cls.__name__: cls for cls in classes_of("penalty").values()}
globals().update(_CLASSES)

__all__ = ["Penalty", *_CLASSES]


def __getattr__(name: str) -> type[Penalty]:
    # Python calls this for names that the module lacks; type checkers, for every class.
    raise no_such_class(__name__, name, _CLASSES)
