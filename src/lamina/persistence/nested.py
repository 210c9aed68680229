"""Check an attribute that is itself an estimator, which was checked when it was read."""

from __future__ import annotations

from lamina.files.fields import Check, exactly, refused


def estimator_of(name: str, n_features: int, **attributes: bool) -> Check:
    """Require a fitted estimator of a class, with a number of features and these attributes."""

    def check(value: object, place: str) -> None:
        fits = type(value).__name__ == name and type(value).__module__.startswith("sklearn.")
        if not fits or getattr(value, "n_features_in_", None) != n_features:
            raise refused(value, place, f"a {name} of {n_features} features")
        for attribute, expected in attributes.items():
            exactly(expected)(getattr(value, attribute, None), f"{place}.{attribute}")

    return check
