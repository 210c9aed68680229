"""Sphinx's configuration for `make docs`. The build needs no network."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ["MPLBACKEND"] = "agg"

import lamina  # noqa: E402

project = "lamina"
author = copyright = "the lamina developers"
version = release = lamina.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "docs.building.command",
    "docs.building.docstrings",
    "docs.building.mathml",
    "docs.building.picture",
    "docs.building.public_members",
    "docs.building.records",
]
exclude_patterns = ["_build", "_templates", "reference/backreferences"]
templates_path = ["_templates"]
nitpicky = True
# References to other projects cannot be resolved without the network.
nitpick_ignore_regex = [
    (r"py:.*", r"(joblib|matplotlib|numpy|optuna|pandas|scipy|sklearn|torch)\..*"),
]

# --- pages -------------------------------------------------------------------------------------
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
html_math_renderer = "mathml"

# --- reference ---------------------------------------------------------------------------------
autosummary_generate = True
autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_member_order = "bysource"
# The docstrings state types and shapes; annotations would repeat them.
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# --- gallery -----------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("lamina",),
    "backreferences_dir": "reference/backreferences",
    "reset_modules": ("matplotlib", "docs.building.examples.warnings_are_errors"),
    "reset_modules_order": "both",
    # The default repr of a display is useless to readers.
    "capture_repr": ("_repr_html_",),
    "image_srcset": ["2x"],
    "default_thumb_file": str(ROOT / "docs" / "images" / "optimizers.png"),
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "plot_gallery": True,
}

# --- appearance --------------------------------------------------------------------------------
html_theme = "pydata_sphinx_theme"
html_title = "lamina"
html_logo = html_favicon = "_static/lamina.svg"
html_static_path = ["_static"]
html_css_files = ["lamina.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"index": [], "start": [], "native_core": []}
html_theme_options = {
    "logo": {"text": "lamina"},
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 7,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}
