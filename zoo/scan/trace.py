"""Takes a step apart by watching it run once: which operations lie between its recurrent products."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from zoo.scan.program import PRIMITIVES, Block, Op, Port, Program, Ref, run_ops
from zoo.scan.recurrence import Recurrence

ROWS = 3
"""Batch size of the trace."""

Blocks: TypeAlias = tuple[Block, ...]


class NotBlockwise(Exception):  # noqa: N818 - a property of the step, not a fault
    """A step does something that is not an operation on blocks of H units; the message says what."""


def trace(recurrence: Recurrence) -> Program:
    """The operations of a step.

    Raises:
        NotBlockwise: the step mixes units other than by its products, or draws random numbers.
    """
    like = recurrence.like
    pre = recurrence.project(like.new_zeros(ROWS, recurrence.input_size)).detach()
    state = tuple(like.new_zeros(ROWS, size) for size in recurrence.state_sizes)
    recorder = Recorder(recurrence.width)
    taken: list[tuple[str, Tensor, tuple[int, ...]]] = []

    def product(gates: str, operand: Tensor) -> Tensor:
        result = like.new_zeros(ROWS, recurrence.recurrent(gates)[0].shape[0])
        taken.append((gates, operand, recorder.enter(result)))
        return result

    entries = tuple(recorder.enter(part) for part in (pre, *state, *recurrence.vectors))
    with torch.no_grad(), recorder:
        output, new_state = recurrence.step(pre, state, product)
    parts = 1 + len(state)
    raw = [number for entry in entries[parts:] for number in entry]
    ports = tuple(
        Port(gates, recorder.blocks(operand), result, len(result)) for gates, operand, result in taken
    )
    results = [recorder.blocks(output), *(recorder.blocks(part) for part in new_state)]
    results += [port.operand for port in ports]
    fixed = _depending_only_on(raw, recorder.ops)
    used = needed(recorder.ops, [block for part in results for block in part], stop=fixed)
    vectors = sorted(fixed & used)
    varying = [*(number for entry in entries[:parts] for number in entry), *vectors]
    varying += [number for port in ports for number in port.result]
    ops, rename = tidy(recorder.ops, varying, used)
    prologue, fixed_rename = tidy(
        recorder.ops, raw, needed(recorder.ops, [Ref(number) for number in vectors])
    )
    output_blocks, *others = (renamed(part, rename) for part in results)
    return Program(
        recurrence.width,
        tuple(rename[number] for number in entries[0]),
        tuple(tuple(rename[number] for number in entry) for entry in entries[1:parts]),
        tuple(rename[number] for number in vectors),
        tuple(
            replace(port, operand=operand, result=tuple(rename[number] for number in port.result))
            for port, operand in zip(ports, others[len(state) :], strict=True)
        ),
        ops,
        output_blocks,
        tuple(others[: len(state)]),
        prologue,
        tuple(fixed_rename[number] for number in vectors),
    )


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
        self._alive: list[Tensor] = []

    def enter(self, tensor: Tensor) -> tuple[int, ...]:
        """Takes a tensor (..., n H) as an input; the numbers of its blocks."""
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

    def emit(self, op: Op) -> Block:
        """Writes down one operation, more simply where it multiplies by 1."""
        first, *others = op.args
        if not op.sources:
            return cast("float", op(torch.tensor(first), *others).item())
        if op.name == "mul.Tensor" and 1.0 in op.args:
            return op.args[1 - op.args.index(1.0)]
        if op.name == "sigmoid_backward.default" and first == 1.0:
            return self.emit(Op("mul.Tensor", (others[0], self.emit(Op("rsub.Scalar", (others[0], 1.0))))))
        if op.name == "tanh_backward.default" and first == 1.0:
            return self.emit(Op("rsub.Scalar", (self.emit(Op("mul.Tensor", (others[0], others[0]))), 1.0)))
        if op.name == "threshold_backward.default" and first == 1.0:
            return self.emit(Op("gt.Scalar", tuple(others)))
        return Ref(self._number(op))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # what torch would wrap around us imports its compiler, which takes a second

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tensors = [part for part in tree_leaves(args) if isinstance(part, Tensor)]
        if tensors and not any(id(part) in self._known for part in tensors):
            return function(*args, **kwargs)  # of weights: not the step's own doing
        if function._schema.is_mutable or torch.Tag.nondeterministic_seeded in function.tags:
            raise NotBlockwise(f"it calls {function}, which changes its argument or draws random numbers")
        name = function.name().removeprefix("aten::").split(".")[0]
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
        from torch._decomp import decomposition_table  # takes half a second to import, and few cells need it

        if function in decomposition_table:
            with self:
                return decomposition_table[function](*args, **kwargs)
        if torch.Tag.pointwise in function.tags:
            return self._lifted(_pointwise, function, args, kwargs)
        raise NotBlockwise(f"it calls {function}, which is not element-wise")

    def _lifted(self, lift: "Lift", function: Any, args: Any, kwargs: Any) -> Any:
        """Runs an operation and writes down what becomes of the blocks."""
        result = function(*args, **kwargs)
        blocks = lift(self, function, args, kwargs, result)
        if isinstance(result, Tensor):
            self.know(result, blocks)
            return result
        for part, found in zip(result, blocks, strict=True):
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
    columns = [tuple(blocks[k % len(blocks)] for blocks in lifted) for k in range(count)]
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
    total: Block = 0.0
    for block in recorder.blocks(source):
        summed = recorder.emit(Op("row_sum", (block,)))
        total = summed if total == 0.0 else recorder.emit(Op("add.Tensor", (total, summed)))
    if "mean" in function.name():
        total = recorder.emit(Op("mul.Tensor", (total, 1 / source.shape[-1])))
    return (total,)


def _constant(recorder: Recorder, function: Any, args: Any, kwargs: Any, result: Tensor) -> Blocks:
    """The same number everywhere."""
    value = result.flatten()[0].item() if result.numel() else 0.0
    count = result.shape[-1] // recorder.width if result.dim() and result.shape[-1] > 1 else 1
    return (cast("float", value),) * max(count, 1)


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
    "slice": _slice,
    "cat": _cat,
}
"""Operations that are not element-wise, and what becomes of the blocks in each."""


def adjoint(program: Program) -> tuple[tuple[Op, ...], Blocks]:
    """The derivative of a step, by torch's own rules.

    What a product adds to the gradient of the state where that is its operand is left out.

    Returns:
        Operations whose inputs are those of `program` and one gradient for each block of its results; and
        the gradient of each input, among the values of these operations.
    """
    recorder = Recorder(program.width)
    leaves = [torch.ones(ROWS, program.width, requires_grad=True) for _ in range(program.num_inputs)]
    own = [program.operand_state(port) is None for port in program.ports]
    counted = [True] * (1 + len(program.state)) + own
    results = [
        block if is_counted else 0.0
        for part, is_counted in zip(program.results, counted, strict=True)
        for block in part
    ]
    slopes = [torch.ones(ROWS, program.width) for _ in results]
    for part in (*leaves, *slopes):
        recorder.enter(part)
    with torch.enable_grad(), recorder:
        values = run_ops(program.ops, leaves)
        reached = [
            (values[block.index], slope)
            for block, slope in zip(results, slopes, strict=True)
            if isinstance(block, Ref)
        ]
        gradients = torch.autograd.grad(
            [value for value, _ in reached], leaves, [slope for _, slope in reached], allow_unused=True
        )
    found = [0.0 if part is None else recorder.blocks(part)[0] for part in gradients]
    inputs = range(program.num_inputs + len(slopes))
    ops, rename = tidy(recorder.ops, inputs, needed(recorder.ops, found))
    return ops, renamed(found, rename)


def partials(program: Program) -> tuple[tuple[Op, ...], dict[tuple[int, int], Block]]:
    """The partial derivatives of a step without row sums, by torch's own rules.

    Returns:
        Operations on the inputs of `program`; and for a block of its results and an input, both by number,
        the derivative of the one with respect to the other, where that is not 0 throughout. The blocks of
        operands that are a state are left out.
    """
    recorder = Recorder(program.width)
    leaves = [torch.ones(ROWS, program.width, requires_grad=True) for _ in range(program.num_inputs)]
    one = torch.ones(ROWS, program.width)
    for part in leaves:
        recorder.enter(part)
    recorder.know(one, (1.0,))
    found: dict[tuple[int, int], Block] = {}
    with torch.enable_grad(), recorder:
        values = run_ops(program.ops, leaves)
        for number in sorted(wanted_results(program)):
            slopes = torch.autograd.grad(values[number], leaves, one, retain_graph=True, allow_unused=True)
            found |= {
                (number, leaf): recorder.blocks(slope)[0]
                for leaf, slope in enumerate(slopes)
                if slope is not None
            }
    used = needed(recorder.ops, list(found.values()))
    ops, rename = tidy(recorder.ops, program.inputs, used)
    return ops, {place: renamed([block], rename)[0] for place, block in found.items()}


def wanted_results(program: Program) -> set[int]:
    """The numbers of the blocks of the output, the new state and the computed operands."""
    parts = [program.output, *program.new_state]
    parts += [port.operand for port in program.ports if program.operand_state(port) is None]
    return {block.index for part in parts for block in part if isinstance(block, Ref)}


def _depending_only_on(sources: Sequence[int], ops: Sequence[Op | None]) -> set[int]:
    """The numbers of the values that are computed from these sources alone."""
    found = set(sources)
    for number, op in enumerate(ops):
        if op is not None and set(op.sources) <= found and op.sources:
            found.add(number)
    return found


def needed(ops: Sequence[Op | None], wanted: Sequence[Block], stop: Container[int] = ()) -> set[int]:
    """The numbers of the values that the wanted blocks are computed from, not looking behind `stop`."""
    found: set[int] = set()
    ahead = [block.index for block in wanted if isinstance(block, Ref)]
    while ahead:
        number = ahead.pop()
        op = ops[number]
        if number not in found and op is not None and number not in stop:
            ahead += op.sources
        found.add(number)
    return found


def tidy(
    ops: Sequence[Op | None], inputs: Sequence[int], needed: Container[int]
) -> tuple[tuple[Op, ...], dict[int, int]]:
    """The needed operations, each once, with the inputs numbered first; and old number -> new number."""
    rename = {number: new for new, number in enumerate(inputs)}
    made: dict[Op, int] = {}
    for number, op in enumerate(ops):
        if op is not None and number in needed and number not in rename:
            op = replace(op, args=renamed(op.args, rename))
            rename[number] = made.setdefault(op, len(inputs) + len(made))
    return tuple(made), rename


def renamed(blocks: Sequence[Block], rename: Mapping[int, int]) -> Blocks:
    """The same blocks under new numbers."""
    return tuple(Ref(rename[block.index]) if isinstance(block, Ref) else block for block in blocks)
