"""Links: an experiment and its pace encoded after the link's '#', which browsers never send.

This module only decodes links and files; the experiment in them is checked when it is started.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lamina.errors import ExperimentError
from lamina.workbench.data.plain import Plain, refuse_constant

NAME, VERSION = "lamina", "1"
# Mail and chat programs cut longer links.
LONGEST_MADE = 8_000
LONGEST_READ = 100_000
MOST_BYTES = 1 << 20
RAW_DEFLATE = -15


@dataclass(frozen=True)
class Opened:
    """Content of a link or a file.

    Attributes
    ----------
    experiment : mapping
        Plain JSON, not yet checked.
    pace : object
        Epochs per second, or None for as fast as possible; not yet checked.
    views : str
        Views to show, in the format of the page's address; empty for a file.
    """

    experiment: Plain
    pace: object
    views: str = ""


def build_fragment(experiment: Plain, pace: float | None) -> str:
    """Return the text that follows a link's '#'.

    Raises
    ------
    ExperimentError
        If it would be too long to be sent.

    Examples
    --------
    >>> text = build_fragment({"data": {"kind": "made", "name": "moons"}}, 50.0)
    >>> text.startswith("lamina=1.")
    True
    >>> opened = read_link("http://127.0.0.1:8642/#" + text)
    >>> opened.experiment["data"]["name"], opened.pace
    ('moons', 50.0)
    """
    content = json.dumps(
        {"experiment": experiment, "pace": pace}, separators=(",", ":"), ensure_ascii=False
    )
    packer = zlib.compressobj(9, zlib.DEFLATED, RAW_DEFLATE)
    packed = packer.compress(content.encode()) + packer.flush()
    text = f"{NAME}={VERSION}.{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"
    if len(text) > LONGEST_MADE:
        raise ExperimentError(
            f"the link would have {len(text):,} characters, and many programs cut links longer "
            f"than {LONGEST_MADE:,}: save the experiment as a file, which `lamina workbench FILE` "
            "opens",
            "link",
        )
    return text


def read_link(link: str) -> Opened:
    """Return the content of a link; host and token are ignored, only the part after '#' counts.

    Raises
    ------
    ExperimentError
        For a link without an experiment, an incomplete link, and a link of a newer version.
    """
    if len(link) > LONGEST_READ:
        raise ExperimentError(
            f"this link has {len(link):,} characters; the maximum is {LONGEST_READ:,}", "link"
        )
    parts = (link.partition("#")[2] or link).split("&")
    text = next((part for part in parts if part.startswith(f"{NAME}=")), None)
    if text is None:
        raise ExperimentError(
            "this is not a link to an experiment: such a link contains '#lamina=' and comes from "
            "Take away, Copy link",
            "link",
        )
    version, _, payload = text.removeprefix(f"{NAME}=").partition(".")
    if version != VERSION:
        raise ExperimentError(
            f"this link has version {version[:20]!r}, but this lamina reads version {VERSION}: "
            "update lamina, or copy the link again",
            "link",
        )
    return opened_from(_unpacked(payload), "&".join(part for part in parts if part != text))


def read_file(path: Path) -> Opened:
    """Return the content of an exported JSON file: an experiment, alone or with its pace.

    Raises
    ------
    ExperimentError
        For a file with any other content.
    OSError
        For a file that cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ExperimentError(
            f"{path} has more than {MOST_BYTES:,} bytes, so it is not an experiment", "link"
        )
    try:
        plain = _parsed(content)
    except ValueError as error:
        raise ExperimentError(f"{path} is not an experiment in JSON: {error}", "link") from None
    # Accept an experiment alone as well, because the documentation shows that form.
    if isinstance(plain, dict) and "experiment" not in plain:
        plain = {"experiment": plain}
    return opened_from(plain)


def opened_from(plain: object, views: str = "") -> Opened:
    """Return the content of plain JSON; raise ExperimentError if it has no experiment."""
    if not isinstance(plain, dict) or not isinstance(plain.get("experiment"), dict):
        raise ExperimentError(
            "there is no experiment in this: expected {experiment: {…}, pace: …}", "link"
        )
    return Opened(plain["experiment"], plain.get("pace", 50.0), views)


def missing_data(experiment: Plain) -> str:
    """Return a message on how to supply the data that an experiment refers to."""
    data = experiment["data"]
    fields = data if isinstance(data, Mapping) else {}
    key = str(fields.get("hash"))[:8]
    if fields.get("kind") == "given":
        return (
            f"this experiment uses data from Python (hash {key}…) that this server does not have: "
            "call lamina.workbench.open(X, y) with the same data, and open the link there"
        )
    return (
        f"this server does not have the experiment's table (hash {key}…): open the same file with "
        "'Open a table', then open the link again"
    )


def _unpacked(payload: str) -> object:
    """Return the JSON in a link; never decompress more than an experiment can have."""
    lost = ExperimentError("this link is incomplete or damaged: copy the whole link again", "link")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", payload):
        raise lost
    unpacker = zlib.decompressobj(RAW_DEFLATE)
    try:
        packed = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        content = unpacker.decompress(packed, MOST_BYTES)
        if not unpacker.eof or unpacker.unused_data:
            raise lost
        return _parsed(content)
    except (ValueError, zlib.error):
        raise lost from None


def _parsed(content: bytes) -> object:
    try:
        plain: object = json.loads(content, parse_constant=refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return plain
