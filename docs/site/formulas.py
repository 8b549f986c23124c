"""Formulas of what a program computes, in one line each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from zoo.engines.program.ir import Block, Op

HOLE = "·"
"""Stands in a formula for what flows in."""
UNARY = {
    "abs": "|·|",
    "bitwise_not": "not ·",
    "detach": "detach(·)",
    "exp": "exp(·)",
    "logical_not": "not ·",
    "neg": "−·",
    "reciprocal": "1 / ·",
    "relu": "relu(·)",
    "rsqrt": "1 / √·",
    "sigmoid": "σ(·)",
    "row_sum": "Σ(·)",
    "row_max": "max over H(·)",
    "row_cumsum": "cumsum(·)",
    "row_flip": "flip(·)",
}
COMPARISONS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "eq": "=", "ne": "≠"}
NAMES = {"maximum": "max", "minimum": "min", "clamp_min": "max", "clamp_max": "min"}
"""What an operation is called in a formula, where that is another name."""


@final
@dataclass(frozen=True)
class Formula:
    """A formula, and what it takes from elsewhere.

    Attributes:
        text: With `HOLE` for what flows in, unless that is a state, which is called by its name.
        sources: The vertices that flow in.
        binding: 0 for a sum, 1 for a product, 2 for anything that needs no brackets.
    """

    text: str
    sources: tuple[int, ...] = ()
    binding: int = 2

    def within(self, binding: int) -> str:
        """The text, in brackets where it binds less."""
        return self.text if self.binding >= binding else f"({self.text})"


Sources: TypeAlias = tuple[int, ...]


def composed(op: Op, args: Sequence[Formula]) -> Formula:
    """The formula of an operation on formulas."""
    name = op.name.partition(".")[0]
    sources = tuple(dict.fromkeys(source for arg in args for source in arg.sources))
    if name in UNARY or len(args) == 1:
        return _of_one(UNARY.get(name, f"{name}(·)"), args[0])
    if name in ("add", "sub", "rsub"):
        return _sum(name, op.alpha, args[::-1] if name == "rsub" else args, sources)
    if name in WRITTEN:
        return WRITTEN[name](args, sources)
    texts = [arg.text for arg in args]
    if name in COMPARISONS:
        return Formula(f"{texts[0]} {COMPARISONS[name]} {texts[1]}", sources, 0)
    return Formula(f"{NAMES.get(name, name)}({', '.join(texts)})", sources)


def constant(value: Block) -> Formula:
    """The formula of a number."""
    return Formula((f"{value:.4g}" if isinstance(value, float) else str(value)).replace("-", "−"))


def flows(formula: Formula) -> bool:
    """Whether a formula changes from step to step."""
    return bool(formula.sources) or " x" in formula.text or "Δ" in formula.text


def _of_one(shape: str, arg: Formula) -> Formula:
    inner = arg.text if shape.endswith((")", "|")) else arg.within(2)
    return Formula(shape.replace(HOLE, inner), arg.sources, 1 if shape[0] in "−1" else 2)


def _sum(name: str, alpha: float, args: Sequence[Formula], sources: Sources) -> Formula:
    first, second = args
    if name == "add" and alpha == 1:
        is_less = second.text.startswith("−")
        return Formula(
            f"{first.text} {'− ' + second.text[1:] if is_less else '+ ' + second.text}", sources, 0
        )
    scale = "" if alpha == 1 else f"{alpha:g} "
    return Formula(f"{first.text} {'+' if name == 'add' else '−'} {scale}{second.within(1)}", sources, 0)


def _product(args: Sequence[Formula], sources: Sources) -> Formula:
    if args[0].text == args[1].text:
        return Formula(f"{args[0].within(2)}²", sources)
    first, second = sorted(args, key=lambda arg: bool(arg.sources))
    sign = " " if first.text[-1:].isdigit() else " ∘ "
    return Formula(f"{first.within(1)}{sign}{second.within(1)}", sources, 1)


def _quotient(args: Sequence[Formula], sources: Sources) -> Formula:
    return Formula(f"{args[0].within(1)} / {args[1].within(2)}", sources, 1)


def _power(args: Sequence[Formula], sources: Sources) -> Formula:
    return Formula(f"{args[0].within(2)}^{{{args[1].text}}}", sources)


WRITTEN: Mapping[str, Callable[[Sequence[Formula], Sources], Formula]] = {
    "mul": _product,
    "div": _quotient,
    "pow": _power,
}
"""Operations that are written between what they take."""
