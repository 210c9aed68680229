"""The page of the command line has every command."""

import re
from pathlib import Path

import pytest

pytest.importorskip("sphinx")

from docs.building.command import help_of

pytestmark = pytest.mark.repository

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command_line.md"


def test_every_command_has_its_section_and_its_help():
    commands = re.findall(
        r"^. (\w+)  +\w", help_of("lamina").partition("Commands")[2], re.MULTILINE
    )
    text = PAGE.read_text(encoding="utf-8")
    assert len(commands) >= 5
    assert re.findall(r"^## (\w+)", text, re.MULTILINE) == commands
    assert re.findall(r"^```{command} lamina (\w+)", text, re.MULTILINE) == commands


def test_an_unknown_command_is_an_error():
    with pytest.raises(ValueError, match="ended with 2"):
        help_of("lamina nosuch")
