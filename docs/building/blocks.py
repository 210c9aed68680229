"""Run a page's Python blocks one after the other in one namespace.

The page states the output of a block after `print(…)  # …`, or in a `text` fence right below the
block, and the runner compares both. A `{picture}` fence below a block shows the picture that it
draws. Blocks below `<!-- needs NAME -->` need that module. Fits on pages are short, so the runner
ignores the ConvergenceWarning that they raise.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

from sklearn.exceptions import ConvergenceWarning

_FENCE = re.compile(
    r"^```(?P<language>\{?\w+\}?)[^\n]*\n(?P<text>.*?)^```$|<!-- needs (?P<module>\w+) -->",
    re.MULTILINE | re.DOTALL,
)
_SAID = re.compile(r"^print\(.*\)  # (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One Python block of a page.

    Attributes
    ----------
    line : int
        The first line of its code in the page, counted from 1.
    code : str
    said : str or None
        The output that the page states, if it states one.
    needs : tuple of str
        The modules that must be installed.
    shows : bool
        True if a `{picture}` fence follows.
    """

    line: int
    code: str
    said: str | None
    needs: tuple[str, ...]
    shows: bool

    @property
    def missing(self) -> list[str]:
        """The modules in `needs` that are not installed."""
        return [name for name in self.needs if find_spec(name) is None]


def iterate_blocks(text: str) -> list[Block]:
    """Return the Python blocks of a page in Markdown."""
    fences, needs, found = list(_FENCE.finditer(text)), (), []
    for i, fence in enumerate(fences):
        if fence["module"]:
            needs = (*needs, fence["module"])
        elif fence["language"] == "python":
            line = text.count("\n", 0, fence.start("text")) + 1
            below = list(_directly_below(text, fences[i:]))
            shows = any(each["language"] == "{picture}" for each in below)
            found.append(Block(line, fence["text"], _said(fence["text"], below), needs, shows))
    return found


def _directly_below(text: str, fences: list[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Yield the fences that follow the first without text between, up to the next Python block."""
    for above, fence in pairwise(fences):
        if text[above.end() : fence.start()].strip() or fence["language"] in (None, "python"):
            return
        yield fence


def _said(code: str, below: list[re.Match[str]]) -> str | None:
    for fence in below:
        if fence["language"] == "text":
            return str(fence["text"])
    return "".join(f"{line}\n" for line in _SAID.findall(code)) or None


def run(
    page: str,
    text: str,
    after: Callable[[int, Block], Any] = lambda number, block: None,
) -> list[Block]:
    """Run the blocks of a page, and compare the output of each with the page.

    Parameters
    ----------
    page : str
        The page's name in a traceback.
    text : str
        The page in Markdown.
    after : callable, optional
        Called as `after(number, block)` after every block.

    Returns
    -------
    list of Block
        The blocks that were not run, because they need a module that is not installed.

    Raises
    ------
    AssertionError
        If a block prints something else than the page states.
    """
    names: dict[str, Any] = {"__name__": "page"}
    left_out = []
    for number, block in enumerate(iterate_blocks(text)):
        if block.missing:
            left_out.append(block)
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            # Lines count from the page's first, so that a traceback points into the page.
            exec(compile("\n" * (block.line - 1) + block.code, page, "exec"), names)
        found, said = printed.getvalue(), block.said or ""
        assert _lines(found) == _lines(said), (
            f"{page}, line {block.line}: the block printed\n{found}and the page says\n{said}"
        )
        after(number, block)
    return left_out


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]
