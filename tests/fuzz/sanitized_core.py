"""pytest plugin that replaces lamina's native core by one built with a sanitizer.

`make fuzz` builds that core, names it in LAMINA_FUZZ_CORE, and loads the plugin before lamina.
"""

from __future__ import annotations

import importlib.util
import os
import sys

NAME = "lamina._native"

if (path := os.environ.get("LAMINA_FUZZ_CORE")) is not None:
    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[NAME])
