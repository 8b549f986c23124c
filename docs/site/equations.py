"""Equations as docstrings write them, set as MathML, which needs no script."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import final

FUNCTIONS = frozenset(
    [
        "cos",
        "cumax",
        "diag",
        "elu",
        "exp",
        "layer",
        "log",
        "LSTM",
        "max",
        "mean",
        "min",
        "mod",
        "modReLU",
        "norm",
        "Re",
        "Im",
        "relu",
        "sign",
        "silu",
        "sin",
        "softmax",
        "softplus",
        "tanh",
        "triu",
        "var",
    ]
)
"""Words that are set upright, close to what they take; other words are text."""
GREEK = "\u0391-\u03c9"
TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<root>sqrt(?=\()|√)
    |(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)
    |(?P<word>[A-Za-z]{{2,}})
    |(?P<letter>[A-Za-z{GREEK}ℓ∂][\u0302\u0303\u0304]?['*]?)
    |(?P<operator><-|<=|>=|\.\.\.|\.\.|.)""",
    re.VERBOSE,
)
OPERATORS = {"-": "−", "<-": "←", "<=": "≤", ">=": "≥", "..": "…", "...": "…", "·": "·"}
ACCENTS = {"\u0302": "^", "\u0303": "~", "\u0304": "¯"}
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
OPENING, CLOSING = "([{", ")]}"
GAP = '<mspace width="0.2em"/>'
INLINE = re.compile(
    rf"(?<![\w`])[A-Za-z{GREEK}][\u0302\u0303\u0304]?_(?:\{{[^}}]*\}}|[A-Za-z0-9]{{1,2}}(?!\w))"
)
"""What is mathematics in a sentence: a letter with an index."""


@final
@dataclass(frozen=True)
class Token:
    """A piece of an equation."""

    kind: str
    text: str


def block(lines: list[str]) -> str:
    """Equations below each other, their signs of equality too.

    Args:
        lines: An equation each; what stands behind four blanks or more is a remark on it.
    """
    rows = "".join(_row(line) for line in lines)
    return (
        '<div class="equations"><math display="block"><mtable columnalign="right left left">'
        f"{rows}</mtable></math></div>"
    )


def inline(sentence: str) -> str:
    """A sentence of Markdown with its indexed letters as mathematics, but for what is code."""
    parts = re.split(r"(`[^`]*`|https?://[^\s,;]+)", sentence)
    parts[::2] = [
        INLINE.sub(lambda found: f"<math>{expression(found[0])}</math>", part) for part in parts[::2]
    ]
    return "".join(parts)


def expression(text: str) -> str:
    """The MathML of an expression, without the element around it."""
    return "".join(_Reader(_tokens(text)).read())


def _row(line: str) -> str:
    equation, remark = re.fullmatch(r"(.*?)(?:\s{4,}(.*))?", line.strip()).groups()  # type: ignore[union-attr]
    left, sign, right = _parted(equation)
    cells = [expression(left), f"<mo>{sign}</mo>{expression(right)}" if sign else expression(right)]
    cells += [f"<mtext>{escape(remark.replace('`', ''))}</mtext>"] if remark else []
    return "<mtr>" + "".join(f"<mtd>{cell}</mtd>" for cell in cells) + "</mtr>"


def _parted(equation: str) -> tuple[str, str, str]:
    """What stands left and right of the first sign of equality outside of brackets, and the sign."""
    depth = 0
    for place, letter in enumerate(equation):
        depth += (letter in OPENING) - (letter in CLOSING)
        if depth == 0 and equation.startswith((" = ", " <- "), place):
            sign = equation[place:].split()[0]
            return equation[:place], OPERATORS.get(sign, sign), equation[place + len(sign) + 2 :]
    return "", "", equation


def _tokens(text: str) -> list[Token]:
    # accents stand by themselves behind their letter, indices above the line behind a ^
    text = unicodedata.normalize("NFD", text.replace("ᵀ", "^T"))
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda found: "^{" + found[0].translate(RAISED) + "}", text)
    return [Token(str(found.lastgroup), found[0]) for found in TOKEN.finditer(text)]


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place = tokens, 0

    def read(self, until: str = "") -> Iterator[str]:
        """Everything up to a closing bracket, which is read, too."""
        while self.place < len(self.tokens):
            token = self._next()
            if until and token.text == until:
                return
            yield from self._piece(token)

    def _piece(self, token: Token) -> Iterator[str]:
        if token.kind == "space":
            # equations side by side are far apart
            yield '<mspace width="1.5em"/>' if len(token.text) > 1 else ""
        elif token.kind == "word" and not self._is_name(token.text):
            yield f"<mtext>&#160;{token.text}&#160;</mtext>"
        elif token.text in FUNCTIONS:
            yield GAP + self._with_scripts(f"<mi>{token.text}</mi>") + ("" if self._peek("(") else GAP)
        elif token.kind == "root":
            yield f"<msqrt>{self._group()}</msqrt>"
        else:
            yield self._with_scripts(_atom(token))

    def _is_name(self, word: str) -> bool:
        """Whether a word is that of a function or of a number, not one of a sentence."""
        return word in FUNCTIONS or (word[0] == "d" and len(word) == 2) or self._peek("_") or self._peek("^")

    def _with_scripts(self, base: str) -> str:
        scripts: dict[str, str] = {}
        while self.place < len(self.tokens) and (sign := self.tokens[self.place].text) in ("_", "^"):
            self.place += 1
            scripts[sign] = self._transposed() if sign == "^" and self._peek("T") else self._group()
        below, above = scripts.get("_"), scripts.get("^")
        if below and above:
            return f"<msubsup>{base}{below}{above}</msubsup>"
        if below or above:
            name = "msub" if below else "msup"
            return f"<{name}>{base}{below or above}</{name}>"
        return base

    def _transposed(self) -> str:
        self.place += 1
        return "<mo>⊤</mo>"

    def _group(self) -> str:
        """What an index or a root holds: all between brackets, or what comes next."""
        token = self._next()
        if token.text in ("{", "("):
            inside = "".join(self.read(CLOSING[OPENING.index(token.text)]))
        elif token.text == "-":
            inside = _atom(token) + self._group()
        elif token.kind == "word":
            inside = "".join(f"<mi>{letter}</mi>" for letter in token.text)
        else:
            inside = _atom(token)
        return f"<mrow>{inside}</mrow>"

    def _peek(self, text: str) -> bool:
        return self.place < len(self.tokens) and self.tokens[self.place].text == text

    def _next(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]


def _atom(token: Token) -> str:
    """A letter, a number or a sign."""
    text = token.text
    if token.kind == "number":
        return f"<mn>{text}</mn>"
    if token.kind == "word":
        return "".join(f"<mi>{letter}</mi>" for letter in text) if len(text) == 2 else f"<mi>{text}</mi>"
    if token.kind == "letter":
        letter = f"<mi>{text[0]}</mi>"
        for mark in text[1:]:
            if mark in ACCENTS:
                letter = f'<mover accent="true">{letter}<mo stretchy="false">{ACCENTS[mark]}</mo></mover>'
            else:
                letter = f"<msup>{letter}<mo>{'∗' if mark == '*' else '′'}</mo></msup>"
        return letter
    sign = escape(OPERATORS.get(text, text))
    return f'<mo stretchy="false">{sign}</mo>' if text in "()[]{}|‖" else f"<mo>{sign}</mo>"
