"""Writes operations on blocks as Triton: each value a tile of rows and units, computed once."""

from collections.abc import Mapping, Sequence

from zoo.engines.program.ir import Block, Op, Ref
from zoo.engines.triton.expressions import expression, name

# rows in 64 bits, for offsets into (T, B, ...) may be beyond 32
LINES_OF_TILE = """
rows = (tl.program_id(0) * BB + tl.arange(0, BB)).to(tl.int64)[:, None]
units = (tl.program_id(1) * BH + tl.arange(0, BH))[None, :]
here = (rows < B) & (units < H)
length = tl.full((BB, 1), first + count, tl.int64)
if lengths is not None:
    length = tl.load(lengths + rows, mask=rows < B, other=0)
""".strip().splitlines()
"""Which rows and units a program instance works on, and how long its sequences are."""


class TileWriter:
    """Writes values where they are first needed.

    Args:
        ops: All operations there are.
        num_inputs: The number of the first one's value.
        sources: Number of an input -> what it is in Triton.
    """

    def __init__(self, ops: Sequence[Op], num_inputs: int, sources: Mapping[int, str]) -> None:
        self.ops, self.num_inputs, self.sources = ops, num_inputs, dict(sources)
        self.lines: list[str] = []
        self.known: set[int] = set()

    def value(self, block: Block) -> str:
        """The name of a block, after the lines that compute it."""
        for number in sorted(self._missing(block)):
            is_input = number < self.num_inputs
            made = self.sources[number] if is_input else expression(self.ops[number - self.num_inputs])
            self.lines.append(f"v{number} = {made}")
            self.known.add(number)
        return name(block)

    def _missing(self, block: Block) -> set[int]:
        ahead = [block.index] if isinstance(block, Ref) else []
        found: set[int] = set()
        while ahead:
            number = ahead.pop()
            if number not in self.known and number not in found:
                found.add(number)
                ahead += self.ops[number - self.num_inputs].sources if number >= self.num_inputs else []
        return found


def pointer(buffer: str, width: int, block: int, time: str = "t") -> str:
    """Where a block of a buffer (T, B, width H) lies at a time."""
    return f"{buffer} + (({time}) * B + rows) * ({width} * H) + {block} * H + units"


def load_tile(place: str) -> str:
    """The tile that lies there."""
    return f"tl.load({place}, mask=here, other=0).to(REAL)"


def store_tile(place: str, value: str) -> str:
    """Puts a tile there."""
    return f"tl.store({place}, {value}, mask=here)"


def weight_tile(k: int, row: int, column: int, inner: int, transposed: bool) -> str:
    """A block (H, H) of the k-th product's weight, or its transpose."""
    across, along = ("units", "inside") if transposed else ("inside", "units")
    return (
        f"tl.load(u{k} + ({row} * H + {across}) * ({inner} * H) + {column} * H + {along}, "
        "mask=(inside < H) & (units < H), other=0)"
    )


def dot(left: str, weight: str, k: int, onto: str) -> str:
    """A product of a tile and a block of a weight, added to a tile."""
    # units beyond H hold whatever comes of 0, such as exp(0), and must not enter the sum
    rounded = f"tl.where(here, {left}, 0).to(u{k}.dtype.element_ty)"
    # ieee, for Triton's default rounds float32 to TF32
    return f'tl.dot({rounded}, {weight}, {onto}, input_precision="ieee", out_dtype=REAL)'


def indented(lines: Sequence[str]) -> list[str]:
    """Lines of an inner block."""
    return [f"    {line}" for line in lines]


def kernel(name: str, parameters: Sequence[str], body: Sequence[str]) -> list[str]:
    """A kernel of the file; every one takes the sizes behind its tensors."""
    return [
        "",
        "",
        # or Triton would compile anew for a number that is 1, or a multiple of 16
        '@triton.jit(do_not_specialize=["B", "first", "count"])',
        f"def {name}(",
        *indented([f"{', '.join(parameters)},"]),
        "    B, first, count, H: tl.constexpr, BB: tl.constexpr, BH: tl.constexpr, REAL: tl.constexpr,",
        "):",
        *indented([*LINES_OF_TILE, *body]),
    ]
