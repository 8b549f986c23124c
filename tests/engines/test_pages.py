"""Large buffers ask for huge pages; the numbers are the same."""

import re
import sys
from pathlib import Path

import pytest
import torch

from zoo.engines.autograd.pages import LARGE, empty

OFFERED = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.skipif(not OFFERED.is_file(), reason="this system has no transparent huge pages")
def test_a_large_buffer_asks_for_huge_pages() -> None:
    found = empty(torch.empty(0), LARGE, 2)
    middle = found.data_ptr() + LARGE
    for entry in re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text()):
        first, last = (int(part, 16) for part in entry.split(" ", 1)[0].split("-"))
        if first <= middle < last:
            flags = re.search(r"^VmFlags: (.*)$", entry, re.MULTILINE)
            assert flags is not None
            assert "hg" in flags[1].split()
            return
    pytest.fail("the buffer lies nowhere")


@pytest.mark.parametrize("count", [0, 3, LARGE // 4 + 5])
def test_a_buffer_has_the_shape_and_type_that_are_asked_for(count: int) -> None:
    found = empty(torch.empty(0, dtype=torch.float64), count, 1)
    assert (found.shape, found.dtype) == ((count, 1), torch.float64)
    assert (found.fill_(1) == 1).all()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such call to be without")
def test_a_system_without_the_call_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.engines.autograd.pages._madvise", lambda: None)
    assert empty(torch.empty(0), LARGE).numel() == LARGE
