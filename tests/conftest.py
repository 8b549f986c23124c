"""Tests run on one thread: a second one helps small products little, and hurts on a busy machine."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def _compiled_libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the compiled engine makes is kept for this run of the tests, not in the cache of the user."""
    folder = tmp_path_factory.mktemp("libraries")
    before = os.environ.get("ZOO_CACHE")
    os.environ["ZOO_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["ZOO_CACHE"]
    else:
        os.environ["ZOO_CACHE"] = before
