"""Writes down what torch does, block by block."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor

from zoo.engines.program.decompose import DECOMPOSED
from zoo.engines.program.ir import PRIMITIVES, ROW_OPS, Block, Blocks, NotBlockwise, Op, Ref
from zoo.engines.program.lifts import LIFTS, Lift, masked_fill, pointwise
from zoo.private.torch_names import TorchDispatchMode, decompositions, has_side_effects, tree_leaves

ROWS = 3
"""Batch size of the trace; not 1, which would broadcast where a step mixes rows up."""
MIRRORED = {"eq": "eq", "ge": "le", "gt": "lt", "le": "ge", "lt": "gt", "ne": "ne"}
"""Comparison -> the one that says the same with its sides exchanged."""


@contextmanager
def watching() -> Iterator[None]:
    """Takes whatever goes wrong while a step is watched for a step that cannot be taken apart."""
    try:
        yield
    except NotBlockwise:
        raise
    except Exception as error:
        raise NotBlockwise(f"it cannot be taken apart: {str(error).partition(chr(10))[0]}") from error


def refuse_side_effects(function: Any) -> None:
    """Refuses an operation that changes its arguments or draws random numbers.

    Raises:
        NotBlockwise: it is one.
    """
    if has_side_effects(function) or torch.Tag.nondeterministic_seeded in function.tags:
        raise NotBlockwise(f"it calls {function}, which changes its argument or draws random numbers")


class Harmless(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses operations that change their arguments or draw random numbers, before they do."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # what torch would wrap around us imports its compiler, which takes a second

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        refuse_side_effects(function)
        return function(*args, **(kwargs or {}))


class Recorder(Harmless):
    """Writes down every operation that runs under it, block by block.

    Args:
        width: H.
        cuts: Whether `detach` cuts a gradient; in a derivative, where torch calls it too, it does nothing.

    Attributes:
        ops: The operations; None where the value of that number was entered from outside.
    """

    def __init__(self, width: int, cuts: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.width, self.cuts = width, cuts
        self._is_aside = False
        self.ops: list[Op | None] = []
        self._known: dict[int, Blocks] = {}
        self._alive: list[Tensor] = []  # blocks are known by the id of a tensor, which must not be reused

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Lets what is not the step's own doing run without being written down."""
        self._is_aside = True
        try:
            yield
        finally:
            self._is_aside = False

    def enter(self, tensor: Tensor) -> tuple[int, ...]:
        """Takes a tensor (n H,) or (B, n H) as an input; the numbers of its blocks."""
        size = tensor.shape[-1] if tensor.dim() else 1
        if size % self.width:
            raise NotBlockwise(f"a width of {size} is not a multiple of H = {self.width}")
        return self._enter(tensor, size // self.width)

    def enter_vector(self, vector: Tensor) -> tuple[int, ...]:
        """Takes a vector (n H,), or one number (1,) for all units, as an input; the numbers of its blocks."""
        return self._enter(vector, 1) if len(vector) == 1 else self.enter(vector)

    def _enter(self, tensor: Tensor, count: int) -> tuple[int, ...]:
        numbers = tuple(self._number(None) for _ in range(count))
        self.know(tensor, tuple(Ref(number) for number in numbers))
        return numbers

    def blocks(self, tensor: Tensor) -> Blocks:
        """The blocks of a tensor that was entered or computed."""
        if id(tensor) not in self._known:
            raise NotBlockwise("it reads a tensor that is neither its argument nor a parameter of the cell")
        return self._known[id(tensor)]

    def whole(self, tensor: Tensor) -> Blocks:
        """The blocks of a tensor (..., n H); a number for each row is not one."""
        blocks = self.blocks(tensor)
        if tensor.shape[-1] != len(blocks) * self.width:
            raise NotBlockwise(f"a width of {tensor.shape[-1]} is not a multiple of H = {self.width}")
        return blocks

    def emit(self, op: Op) -> Block:
        """Writes down one operation, more simply where it multiplies by 1."""
        if not op.sources:
            if op.name in ROW_OPS:
                return self._of_constants(op.name, op.args[0])
            first, *others = op.args
            return cast("float", op(torch.tensor(first, dtype=torch.float64), *others).item())
        packet = op.name.split(".")[0]
        if packet in MIRRORED and len(op.sources) == 1:
            # torch compares tensors with tensors, or a tensor with a number behind it
            first, second = op.args
            turned = (first, second) if isinstance(first, Ref) else (second, first)
            op = Op(f"{packet if turned == op.args else MIRRORED[packet]}.Scalar", turned)
        # 0 times a block is left as it is, for it is NaN where the block is not finite
        if op.name == "mul.Tensor" and 1.0 in op.args:
            return op.args[1 - op.args.index(1.0)]
        if op.name.endswith("_backward.default") and not isinstance(op.args[0], Ref):
            return self._slope(op)
        return Ref(self._number(op))

    def _of_constants(self, name: str, value: Block) -> Block:
        """A row operation on the same number in every unit."""
        if name == "row_cumsum":
            raise NotBlockwise("it counts its units, which no block of one number can hold")
        return cast("float", value) * self.width if name == "row_sum" else value

    def _slope(self, op: Op) -> Block:
        """What a backward operation makes of a constant: the derivative itself, times the constant."""
        factor, value, *limit = op.args
        if op.name.startswith("threshold"):
            # not (x <= limit), rather than x > limit: torch lets the gradient of NaN through
            kept = self.emit(Op("bitwise_not.default", (self.emit(Op("le.Scalar", (value, *limit))),)))
            return self.emit(Op("where.self", (kept, factor, 0.0)))
        if op.name.startswith("sigmoid"):
            slope = self.emit(Op("mul.Tensor", (value, self.emit(Op("rsub.Scalar", (value, 1.0))))))
        else:
            slope = self.emit(Op("rsub.Scalar", (self.emit(Op("mul.Tensor", (value, value))), 1.0)))
        return self.emit(Op("mul.Tensor", (slope, factor)))

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self._is_aside:
            return function(*args, **kwargs)
        if torch.Tag.data_dependent_output in function.tags:
            raise NotBlockwise("what it does depends on the values that it meets")
        tensors = [part for part in tree_leaves(args) if isinstance(part, Tensor)]
        if tensors and not any(id(part) in self._known for part in tensors):
            return function(*args, **kwargs)  # of weights: not the step's own doing
        name = function.name().removeprefix("aten::").split(".")[0]
        if name == "masked_fill_":
            self.know(args[0], masked_fill(self, function, args, kwargs, args[0]))
            return function(*args, **kwargs)
        refuse_side_effects(function)
        is_primitive = name in PRIMITIVES and (name != "detach" or self.cuts)
        lift = pointwise if is_primitive else LIFTS.get(name)
        if lift is None:
            return self._decomposed(function, args, kwargs)
        return self._lifted(lift, function, args, kwargs)

    def _decomposed(self, function: Any, args: Any, kwargs: Any) -> Any:
        """Runs an operation as the simpler ones it is made of."""
        # torch takes a mode off while it is asked, and it has to see the parts, too
        if own := DECOMPOSED.get(function.name().removeprefix("aten::").split(".")[0]):
            with self:
                return own(*args, **kwargs)
        with self:
            result = function.decompose(*args, **kwargs)
        if result is not NotImplemented:
            return result
        if function in (known := decompositions()):
            with self:
                return known[function](*args, **kwargs)
        if torch.Tag.pointwise in function.tags:
            return self._lifted(pointwise, function, args, kwargs)
        raise NotBlockwise(f"it calls {function}, which is not element-wise")

    def _lifted(self, lift: Lift, function: Any, args: Any, kwargs: Any) -> Any:
        """Runs an operation and writes down what becomes of the blocks."""
        result = function(*args, **kwargs)
        blocks = lift(self, function, args, kwargs, result)
        is_one = isinstance(result, Tensor)
        for part, found in [(result, blocks)] if is_one else zip(result, blocks, strict=True):
            self.know(part, found)
        return result

    def _number(self, op: Op | None) -> int:
        self.ops.append(op)
        return len(self.ops) - 1

    def know(self, tensor: Tensor, blocks: Blocks) -> None:
        """Says which blocks a tensor has."""
        self._known[id(tensor)] = blocks
        self._alive.append(tensor)
