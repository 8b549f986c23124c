"""What each operation is in Triton."""

from collections.abc import Iterable
from math import isfinite

from zoo.engines.program.ir import Block, Op, Ref

TRITON_EXPRESSIONS = {
    "abs": "tl.abs({0})",
    "add": "{0} + {1}",
    "bitwise_and": "{0} & {1}",
    "bitwise_not": "{0} == 0",
    "bitwise_or": "{0} | {1}",
    "clamp_max": "tl.where({0} > {1}, {1}, {0})",
    "clamp_min": "tl.where({0} < {1}, {1}, {0})",
    "cos": "tl.cos({0})",
    "detach": "{0}",
    "div": "{0} / {1}",
    "eq": "{0} == {1}",
    "erf": "tl.erf({0})",
    "exp": "tl.exp({0})",
    "expm1": "expm1({0})",
    "floor": "tl.floor({0})",
    "ge": "{0} >= {1}",
    "gt": "{0} > {1}",
    "le": "{0} <= {1}",
    "log": "tl.log({0})",
    "log1p": "log1p({0})",
    "logical_and": "({0} != 0) & ({1} != 0)",
    "logical_not": "{0} == 0",
    "logical_or": "({0} != 0) | ({1} != 0)",
    "lt": "{0} < {1}",
    "maximum": "tl.where(({0} != {0}) | ({0} > {1}), {0}, {1})",
    "minimum": "tl.where(({0} != {0}) | ({0} < {1}), {0}, {1})",
    "mul": "{0} * {1}",
    "ne": "{0} != {1}",
    "neg": "-{0}",
    "pow": "power({0}, {1})",
    "reciprocal": "1 / {0}",
    "relu": "tl.where({0} < 0, 0, {0})",
    "rsqrt": "1 / tl.sqrt({0})",
    "rsub": "{1} - {0}",
    "sigmoid": "1 / (1 + tl.exp(-{0}))",
    "sigmoid_backward": "{0} * {1} * (1 - {1})",
    "sign": "tl.where({0} > 0, 1, tl.where({0} < 0, -1, {0}))",
    "sin": "tl.sin({0})",
    "sqrt": "tl.sqrt({0})",
    "sub": "{0} - {1}",
    "tanh": "tanh({0})",
    "tanh_backward": "{0} * (1 - {1} * {1})",
    "threshold_backward": "tl.where({1} <= {2}, 0, {0})",
    "where": "tl.where({0}, {1}, {2})",
}
"""Operation -> its value in Triton, of tiles or of (1, 1) constants."""

TRITON_PRELUDE = '''
import triton
import triton.language as tl


@triton.jit
def tanh(x):
    """Padé's fraction near 0, where the exponentials would cancel, and the exponentials elsewhere."""
    size = tl.abs(x)
    q = tl.minimum(size, 1) * tl.minimum(size, 1)
    near = x * (135135 + q * (17325 + q * (378 + q))) / (135135 + q * (62370 + q * (3150 + q * 28)))
    shrunk = tl.exp(-2 * size)
    far = (1 - shrunk) / (1 + shrunk)
    return tl.where(q < 0.25, near, tl.where(x < 0, -far, far))


@triton.jit
def expm1(x):
    """Kahan's: the error of exp near 1 is divided out by the logarithm of the same number."""
    y = tl.exp(x)
    inside = tl.where((tl.abs(x) < 1) & (y != 1), y, 2)
    return tl.where(tl.abs(x) >= 1, y - 1, tl.where(y == 1, x, (inside - 1) * x / tl.log(inside)))


@triton.jit
def log1p(x):
    """Kahan's, as above."""
    y = 1 + x
    inside = tl.where((x < 1) & (y != 1), y, 2)
    return tl.where(x >= 1, tl.log(y), tl.where(y == 1, x, tl.log(y) * x / (inside - 1)))


@triton.jit
def power(x, y):
    """x to the power of y; negative x only to whole powers."""
    size = tl.where(y == 0, 1, tl.exp(y * tl.log(tl.abs(x))))
    half = y * 0.5
    odd = tl.floor(half) != half
    negative = tl.where(odd, -size, size)
    whole = tl.where(tl.floor(y) == y, negative, float("nan"))
    return tl.where((x < 0) & (y != 0), whole, size)
'''
"""The head of each file of kernels: functions that Triton's language has not on every device."""


def ops_without_triton(ops: Iterable[Op]) -> list[str]:
    """The operations that have no Triton."""
    return sorted({op.name for op in ops if op.name.split(".")[0] not in {"row_sum", *TRITON_EXPRESSIONS}})


def constant(value: float | int) -> str:
    """A number of the kernel's own type; a bare one would be rounded to single precision."""
    number = repr(float(value)) if isfinite(value) else f'float("{float(value)}")'
    return f"tl.full((1, 1), {number}, REAL)"


def name(block: Block) -> str:
    """A block in Triton."""
    return f"v{block.index}" if isinstance(block, Ref) else constant(block)


def expression(op: Op) -> str:
    """The value of an operation."""
    names = [name(arg) for arg in op.args]
    if op.name == "row_sum":
        return f"tl.sum(tl.where(here, {names[0]}, 0), axis=1, keep_dims=True)"
    if op.alpha != 1:
        names[1] = f"({constant(op.alpha)} * {names[1]})"
    return TRITON_EXPRESSIONS[op.name.split(".")[0]].format(*names)
