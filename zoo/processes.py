"""What processes that train together tell one another."""

from typing import Any

from torch.distributed import all_gather_object


def gathered(own: Any, processes: int) -> list[Any]:
    """What so many processes have, plain values or tensors on the CPU, by rank; all must ask."""
    found = [own] * processes
    if processes > 1:
        all_gather_object(found, own)
    return found
