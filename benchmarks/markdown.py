"""Tables in Markdown, and their places between the markers of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

ABSENT = "–"


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with a line for each row."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def replace_blocks(page: str, blocks: Mapping[str, str]) -> str:
    """Return the page with each block between its markers.

    Parameters
    ----------
    page : str
        Has `<!-- NAME -->` and `<!-- /NAME -->`, each on a line, for every name of `blocks`.
    blocks : mapping of str to str
        Markdown by the marker's name.

    Raises
    ------
    ValueError
        If a block has no place in the page, or more than one.
    """
    for name, block in blocks.items():
        marked = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        if len(marked.findall(page)) != 1:
            raise ValueError(f"the page needs one <!-- {name} --> with <!-- /{name} --> below it")
        page = marked.sub(lambda _, text=block: text, page)
    return page
