"""Convert the text formulas of the records to MathML for notebooks.

Letters become variables; `x_i`, `x₁`, `x^2` and `x²` become indices and powers, `a / b` a fraction,
`√(x)` a root, and `dL/dz` a derivative. Words of several letters that are not functions remain
words.
"""

from __future__ import annotations

import html
import re
from typing import TypeAlias
from xml.etree import ElementTree

BELOW, ABOVE = set("₀₁₂₃₄₅₆₇₈₉₊₋ₜ"), set("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀᵗ")
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₜ", "0123456789+−t")
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀᵗ", "0123456789+−Tt")
# Prefixes that bind to the next atom, so that a fraction contains both.
PREFIXES = {"exp", "log", "tanh", "cosh", "cos", "sin", "sign", "mean", "var", "Σ", "Π"}
FUNCTIONS = PREFIXES | {"max", "min"}
SPELT = {"delta": "δ", "alpha": "α", "-": "−"}
GROUPS = {"(": ")", "[": "]"}
FENCES = {"|", "‖"}
NO_ARGUMENT = {*")],;=+-·⊙←<>≤≥…/^_'", "dL/d", ""}
# A long formula may be broken after a comma or a semicolon outside all brackets.
BREAK = re.compile(r"(?<=[,;])\s+(?![^(\[]*[)\]])")
THIN_SPACE = '<mspace width="0.17em"></mspace>'

TOKENS = re.compile(
    r"dL/d"
    r"|[₀-₉₊₋ₜ]+"
    r"|[⁰¹²³⁴-⁹⁺⁻ᵀᵗ]+"
    r"|\d+(?:\.\d+)?…?"
    r"|[A-Za-z]+\u0302?"
    r"|\w\u0302?"
    r"|\S"
)


# An element as a list of its name, its attributes if any, and its content, or a text.
MathNode: TypeAlias = "str | dict[str, str] | list[MathNode]"


def mathml(text: str) -> str:
    """Return a formula as a MathML element, or as several between which a line may break.

    Examples
    --------
    >>> mathml("a = z²")
    '<math displaystyle="true"><mi>a</mi><mo>=</mo><msup><mi>z</mi><mn>2</mn></msup></math>'
    """
    parts = (_Reader(part).row() for part in BREAK.split(text))
    return " ".join(f'<math displaystyle="true">{part}</math>' for part in parts)


def mathml_tree(text: str) -> list[MathNode]:
    """Return a formula as nested lists, from which a page can create elements.

    Returns
    -------
    list
        One list for each element: its name, a dict of its attributes if there are any, and its
        content, which consists of elements and strings.

    Examples
    --------
    >>> mathml_tree("z²")
    [['math', {'displaystyle': 'true'}, ['msup', ['mi', 'z'], ['mn', '2']]]]
    """
    page = mathml(text).replace("&nbsp;", "\u00a0").replace("</math> <math", "</math><math")
    return [_plain(each) for each in ElementTree.fromstring(f"<page>{page}</page>")]


def _plain(element: ElementTree.Element) -> list[MathNode]:
    attributes = [dict(element.attrib)] if element.attrib else []
    text = [element.text] if element.text else []
    return [element.tag, *attributes, *text, *(_plain(each) for each in element)]


