"""Several networks in one estimator, as objects for `members=`: one class for each kind.

Examples
--------
>>> from lamina import MLPRegressor
>>> from lamina.members import Independent, Shared
>>> from sklearn.datasets import load_diabetes
>>> X, y = load_diabetes(return_X_y=True)
>>> options = {"scale_target": True, "max_iter": 20, "tol": 0.01, "random_state": 0}
>>> model = MLPRegressor(members=Independent(3), **options).fit(X, y)
>>> len(model.members_), model.predict(X).shape
(3, (442,))
>>> model = MLPRegressor(members=Shared(8), **options).fit(X, y)
>>> len(model.members_), model.coefs_[-1].shape
(8, (8, 100, 1))
>>> model.get_params()["members__n_members"]
8
"""

from lamina.choices import Members, classes_of, no_such_class

_CLASSES = {cls.__name__: cls for cls in classes_of("members").values()}
globals().update(_CLASSES)

__all__ = ["Members", *_CLASSES]


def __getattr__(name: str) -> type[Members]:
    # Python calls this for names that the module lacks; type checkers, for every class.
    raise no_such_class(__name__, name, _CLASSES)
