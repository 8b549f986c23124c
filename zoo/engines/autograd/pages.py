"""Memory for the large buffers of a run, in pages that cost little to touch for the first time.

A large buffer is new at every step of a training, for the allocator gives its memory back to the system; then
each of its pages of 4 KiB is a fault when it is first written. Over long sequences of cells without recurrent
products these took a third of the time. Where the system offers pages of 2 MiB, there are 512 times fewer.
"""

import ctypes
import mmap
from functools import cache

from torch import Tensor

HUGE_PAGE = 1 << 21
"""Bytes of a huge page on x86-64 and on ARM with pages of 4 KiB; elsewhere the advice is only less apt."""
LARGE = 4 * HUGE_PAGE
"""From so many bytes on a buffer asks for huge pages."""


def empty(like: Tensor, *shape: int) -> Tensor:
    """A tensor of this shape, of the type and on the device of another, with whatever numbers lie there."""
    found = like.new_empty(shape)
    size = found.numel() * found.element_size()
    if size >= LARGE and found.device.type == "cpu":
        _advise_huge(found.data_ptr(), size)
    return found


def _advise_huge(start: int, size: int) -> None:
    """Asks for huge pages where they fit; a system that has none, or refuses, goes on as it is."""
    madvise = _madvise()
    if madvise is not None:
        first = -(-start // HUGE_PAGE) * HUGE_PAGE
        last = (start + size) // HUGE_PAGE * HUGE_PAGE
        madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), mmap.MADV_HUGEPAGE)


@cache
def _madvise() -> "ctypes._FuncPointer | None":
    """The system's call, or None where it has none or knows no huge pages."""
    return getattr(ctypes.CDLL(None), "madvise", None) if hasattr(mmap, "MADV_HUGEPAGE") else None
