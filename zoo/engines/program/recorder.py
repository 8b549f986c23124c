"""Writes down what torch does, block by block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor

from zoo.engines.program.ir import PRIMITIVES, Block, Blocks, Op, Ref
from zoo.engines.recurrence import Refusal
from zoo.private.torch_names import TorchDispatchMode, decompositions, has_side_effects, tree_leaves

ROWS = 3
"""Batch size of the trace; not 1, which would broadcast where a step mixes rows up."""


class NotBlockwise(Refusal):
    """A step does something that is not an operation on blocks of H units; the message says what."""


@contextmanager
def watching() -> Iterator[None]:
    """Takes whatever goes wrong while a step is watched for a step that cannot be taken apart."""
    try:
        yield
    except NotBlockwise:
        raise
    except Exception as error:
        raise NotBlockwise(f"it cannot be taken apart: {str(error).partition(chr(10))[0]}") from error


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down every operation that runs under it, block by block.

    Attributes:
        ops: The operations; None where the value of that number was entered from outside.
    """

    def __init__(self, width: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.width = width
        self.ops: list[Op | None] = []
        self._known: dict[int, Blocks] = {}
        self._alive: list[Tensor] = []  # blocks are known by the id of a tensor, which must not be reused

    def enter(self, tensor: Tensor) -> tuple[int, ...]:
        """Takes a tensor (n H,) or (B, n H) as an input; the numbers of its blocks."""
        size = tensor.shape[-1] if tensor.dim() else 1
        if size % self.width:
            raise NotBlockwise(f"a width of {size} is not a multiple of H = {self.width}")
        numbers = tuple(self._number(None) for _ in range(size // self.width))
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
            first, *others = op.args
            return cast("float", op(torch.tensor(first, dtype=torch.float64), *others).item())
        if op.name == "mul.Tensor" and 1.0 in op.args:
            return op.args[1 - op.args.index(1.0)]
        if op.name.endswith("_backward.default") and not isinstance(op.args[0], Ref):
            return self._slope(op)
        return Ref(self._number(op))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # what torch would wrap around us imports its compiler, which takes a second

    def _slope(self, op: Op) -> Block:
        """What a backward operation makes of a constant: the derivative itself, times the constant."""
        factor, value, *limit = op.args
        if op.name.startswith("threshold"):
            kept = self.emit(Op("bitwise_not.default", (self.emit(Op("le.Scalar", (value, *limit))),)))
            return self.emit(Op("where.self", (kept, factor, 0.0)))
        if op.name.startswith("sigmoid"):
            slope = self.emit(Op("mul.Tensor", (value, self.emit(Op("rsub.Scalar", (value, 1.0))))))
        else:
            slope = self.emit(Op("rsub.Scalar", (self.emit(Op("mul.Tensor", (value, value))), 1.0)))
        return self.emit(Op("mul.Tensor", (slope, factor)))

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.data_dependent_output in function.tags:
            raise NotBlockwise("what it does depends on the values that it meets")
        tensors = [part for part in tree_leaves(args) if isinstance(part, Tensor)]
        if tensors and not any(id(part) in self._known for part in tensors):
            return function(*args, **kwargs)  # of weights: not the step's own doing
        name = function.name().removeprefix("aten::").split(".")[0]
        if name == "masked_fill_":
            self.know(args[0], _masked_fill(self, function, args, kwargs, args[0]))
            return function(*args, **kwargs)
        if has_side_effects(function) or torch.Tag.nondeterministic_seeded in function.tags:
            raise NotBlockwise(f"it calls {function}, which changes its argument or draws random numbers")
        lift = _pointwise if name in PRIMITIVES else LIFTS.get(name)
        if lift is None:
            return self._decomposed(function, args, kwargs)
        return self._lifted(lift, function, args, kwargs)

    def _decomposed(self, function: Any, args: Any, kwargs: Any) -> Any:
        """Runs an operation as the simpler ones it is made of."""
        with self:
            result = function.decompose(*args, **kwargs)
        if result is not NotImplemented:
            return result
        if function in (known := decompositions()):
            with self:
                return known[function](*args, **kwargs)
        if torch.Tag.pointwise in function.tags:
            return self._lifted(_pointwise, function, args, kwargs)
        raise NotBlockwise(f"it calls {function}, which is not element-wise")

    def _lifted(self, lift: "Lift", function: Any, args: Any, kwargs: Any) -> Any:
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


def _pointwise(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """One operation per block; a number per row, or a single block, goes with every block."""
    if set(kwargs) - {"alpha"}:
        raise NotBlockwise(f"it calls {function} with {sorted(kwargs)}")
    lifted = [recorder.blocks(arg) if isinstance(arg, Tensor) else (arg,) for arg in args]
    count = max(len(blocks) for blocks in lifted)
    name = function.name().removeprefix("aten::")
    name = name if "." in name else f"{name}.default"
    alpha = float(kwargs.get("alpha", 1))
    if name.split(".")[0] in ("add", "sub", "rsub") and len(lifted) > 2:
        alpha = float(args[2])
        lifted = lifted[:2]
    columns = [tuple(blocks[k % len(blocks)] for blocks in lifted) for k in range(count)]
    if alpha != 1 and name.startswith("rsub"):  # other - alpha self
        columns = [(recorder.emit(Op("mul.Tensor", (first, alpha))), last) for first, last in columns]
        alpha = 1.0
    return tuple(recorder.emit(Op(name, column, alpha)) for column in columns)


def _same(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """The same values in the same order."""
    source = args[0]
    same_type = result.dtype == source.dtype
    if source.shape[-1:] == (1,) and result.shape[:-1] == source.shape[:-1] and same_type:
        return recorder.blocks(source) * max(1, result.shape[-1] // recorder.width)
    if result.shape[-1:] != source.shape[-1:] or not same_type or result.numel() % max(source.numel(), 1):
        raise NotBlockwise(f"it calls {function} from {tuple(source.shape)} to {tuple(result.shape)}")
    return recorder.blocks(source)


def _split(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Any) -> list[Blocks]:
    """Consecutive ranges of blocks."""
    left = list(recorder.blocks(args[0]))
    pieces = []
    for part in result:
        count = _count(recorder, part, function)
        pieces.append(tuple(left[:count]))
        left = left[count:]
    return pieces


def _slice(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """One range of blocks."""
    source, dim = args[0], args[1] if len(args) > 1 else 0
    if result.shape == source.shape:
        return recorder.blocks(source)
    start = args[2] or 0
    if dim % source.dim() != source.dim() - 1 or start % recorder.width or args[4:] not in ((), (1,)):
        raise NotBlockwise(f"it calls {function} {args[1:]}, which cuts through a block of units")
    first = (start % source.shape[-1]) // recorder.width
    return recorder.blocks(source)[first : first + _count(recorder, result, function)]


def _cat(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """Blocks side by side."""
    dim = args[1] if len(args) > 1 else 0
    if dim % result.dim() != result.dim() - 1:
        raise NotBlockwise(f"it calls {function} along dimension {dim}")
    _count(recorder, result, function)
    return tuple(block for part in args[0] for block in recorder.blocks(part))


def _sum(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """A number per row: the sum, or the mean, over all units."""
    source, dims, keepdim = args[0], args[1], args[2] if len(args) > 2 else False
    if [dim % source.dim() for dim in dims] != [source.dim() - 1] or not keepdim:
        raise NotBlockwise(f"it calls {function} over dimensions {dims} with keepdim {keepdim}")
    total = _total(recorder, recorder.blocks(source))
    if "mean" in function.name():
        total = recorder.emit(Op("mul.Tensor", (total, 1 / source.shape[-1])))
    return (total,)


def _total(recorder: Recorder, blocks: Blocks) -> Block:
    """The sum of all entries of some blocks, a number per row."""
    total: Block = 0.0
    for block in blocks:
        summed = recorder.emit(Op("row_sum", (block,)))
        total = summed if total == 0.0 else recorder.emit(Op("add.Tensor", (total, summed)))
    return total


def _layer_norm(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Any) -> list[Blocks]:
    """Blocks with mean 0 and variance 1 together, scaled and shifted; the mean; one over the deviation."""
    source, shape, gain, shift, epsilon = args
    if list(shape) != [source.shape[-1]]:
        raise NotBlockwise(f"it calls {function} over dimensions of {shape}")

    def emit(name: str, *values: Block) -> Block:
        return recorder.emit(Op(f"{name}.Tensor" if len(values) > 1 else f"{name}.default", values))

    blocks, share = recorder.blocks(source), 1 / source.shape[-1]
    mean = emit("mul", _total(recorder, blocks), share)
    centred = tuple(emit("sub", block, mean) for block in blocks)
    variance = emit("mul", _total(recorder, tuple(emit("mul", block, block) for block in centred)), share)
    scale = emit("rsqrt", emit("add", variance, epsilon))
    found = tuple(emit("mul", block, scale) for block in centred)
    for name, vector in [("mul", gain), ("add", shift)]:
        if vector is not None:
            pairs = zip(found, recorder.blocks(vector), strict=True)
            found = tuple(emit(name, block, own) for block, own in pairs)
    return [found, (mean,), (scale,)]


def _constant(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """The same number everywhere."""
    value = result.flatten()[0].item() if result.numel() else 0.0
    count = result.shape[-1] // recorder.width if result.dim() and result.shape[-1] > 1 else 1
    return (cast("float", value),) * max(count, 1)


def _masked_fill(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """One value where a condition holds."""
    source, mask, value = args
    filling = recorder.blocks(value)[0] if isinstance(value, Tensor) else value
    pairs = zip(recorder.blocks(mask), recorder.blocks(source), strict=True)
    return tuple(recorder.emit(Op("where.self", (condition, filling, block))) for condition, block in pairs)


def _clamp(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """Numbers kept between two others."""
    source, low, high = (*args, None, None)[:3]
    low, high = kwargs.get("min", low), kwargs.get("max", high)
    found = recorder.blocks(source)
    for name, limit in [("clamp_min.default", low), ("clamp_max.default", high)]:
        if limit is not None:
            found = tuple(recorder.emit(Op(name, (block, limit))) for block in found)
    return found


def _count(recorder: Recorder, tensor: Tensor, function: Any) -> int:
    """How many blocks a tensor has."""
    if tensor.shape[-1] % recorder.width:
        raise NotBlockwise(f"it calls {function}, which cuts through a block of units")
    return int(tensor.shape[-1]) // recorder.width


Lift: TypeAlias = Callable[[Recorder, Any, Any, Any, Any], Any]
LIFTS: dict[str, Lift] = {
    **dict.fromkeys(["detach", "alias", "clone", "_to_copy", "expand", "view", "_unsafe_view"], _same),
    **dict.fromkeys(["split", "split_with_sizes"], _split),
    **dict.fromkeys(["sum", "mean"], _sum),
    **dict.fromkeys(["zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full"], _constant),
    **dict.fromkeys(["zeros", "ones", "full", "scalar_tensor"], _constant),
    "masked_fill": _masked_fill,
    "clamp": _clamp,
    "native_layer_norm": _layer_norm,
    "slice": _slice,
    "cat": _cat,
}
"""Operations that are not element-wise, and what becomes of the blocks in each."""
