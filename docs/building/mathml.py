"""Formulas as MathML, made from LaTeX while the site is built: no script, no font, no network."""

from __future__ import annotations

import html
import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

_LOG = logging.getLogger(__name__)
# TeX leaves a thin space around the name of a function; the converter does not.
_FUNCTION = r"\\(?:arg)?(?:cosh?|exp|log|max|min|sinh?|tanh?)"
_BEFORE = re.compile(rf"(?<=[\w)}}]) +(?={_FUNCTION}\b)")
_BEHIND = re.compile(rf"({_FUNCTION}) +(?=[\w\\])")


def as_mathml(node: nodes.Element, as_block: bool) -> str:
    """A formula as MathML; one that cannot be read is a warning, and stands as it is written."""
    text = _BEHIND.sub(r"\1\\,", _BEFORE.sub(r"\\,", node.astext().strip()))
    try:
        # Lines below each other need an environment of their own; Sphinx allows them without.
        if as_block and r"\\" in text and r"\begin" not in text:
            text = rf"\begin{{aligned}}{text}\end{{aligned}}"
        return str(tex2mathml(text, as_block=as_block))
    except MathError as error:
        _LOG.warning("formula %r: %s", text, error, location=node, type="mathml")
        return f"<code>{html.escape(text)}</code>"


def inline(self: HTML5Translator, node: nodes.math) -> None:
    """A formula within a sentence."""
    self.body.append(as_mathml(node, as_block=False))
    raise nodes.SkipNode


def displayed(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on a line of its own."""
    self.body.append(self.starttag(node, "div", CLASS="math-block"))
    self.body.append(as_mathml(node, as_block=True))
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
