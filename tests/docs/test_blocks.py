"""The page runner finds blocks, runs them in one namespace, and compares their output."""

import pytest
from docs.building.blocks import iterate_blocks, run

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


def test_a_block_has_its_line_and_its_stated_output():
    first, second, third = iterate_blocks(PAGE)
    assert (first.line, first.said, first.shows, first.missing) == (4, "3\n", False, [])
    assert (second.said, second.shows) == ("a\nb\n", True)
    assert third.missing == ["no_such_module"]


def test_blocks_share_names_and_skip_without_a_required_module():
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


def test_a_traceback_has_the_line_in_the_page():
    with pytest.raises(ZeroDivisionError) as raised:
        run("page.md", "\n\n```python\n\n1 / 0\n```\n")
    assert (raised.traceback[-1].lineno + 1, str(raised.traceback[-1].path)[-7:]) == (5, "page.md")
