"""Solvers as objects, for `solver=`: one class for each name, with its hyperparameters.

Examples
--------
>>> from lamina import MLPClassifier
>>> from lamina.solvers import AdamW
>>> MLPClassifier(solver=AdamW(beta_2=0.95)).get_params()["solver__beta_2"]
0.95
"""

from lamina.choices import Solver, classes_of, no_such_class

_CLASSES = {cls.__name__: cls for cls in classes_of("solver").values()}
globals().update(_CLASSES)

__all__ = ["Solver", *_CLASSES]


def __getattr__(name: str) -> type[Solver]:
    # Python calls this for names that the module lacks; type checkers, for every class.
    raise no_such_class(__name__, name, _CLASSES)
