"""The check of a built site finds each kind of fault."""

import pytest
from docs.building.check import faults

pytestmark = pytest.mark.repository


@pytest.fixture
def site(tmp_path):
    (tmp_path / "other.html").write_text('<h2 id="here">Here</h2>', encoding="utf-8")
    (tmp_path / "a.png").write_bytes(b"")

    def write(body):
        (tmp_path / "index.html").write_text(f"<html>{body}</html>", encoding="utf-8")
        return tmp_path

    return write


def test_a_site_with_valid_links_has_no_faults(site):
    body = '<a href="other.html#here">x</a><a href="https://a.b">y</a><img src="a.png" alt="A">'
    assert faults(site(body)) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="none.html">x</a>', "a link to a missing page"),
        ('<a href="other.html#there">x</a>', "a link to a missing anchor"),
        ('<a href="#there">x</a>', "a link to a missing anchor"),
        ('<img src="b.png" alt="B">', "a missing file"),
        ('<img src="a.png">', "a picture without a description"),
        ('<img src="a.png" alt="a.png">', "a picture without a description"),
        ('<script src="https://cdn.org/x.js"></script>', "loaded from another machine"),
        ('<link rel="stylesheet" href="//cdn.org/x.css">', "loaded from another machine"),
        ('<img srcset="a.png, https://cdn.org/a.png 2x" alt="A">', "loaded from another machine"),
    ],
)
def test_each_fault_is_found_and_named(site, body, fault):
    found = faults(site(body))
    assert len(found) == 1
    assert fault in found[0]


def test_a_stylesheet_that_loads_a_font_is_a_fault(site):
    folder = site("")
    (folder / "x.css").write_text("@font-face { src: url('https://fonts.org/f.woff2') }")
    assert faults(folder) == ["x.css: loaded from another machine: https://fonts.org/f.woff2"]


def test_a_folder_without_pages_is_a_fault(tmp_path):
    assert faults(tmp_path) == [f"{tmp_path} has no pages"]
