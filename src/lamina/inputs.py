"""Inputs as objects, for `inputs=`: one class for each kind, with its hyperparameters.

Examples
--------
>>> from lamina import MLPRegressor
>>> from lamina.inputs import Categorical, Periodic
>>> MLPRegressor(inputs=Periodic(sigma=0.1)).get_params()["inputs__sigma"]
0.1
>>> model = MLPRegressor(inputs=[Periodic(columns=["age", "income"]), Categorical(columns="city")])
>>> len(model.inputs)
2
"""

from lamina.choices import Input, classes_of, no_such_class

_CLASSES = {cls.__name__: cls for cls in classes_of("inputs").values()}
globals().update(_CLASSES)

__all__ = ["Input", *_CLASSES]


def __getattr__(name: str) -> type[Input]:
    # Python calls this for names that the module lacks; type checkers, for every class.
    raise no_such_class(__name__, name, _CLASSES)
