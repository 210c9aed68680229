"""`python -m docs.building.check FOLDER`: hold a built site to what it promises.

Every link within the site leads to a page and an anchor that are there, every picture lies beside
it and says what it shows, and no page asks another machine for anything.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself; a link is only followed by who clicks on it.
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
        of = {name: value or "" for name, value in attrs}
        self.anchors |= {of[name] for name in ("id", "name") if name in of}
        if tag == "a" and "href" in of:
            self.links.append(of["href"])
        if tag in FETCHED and of.get(FETCHED[tag]):
            self.fetched.append(of[FETCHED[tag]])
        if "srcset" in of:
            self.fetched += [each.split()[0] for each in of["srcset"].split(",")]
        if tag == "link" and FETCHING_LINKS & set(of.get("rel", "").split()):
            self.fetched.append(of["href"])
        # Sphinx puts the file's name where a page says nothing; nothing is for what only adorns.
        if tag == "img" and of.get("alt", ".png").endswith((".png", ".svg")):
            self.mute.append(of.get("src", ""))


def faults(folder: Path) -> list[str]:
    """What is wrong with a site, one sentence each."""
    # The theme keeps templates of its own among what it serves.
    paths = (path for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts)
    pages = {path.resolve(): Page(path) for path in paths}
    found = [] if pages else [f"{folder} has no pages"]
    for path, page in pages.items():
        here = path.relative_to(folder.resolve())
        found += [f"{here}: a picture without words: {source}" for source in page.mute]
        for source in page.fetched:
            found += [f"{here}: {fault}" for fault in _faults_of_file(path, source)]
        for link in page.links:
            found += [f"{here}: {fault}" for fault in _faults_of_link(path, link, pages)]
    for sheet in sorted(folder.rglob("*.css")):
        for match in _IN_STYLE.finditer(sheet.read_text(encoding="utf-8")):
            source = match[1] or match[2]
            if _is_elsewhere(source):
                found.append(f"{sheet.relative_to(folder)}: fetched from elsewhere: {source}")
    return found


def _is_elsewhere(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https")


def _faults_of_file(page: Path, source: str) -> list[str]:
    if _is_elsewhere(source):
        return [f"fetched from elsewhere: {source}"]
    parts = urlsplit(source)
    if parts.scheme == "data" or (page.parent / unquote(parts.path)).is_file():
        return []
    return [f"a file that is not there: {source}"]


def _faults_of_link(page: Path, link: str, pages: dict[Path, Page]) -> list[str]:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return []
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file():
        return [f"a link to a page that is not there: {link}"]
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return [f"a link to an anchor that is not there: {link}"]
    return []


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]))
    print("\n".join(wrong) or "every link leads somewhere, and nothing comes from elsewhere")
    sys.exit(bool(wrong))