class _Reader:
    """A parser that reads a formula token by token, from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens = TOKENS.findall(text)

    @property
    def next(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def row(self, closing: str = "") -> str:
        """Parse up to the closing bracket, and consume it."""
        items: list[str] = []
        while self.tokens and self.next != closing:
            if _is_prose(self.next):
                items.append(self.prose(is_first=not items))
            elif self.next == "/" and items:
                self.tokens.pop(0)
                above, below = _without_brackets(items.pop()), _without_brackets(self.item())
                items.append(f"<mfrac>{above}{below}</mfrac>")
            else:
                items.append(self.item())
        if self.tokens:
            self.tokens.pop(0)
        return "".join(items)

    def item(self) -> str:
        """Parse a token with its indices and powers, or a function with its argument."""
        token = self.tokens.pop(0) if self.tokens else ""
        if token == "dL/d":
            above, below = "<mi>∂</mi><mi>L</mi>", f"<mi>∂</mi>{self.item()}"
            return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"
        if token == "√":
            return f"<msqrt>{_without_brackets(self.item())}</msqrt>"
        if token in FENCES:
            inner = self.row(token)
            fence = f'<mo stretchy="false">{token}</mo>'
            return self.with_scripts(f"<mrow>{fence}{inner}{fence}</mrow>")
        if token in GROUPS:
            inner = self.row(GROUPS[token])
            atom = f"<mrow><mo>{token}</mo>{inner}<mo>{GROUPS[token]}</mo></mrow>"
            return self.with_scripts(atom)
        atom = self.with_scripts(_atom(token))
        takes_argument = self.next not in NO_ARGUMENT and not _is_prose(self.next)
        if token in PREFIXES and takes_argument:
            return f"{THIN_SPACE}<mrow>{atom}{self.item()}</mrow>"
        return atom

    def prose(self, is_first: bool) -> str:
        """Parse consecutive words; 'a' among them is not a variable."""
        words = [self.tokens.pop(0)]
        while _is_prose(self.next) or (self.next == "a" and _is_prose("".join(self.tokens[1:2]))):
            words.append(self.tokens.pop(0))
        before = "" if is_first else "&nbsp;"
        behind = "" if self.next in (*",;)", "") or _is_script(self.next) else "&nbsp;"
        return self.with_scripts(f"<mtext>{before}{html.escape(' '.join(words))}{behind}</mtext>")

    def with_scripts(self, atom: str) -> str:
        """Return an atom with its subscripts and superscripts."""
        below, above = "", ""
        while True:
            token = self.next
            if token == "'":
                above += "<mo>′</mo>"
                self.tokens.pop(0)
            elif token[:1] in BELOW:
                below += _script(self.tokens.pop(0).translate(SUBSCRIPTS))
            elif token[:1] in ABOVE:
                above += _script(self.tokens.pop(0).translate(SUPERSCRIPTS))
            elif token == "_":
                self.tokens.pop(0)
                below += _atom(self.tokens.pop(0))
            elif token == "^":
                self.tokens.pop(0)
                above += _without_brackets(self.item())
            else:
                return _scripted(atom, below, above)


def _is_prose(token: str) -> bool:
    return len(token) > 1 and token.isalpha() and token not in FUNCTIONS and token not in SPELT


def _atom(token: str) -> str:
    spelt = html.escape(SPELT.get(token, token))
    if _is_prose(token):
        return f"<mtext>{spelt}</mtext>"
    if token[:1].isdigit() or token == "½":
        return f"<mn>{spelt}</mn>"
    if token[:1].isalpha() and token not in ("Σ", "Π"):
        return f"<mi>{spelt}</mi>"
    return f"<mo>{spelt}</mo>"


def _is_script(token: str) -> bool:
    return token[:1] in BELOW | ABOVE | {"_", "^"}


def _script(text: str) -> str:
    return f"<mn>{text}</mn>" if text.isdigit() else f"<mi>{text}</mi>"


def _scripted(atom: str, below: str, above: str) -> str:
    below, above = (
        f"<mrow>{part}</mrow>" if part.count("</") > 1 else part for part in (below, above)
    )
    if below and above:
        return f"<msubsup>{atom}{below}{above}</msubsup>"
    if below:
        return f"<msub>{atom}{below}</msub>"
    return f"<msup>{atom}{above}</msup>" if above else atom


def _without_brackets(item: str) -> str:
    opening, closing = "<mrow><mo>(</mo>", "<mo>)</mo></mrow>"
    item = item.removeprefix(THIN_SPACE)
    if item.startswith(opening) and item.endswith(closing):
        return f"<mrow>{item.removeprefix(opening).removesuffix(closing)}</mrow>"
    return item
