"""What the engines are compared on: recurrences with random parameters, sequences, what comes of runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from engines.steps import OWN, Own
from zoo.cells import CELLS, Cell, ElmanSpec, GRUSpec, LayerNormLSTMSpec, LSTMSpec, SRUSpec
from zoo.engines import ENGINES, Recurrence, RunFunction, Sequences, pick

INPUT, HIDDEN = 3, 5
STRUCTURES = ("elman", "gru", "janet", "layernorm_lstm", "ligru", "lru", "lstm", "mgu", "mingru", "minlstm")
STRUCTURES += ("peephole_lstm", "sru")
"""Cells with a structure of their own; all others meet each engine in the battery of `conformance`."""
SPECS = {name: CELLS[name].spec_class() for name in STRUCTURES}
SPECS |= {
    "gru before": GRUSpec(reset="before"),
    "sru peephole": SRUSpec(peephole=True),
    "lstm without bias": LSTMSpec(bias=False),
    "gru without bias": GRUSpec(bias=False),
    "elman relu": ElmanSpec(activation="relu"),
    "layernorm_lstm without bias": LayerNormLSTMSpec(bias=False),
}
"""Name -> spec of the cells of the zoo, as they come and otherwise."""

SUBJECTS = (*SPECS, *OWN)


def module_of(name: str, width: int = HIDDEN, dtype: torch.dtype = torch.float64) -> Cell | Own:
    """A cell of the zoo, or the parameters of a step of one's own, all of them random."""
    module = SPECS[name].build(INPUT, width) if name in SPECS else Own(OWN[name], width, INPUT)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-0.7, 0.7, generator=generator)
    return module.to(dtype)


@cache
def engines(name: str, width: int = HIDDEN) -> tuple[str, ...]:
    """The fast engines that do not refuse this subject."""
    recurrence = module_of(name, width).recurrence()
    fast = (key for key in ENGINES if key != "reference")
    return tuple(key for key in fast if ENGINES[key].refusal(recurrence) is None)


EACH = pytest.mark.parametrize(
    ("name", "engine"), [(name, engine) for name in SUBJECTS for engine in engines(name)]
)
"""Every subject by every engine that can run it."""

EACH_SUBJECT = pytest.mark.parametrize("name", SUBJECTS)


@dataclass(frozen=True)
class Size:
    """How many steps and sequences, and what there is beside them."""

    time: int
    batch: int
    lengths: bool = False
    resets: bool = False
    backward: bool = False


def sequences_of(recurrence: Recurrence, size: Size, seed: int = 3) -> Sequences:
    """Random sequences and states, all of them leaves that gradients are taken for."""
    generator = torch.Generator().manual_seed(seed)
    like = recurrence.like

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(like.dtype).requires_grad_()

    lengths, resets = some_lengths(size), some_resets(size)
    if lengths is not None and resets is not None:
        resets &= torch.arange(size.time)[:, None] < lengths
    return Sequences(
        draw(size.time, size.batch, recurrence.input_size),
        tuple(draw(size.batch, width) for width in recurrence.state_sizes),
        tuple(draw(size.batch, width) for width in recurrence.state_sizes),
        lengths,
        resets,
        size.backward,
    )


def some_lengths(size: Size) -> Tensor | None:
    """Full, empty, half, one step and all but one, as far as the batch goes."""
    time = size.time
    all_lengths = [time, 0, time // 2, min(1, time), max(0, time - 1)]
    return torch.tensor([all_lengths[b % 5] for b in range(size.batch)]).long() if size.lengths else None


def some_resets(size: Size) -> Tensor | None:
    """At the first step, at the last, at neighbouring ones, of one sequence and of several; one has none."""
    if not size.resets:
        return None
    resets = torch.zeros(size.time, size.batch, dtype=torch.bool)
    for b in range(size.batch):
        for t in ((0, 2, 3, 9), (0,), (), (1, 2, size.time - 1), (2, 3, 4, 5))[b % 5]:
            if 0 <= t < size.time:
                resets[t, b] = True
    return resets


def run_of(engine: str, recurrence: Recurrence) -> RunFunction:
    """What an engine runs this recurrence by."""
    return pick(engine, recurrence).run


def leaves_of(module: nn.Module, sequences: Sequences) -> dict[str, Tensor]:
    """All that a run is differentiable in, but for parameters that are not trained."""
    leaves = {"x": sequences.x}
    leaves |= {f"state {k}": part for k, part in enumerate(sequences.state)}
    leaves |= {f"reset_state {k}": part for k, part in enumerate(sequences.reset_state)}
    return leaves | {name: part for name, part in module.named_parameters() if part.requires_grad}


def weighted(parts: Sequence[Tensor]) -> Tensor:
    """A sum in which each number has a weight of its own."""
    waves = [torch.cos(torch.arange(part.numel(), dtype=part.dtype)).view(part.shape) for part in parts]
    return torch.stack([(part * wave).sum() for part, wave in zip(parts, waves, strict=True)]).sum()


def results(run: RunFunction, module: Cell | Own, sequences: Sequences) -> dict[str, Tensor]:
    """Outputs, final state, and the gradients of a fixed sum of both for all there is."""
    outputs, final = run(module.recurrence(), sequences)
    leaves = leaves_of(module, sequences)
    gradients = torch.autograd.grad(
        weighted([outputs, *final]), list(leaves.values()), allow_unused=True, materialize_grads=True
    )
    found = {"outputs": outputs.detach()} | {f"final {k}": part.detach() for k, part in enumerate(final)}
    return found | {f"d {key}": part for key, part in zip(leaves, gradients, strict=True)}


def expected(module: Cell | Own, sequences: Sequences) -> dict[str, Tensor]:
    """What the reference loop makes of it."""
    return results(run_of("reference", module.recurrence()), module, sequences)


def assert_close(found: dict[str, Tensor], wanted: dict[str, Tensor], tolerance: float = 1e-9) -> None:
    """Compares by name, relative to the largest number where that is above 1."""
    assert found.keys() == wanted.keys()
    for key, part in wanted.items():
        scale = max(1.0, float(part.detach().abs().max())) if part.numel() else 1.0
        torch.testing.assert_close(
            found[key], part, rtol=0, atol=tolerance * scale, msg=lambda text, key=key: f"{key}: {text}"
        )


def assert_identical(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Compares to the bit."""
    torch.testing.assert_close(found, wanted, rtol=0, atol=0, equal_nan=True)
