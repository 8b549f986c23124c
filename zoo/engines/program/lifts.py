"""What becomes of the blocks of a tensor in the operations of torch."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, cast, runtime_checkable

import torch
from torch import Tensor

from zoo.engines.program.ir import Block, Blocks, NotBlockwise, Op


@runtime_checkable
class Blockwise(Protocol):
    """Who writes operations down; see `zoo.engines.program.recorder`."""

    width: int

    def blocks(self, tensor: Tensor) -> Blocks:
        """The blocks of a tensor that was entered or computed."""

    def whole(self, tensor: Tensor) -> Blocks:
        """The blocks of a tensor (..., n H); a number for each row is not one."""

    def emit(self, op: Op) -> Block:
        """Writes down one operation."""


def pointwise(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """One operation per block; a number per row, or a single block, goes with every block."""
    if set(kwargs) - {"alpha"}:
        raise NotBlockwise(f"it calls {function} with {sorted(kwargs)}")
    lifted = [recorder.blocks(arg) if isinstance(arg, Tensor) else (arg,) for arg in args]
    count = max(len(blocks) for blocks in lifted)
    name = function.name().removeprefix("aten::")
    name = name if "." in name else f"{name}.default"
    alpha = float(kwargs.get("alpha", 1))
    if name.split(".")[0] in ("add", "sub", "rsub") and len(lifted) > 2:
        # where the second argument is a number, alpha comes by position
        alpha = float(args[2])
        lifted = lifted[:2]
    columns = [tuple(blocks[k % len(blocks)] for blocks in lifted) for k in range(count)]
    if alpha != 1 and name.startswith("rsub"):  # other - alpha self
        columns = [(recorder.emit(Op("mul.Tensor", (first, alpha))), last) for first, last in columns]
        alpha = 1.0
    return tuple(recorder.emit(Op(name, column, alpha)) for column in columns)


def _same(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """The same values in the same order."""
    source = args[0]
    if source.dtype == torch.bool and result.is_floating_point() and result.shape == source.shape:
        return tuple(recorder.emit(Op("where.self", (block, 1.0, 0.0))) for block in recorder.blocks(source))
    same_type = result.dtype == source.dtype
    if source.shape[-1:] == (1,) and result.shape[:-1] == source.shape[:-1] and same_type:
        # a number per row that is expanded is the same in each block of units
        return recorder.blocks(source) * max(1, result.shape[-1] // recorder.width)
    if result.shape[-1:] != source.shape[-1:] or not same_type or result.numel() % max(source.numel(), 1):
        raise NotBlockwise(f"it calls {function} from {tuple(source.shape)} to {tuple(result.shape)}")
    return recorder.blocks(source)


def _split(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Any) -> list[Blocks]:
    """Consecutive ranges of blocks."""
    left = list(recorder.blocks(args[0]))
    pieces = []
    for part in result:
        count = _count(recorder, part, function)
        pieces.append(tuple(left[:count]))
        left = left[count:]
    return pieces


def _slice(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """One range of blocks."""
    source, dim = args[0], args[1] if len(args) > 1 else 0
    if result.shape == source.shape:
        return recorder.blocks(source)
    start = args[2] or 0
    if dim % source.dim() != source.dim() - 1 or start % recorder.width or args[4:] not in ((), (1,)):
        raise NotBlockwise(f"it calls {function} {args[1:]}, which cuts through a block of units")
    first = (start % source.shape[-1]) // recorder.width
    return recorder.blocks(source)[first : first + _count(recorder, result, function)]


def _cat(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """Blocks side by side."""
    dim = args[1] if len(args) > 1 else 0
    if dim % result.dim() != result.dim() - 1:
        raise NotBlockwise(f"it calls {function} along dimension {dim}")
    _count(recorder, result, function)
    return tuple(block for part in args[0] for block in recorder.whole(part))


def _sum(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """A number per row: the sum, or the mean, over all units."""
    source, dims, keepdim = args[0], args[1], args[2] if len(args) > 2 else False
    # without keepdim the rows would stand where units are expected
    if [dim % source.dim() for dim in dims] != [source.dim() - 1] or not keepdim:
        raise NotBlockwise(f"it calls {function} over dimensions {dims} with keepdim {keepdim}")
    if source.shape[-1] == 1:  # of one number
        return recorder.blocks(source)
    total = _total(recorder, recorder.blocks(source))
    if "mean" in function.name():
        total = recorder.emit(Op("mul.Tensor", (total, 1 / source.shape[-1])))
    return (total,)


def _total(recorder: Blockwise, blocks: Blocks) -> Block:
    """The sum of all entries of some blocks, a number per row."""
    total: Block = 0.0
    for block in blocks:
        summed = recorder.emit(Op("row_sum", (block,)))
        total = summed if total == 0.0 else recorder.emit(Op("add.Tensor", (total, summed)))
    return total


def _amax(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """A number per row: the largest of all units."""
    source, dims, keepdim = args[0], args[1] if len(args) > 1 else (), args[2] if len(args) > 2 else False
    if [dim % source.dim() for dim in dims] != [source.dim() - 1] or not keepdim:
        raise NotBlockwise(f"it calls {function} over dimensions {dims} with keepdim {keepdim}")
    first, *others = (recorder.emit(Op("row_max", (block,))) for block in recorder.blocks(source))
    for other in others:
        first = recorder.emit(Op("maximum.default", (first, other)))
    return (first,)


def _along_row(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """Sums from the first unit to each, or the units in the other order."""
    source, dims = args[0], [args[1]] if isinstance(args[1], int) else args[1]
    blocks = recorder.whole(source)
    if [dim % source.dim() for dim in dims] != [source.dim() - 1]:
        raise NotBlockwise(f"it calls {function} over dimensions {dims}")
    if set(kwargs) - {"dtype"}:
        raise NotBlockwise(f"it calls {function} with {sorted(kwargs)}")
    if "flip" in function.name():
        return tuple(recorder.emit(Op("row_flip", (block,))) for block in reversed(blocks))
    found, before = [recorder.emit(Op("row_cumsum", blocks[:1]))], _total(recorder, blocks[:1])
    for k, block in enumerate(blocks[1:], 2):
        found.append(recorder.emit(Op("add.Tensor", (recorder.emit(Op("row_cumsum", (block,))), before))))
        if k < len(blocks):
            before = recorder.emit(Op("add.Tensor", (before, _total(recorder, (block,)))))
    return tuple(found)


def _layer_norm(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Any) -> list[Blocks]:
    """Blocks with mean 0 and variance 1 together, scaled and shifted; the mean; one over the deviation."""
    source, shape, gain, shift, epsilon = args
    if list(shape) != [source.shape[-1]]:
        raise NotBlockwise(f"it calls {function} over dimensions of {shape}")

    def emit(name: str, *values: Block) -> Block:
        return recorder.emit(Op(f"{name}.Tensor" if len(values) > 1 else f"{name}.default", values))

    blocks, share = recorder.whole(source), 1 / source.shape[-1]
    mean = emit("mul", _total(recorder, blocks), share)
    centred = tuple(emit("sub", block, mean) for block in blocks)
    # from what is centred: E[x²] - E[x]² cancels where the mean is large
    variance = emit("mul", _total(recorder, tuple(emit("mul", block, block) for block in centred)), share)
    scale = emit("rsqrt", emit("add", variance, epsilon))
    found = tuple(emit("mul", block, scale) for block in centred)
    for name, vector in [("mul", gain), ("add", shift)]:
        if vector is not None:
            pairs = zip(found, recorder.blocks(vector), strict=True)
            found = tuple(emit(name, block, own) for block, own in pairs)
    return [found, (mean,), (scale,)]


def _constant(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """The same number everywhere."""
    # torch has just made it out of a number: no value of the step is looked at
    value = result.flatten()[0].item() if result.numel() else 0.0
    count = result.shape[-1] // recorder.width if result.dim() else 0
    return (cast("float", value),) * max(count, 1)


def masked_fill(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """One value where a condition holds."""
    source, mask, value = args
    filling = recorder.blocks(value)[0] if isinstance(value, Tensor) else value
    pairs = zip(recorder.blocks(mask), recorder.blocks(source), strict=True)
    return tuple(recorder.emit(Op("where.self", (condition, filling, block))) for condition, block in pairs)


def _clamp(recorder: Blockwise, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """Numbers kept between two others."""
    source, low, high = (*args, None, None)[:3]
    low, high = kwargs.get("min", low), kwargs.get("max", high)
    found = recorder.blocks(source)
    # low first: where it is above high, torch gives high
    for name, limit in [("clamp_min.default", low), ("clamp_max.default", high)]:
        if limit is not None:
            found = tuple(recorder.emit(Op(name, (block, limit))) for block in found)
    return found


def _count(recorder: Blockwise, tensor: Tensor, function: Any) -> int:
    """How many blocks a tensor has."""
    if tensor.shape[-1] % recorder.width:
        raise NotBlockwise(f"it calls {function}, which cuts through a block of units")
    return int(tensor.shape[-1]) // recorder.width


Lift: TypeAlias = Callable[[Blockwise, Any, Any, Any, Any], Any]
LIFTS: dict[str, Lift] = {
    **dict.fromkeys(["detach", "alias", "clone", "_to_copy", "expand", "view", "_unsafe_view"], _same),
    **dict.fromkeys(["split", "split_with_sizes"], _split),
    **dict.fromkeys(["sum", "mean"], _sum),
    **dict.fromkeys(["zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full"], _constant),
    **dict.fromkeys(["zeros", "ones", "full", "scalar_tensor"], _constant),
    **dict.fromkeys(["cumsum", "flip"], _along_row),
    "amax": _amax,
    "masked_fill": masked_fill,
    "clamp": _clamp,
    "native_layer_norm": _layer_norm,
    "slice": _slice,
    "cat": _cat,
}
"""Operations that are not element-wise, and what becomes of the blocks in each."""
