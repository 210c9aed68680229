"""The `{picture}` directive: the figure of the Python block above it, in light and in dark.

    ```python
    ax.plot(x, y)
    ```

    ```{picture} A description for people who cannot see the figure
    ```

When Sphinx reads a page, it runs the page's blocks once in each style and saves the figure that a
block leaves open. The theme shows one of both by their CSS classes.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from contextlib import chdir
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from docs.building.blocks import Block, iterate_blocks, run

_LOG = logging.getLogger(__name__)
FOLDER = "_build/pictures"
DOTS_PER_INCH = 144
STYLES = {"light": "default", "dark": "dark_background"}
SETTINGS = {
    "savefig.transparent": True,
    "figure.figsize": (6.4, 3.6),
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "font.size": 10,
}


def run_page(app: Sphinx, name: str, content: list[str]) -> None:
    """Run the blocks of a page with pictures, and save the pictures."""
    if not any(block.shows for block in iterate_blocks(content[0])):
        return
    folder = Path(app.srcdir, FOLDER, name).parent
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for style in STYLES:
            _draw(name, content[0], style, Path(app.srcdir, FOLDER, name))
    except Exception as error:
        # A warning lets Sphinx read the other pages; -W makes it an error at the end.
        _LOG.warning("%s: %s", type(error).__name__, error, location=name, type="blocks")


def _draw(name: str, text: str, style: str, path: Path) -> None:
    from matplotlib import pyplot

    def keep(number: int, block: Block) -> None:
        figures = [pyplot.figure(i) for i in pyplot.get_fignums()]
        if len(figures) != block.shows:
            raise ValueError(
                f"{name}, line {block.line}: the block leaves {len(figures)} figures open, and "
                f"{'one' if block.shows else 'no'} {{picture}} follows it"
            )
        for figure in figures:
            figure.savefig(f"{path}-{number}-{style}.png", dpi=DOTS_PER_INCH)
            pyplot.close(figure)

    pyplot.switch_backend("agg")
    # Blocks may write files, which don't belong to the site.
    with (
        tempfile.TemporaryDirectory() as aside,
        chdir(aside),
        pyplot.style.context([STYLES[style], SETTINGS]),
        warnings.catch_warnings(action="error"),
    ):
        run(f"{name}.md", text, keep)


class Picture(SphinxDirective):
    """Show the figure of the block above; the argument is its description."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"width": directives.length_or_percentage_or_unitless}

    def run(self) -> list[nodes.Node]:
        path, line = self.env.doc2path(self.env.docname), self.lineno
        blocks = iterate_blocks(Path(path).read_text(encoding="utf-8"))
        number = max(i for i, block in enumerate(blocks) if block.line < line)
        path = f"{FOLDER}/{self.env.docname}-{number}"
        if not (self.env.srcdir / f"{path}-dark.png").is_file():
            return []
        return [self._image(f"/{path}", style) for style in STYLES]

    def _image(self, path: str, style: str) -> nodes.Node:
        from PIL import Image

        uri = f"{path}-{style}.png"
        with Image.open(self.env.srcdir / uri.lstrip("/")) as drawn:
            width = drawn.width * 96 // DOTS_PER_INCH
        classes = [f"only-{style}", "dark-light"] if style == "dark" else [f"only-{style}"]
        return nodes.image(
            uri=uri,
            alt=" ".join(self.arguments[0].split()),
            classes=classes,
            width=self.options.get("width", f"{width}px"),
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    os.environ.setdefault("MPLBACKEND", "agg")
    app.connect("source-read", run_page)
    app.add_directive("picture", Picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
