"""Whether values, and the weights of a checkpoint, are finite."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor


def nonfinite(checkpoint: Mapping[str, Any]) -> Iterator[str]:
    """The names of weights and optimiser states that hold NaN or infinity."""
    for name, value in checkpoint["state_dict"].items():
        if not is_finite(value):
            yield name
    for index, optimizer in enumerate(checkpoint.get("optimizer_states", ())):
        for state in optimizer.get("state", {}).values():
            for name, value in state.items() if isinstance(state, Mapping) else ():
                if not is_finite(value):
                    yield f"{name} of optimiser {index}"


def is_finite(value: Any) -> bool:
    """Whether no entry is NaN or infinite; what is no tensor is finite."""
    return not isinstance(value, Tensor) or bool(_entries(value).isfinite().all())


def _entries(value: Tensor) -> Tensor:
    return value.detach().coalesce().values() if value.is_sparse else value.detach()


def leaves(value: Any) -> Iterator[Any]:
    """What is in nested tuples, lists and mappings."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part)
    else:
        yield value
