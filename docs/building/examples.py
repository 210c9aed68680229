"""How the gallery's examples are run: one that warns fails, as a test would."""

from __future__ import annotations

import warnings


def warnings_are_errors(gallery_conf: dict[str, object], path: str, when: str) -> None:
    """Called by sphinx-gallery before and after each example; Sphinx's own warnings may pass."""
    if when == "before":
        warnings.simplefilter("error")
    else:
        warnings.resetwarnings()
