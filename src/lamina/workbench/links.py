"""Links: an experiment and its pace as the text behind a link's #, which no browser sends anywhere.

What comes in by a link, or in a file, is only taken apart here; whether it makes an experiment is
seen where one is begun.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamina.errors import ExperimentError

if TYPE_CHECKING:
    from lamina.workbench.sessions import Session

NAME, VERSION = "lamina", "1"
# Longer ones are cut by what people send them with.
LONGEST_MADE = 8_000
LONGEST_READ = 100_000
MOST_BYTES = 1 << 20
RAW_DEFLATE = -15


@dataclass(frozen=True)
class Opened:
    """What a link or a file asks for.

    Attributes
    ----------
    experiment : mapping
        Plain JSON, as yet unproved.
    pace : object
        Epochs a second, or None for as fast as it can; as yet unproved, too.
    views : str
        What the page is to show, in the words of its own address; empty for a file.
    """

    experiment: Mapping[str, Any]
    pace: Any
    views: str = ""


def fragment_of(experiment: Mapping[str, Any], pace: float | None) -> str:
    """The text that stands behind a link's #.

    Raises
    ------
    ExperimentError
        Where it would be too long to be sent.

    Examples
    --------
    >>> text = fragment_of({"data": {"kind": "made", "name": "moons"}}, 50.0)
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
            f"the link would have {len(text):,} characters, and one of more than "
            f"{LONGEST_MADE:,} does not come through everywhere: take the experiment away as a "
            "file, which `lamina workbench FILE` opens",
            "link",
        )
    return text


def link_of(session: Session, query: Mapping[str, str]) -> dict[str, Any]:
    """What the page asks for to make a link of a session as it stands."""
    with session.lock:
        return {"fragment": fragment_of(session.experiment.to_json(), session.pace)}


def read_link(link: str) -> Opened:
    """What a link says, of whatever host and token: only what stands behind its # counts.

    Raises
    ------
    ExperimentError
        For a link that has no experiment in it, has lost a part, or is of a later version.
    """
    if len(link) > LONGEST_READ:
        raise ExperimentError(
            f"a link has {LONGEST_READ:,} characters at most, and this one {len(link):,}", "link"
        )
    parts = (link.partition("#")[2] or link).split("&")
    text = next((part for part in parts if part.startswith(f"{NAME}=")), None)
    if text is None:
        raise ExperimentError(
            "this is no link of the workbench: one has '#lamina=' in it, and comes from Take "
            "away, Copy link",
            "link",
        )
    version, _, payload = text.removeprefix(f"{NAME}=").partition(".")
    if version != VERSION:
        raise ExperimentError(
            f"this link is of version {version[:20]!r}, and this lamina reads version {VERSION}: "
            "update lamina, or copy the link again",
            "link",
        )
    return opened_from(_unpacked(payload), "&".join(part for part in parts if part != text))


def read_file(path: Path) -> Opened:
    """What a file says that was taken away: JSON, of an experiment alone, or with its pace.

    Raises
    ------
    ExperimentError
        For a file that holds anything else.
    OSError
        For a file that cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ExperimentError(f"{path} has more than {MOST_BYTES:,} bytes: no experiment", "link")
    try:
        plain = _parsed(content)
    except ValueError as error:
        raise ExperimentError(f"{path} is no JSON of an experiment: {error}", "link") from None
    # An experiment alone is welcome as well: it is what the documentation shows.
    if isinstance(plain, dict) and "experiment" not in plain:
        plain = {"experiment": plain}
    return opened_from(plain)


def opened_from(plain: Any, views: str = "") -> Opened:
    """The same from plain JSON; raises ExperimentError for anything else."""
    if not isinstance(plain, dict) or not isinstance(plain.get("experiment"), dict):
        raise ExperimentError("this says no experiment: {experiment: {…}, pace: …}", "link")
    return Opened(plain["experiment"], plain.get("pace", 50.0), views)


def missing_data(experiment: Mapping[str, Any]) -> str:
    """What to do where the data that an experiment names by its hash is not here."""
    data = experiment["data"]
    key = str(data.get("hash"))[:8]
    if data.get("kind") == "given":
        return (
            f"this experiment's data (hash {key}…) was given from Python, and this server does not "
            "have it: call lamina.workbench.open(X, y) with the same data, and open the link there"
        )
    return (
        f"this experiment's table (hash {key}…) is not on this server: open the same file here by "
        "'Open a table', and then the link again"
    )


def _unpacked(payload: str) -> Any:
    """The JSON in a link; never more of it than an experiment can have."""
    lost = ExperimentError("this link has lost a part on its way: copy it again, whole", "link")
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


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
