"""Convert LaTeX formulas to MathML while the site is built, without scripts and fonts."""

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
# TeX puts a thin space around the name of a function; the converter doesn't.
_FUNCTION = r"\\(?:arg)?(?:cosh?|exp|log|max|min|sinh?|tanh?)"
_BEFORE = re.compile(rf"(?<=[\w)}}]) +(?={_FUNCTION}\b)")
_BEHIND = re.compile(rf"({_FUNCTION}) +(?=[\w\\])")


def as_mathml(node: nodes.Element, as_block: bool) -> str:
    """Return a formula as MathML; an unreadable one raises a warning and stays LaTeX."""
    text = _BEHIND.sub(r"\1\\,", _BEFORE.sub(r"\\,", node.astext().strip()))
    try:
        # Sphinx allows several lines without an environment, which the converter needs.
        if as_block and r"\\" in text and r"\begin" not in text:
            text = rf"\begin{{aligned}}{text}\end{{aligned}}"
        return str(tex2mathml(text, as_block=as_block))
    except MathError as error:
        _LOG.warning("formula %r: %s", text, error, location=node, type="mathml")
        return f"<code>{html.escape(text)}</code>"


def inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a sentence."""
    self.body.append(as_mathml(node, as_block=False))
    raise nodes.SkipNode


def displayed(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on its own line."""
    self.body.append(self.starttag(node, "div", CLASS="math-block"))
    self.body.append(as_mathml(node, as_block=True))
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
