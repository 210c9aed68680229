"""The blocks of a page: found, run in one namespace, and held against what the page says."""

import pytest
from docs.building.blocks import blocks_of, run

pytestmark = pytest.mark.repository

PAGE = """# A page

```python
x = 2
print(x + 1)  # 3
```

```python
print("a\\nb")
```

```text
a
b
```

```{picture} A line
```

<!-- needs no_such_module -->

```python
import no_such_module
```
"""


def test_each_block_knows_its_line_and_what_is_said_of_it():
    first, second, third = blocks_of(PAGE)
    assert (first.line, first.said, first.shows, first.missing) == (4, "3\n", False, [])
    assert (second.said, second.shows) == ("a\nb\n", True)
    assert third.missing == ["no_such_module"]


def test_blocks_share_their_names_and_those_that_lack_a_module_are_left_out():
    seen = []
    left_out = run("page.md", PAGE, lambda number, block: seen.append(number))
    assert seen == [0, 1]
    assert [block.missing for block in left_out] == [["no_such_module"]]


@pytest.mark.parametrize(
    "wrong",
    [
        PAGE.replace("# 3", "# 4"),
        PAGE.replace("a\nb\n", "a\n"),
        PAGE.replace("  # 3", ""),
    ],
)
def test_a_block_that_prints_something_else_fails(wrong):
    with pytest.raises(AssertionError, match=r"page\.md, line \d+: the block printed"):
        run("page.md", wrong)


def test_an_error_points_to_its_line_in_the_page():
    with pytest.raises(ZeroDivisionError) as raised:
        run("page.md", "\n\n```python\n\n1 / 0\n```\n")
    assert (raised.traceback[-1].lineno + 1, str(raised.traceback[-1].path)[-7:]) == (5, "page.md")
