"""`python -m docs.building.check FOLDER`: check the links, pictures and requests of a built site.

Every link within the site leads to an existing page and anchor, every picture exists and has a
description, and no page loads anything from another machine.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# The tags whose files a browser loads by itself.
FETCHED = {
    "script": "src",
    "img": "src",
    "source": "src",
    "video": "src",
    "iframe": "src",
    "embed": "src",
    "object": "data",
}
FETCHING_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "shortcut", "prefetch"}
_IN_STYLE = re.compile(r"@import\s+[\"']([^\"']+)|url\(\s*[\"']?([^\"')]+)")


@dataclass
class Page(HTMLParser):
    """The anchors, links and files of one page."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    mute: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in FETCHED and values.get(FETCHED[tag]):
            self.fetched.append(values[FETCHED[tag]])
        if "srcset" in values:
            self.fetched += [each.split()[0] for each in values["srcset"].split(",")]
        if tag == "link" and FETCHING_LINKS & set(values.get("rel", "").split()):
            self.fetched.append(values["href"])
        # Without a description Sphinx uses the file's name; an empty one marks decoration.
        if tag == "img" and values.get("alt", ".png").endswith((".png", ".svg")):
            self.mute.append(values.get("src", ""))


def faults(folder: Path) -> list[str]:
    """Return a sentence for each fault of a site."""
    # The theme has templates among its static files.
    paths = (path for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts)
    pages = {path.resolve(): Page(path) for path in paths}
    found = [] if pages else [f"{folder} has no pages"]
    for path, page in pages.items():
        here = path.relative_to(folder.resolve())
        found += [f"{here}: a picture without a description: {source}" for source in page.mute]
        for source in page.fetched:
            found += [f"{here}: {fault}" for fault in _faults_of_file(path, source)]
        for link in page.links:
            found += [f"{here}: {fault}" for fault in _faults_of_link(path, link, pages)]
    for sheet in sorted(folder.rglob("*.css")):
        for match in _IN_STYLE.finditer(sheet.read_text(encoding="utf-8")):
            source = match[1] or match[2]
            if _is_elsewhere(source):
                found.append(f"{sheet.relative_to(folder)}: loaded from another machine: {source}")
    return found


def _is_elsewhere(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https")


def _faults_of_file(page: Path, source: str) -> list[str]:
    if _is_elsewhere(source):
        return [f"loaded from another machine: {source}"]
    parts = urlsplit(source)
    if parts.scheme == "data" or (page.parent / unquote(parts.path)).is_file():
        return []
    return [f"a missing file: {source}"]


def _faults_of_link(page: Path, link: str, pages: dict[Path, Page]) -> list[str]:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return []
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file():
        return [f"a link to a missing page: {link}"]
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return [f"a link to a missing anchor: {link}"]
    return []


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]))
    print(
        "\n".join(wrong) or "all links lead to a page, and nothing is loaded from another machine"
    )
    sys.exit(bool(wrong))
