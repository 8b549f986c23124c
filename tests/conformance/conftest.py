"""Which tests of the battery run with the run-time check of annotations."""

from collections.abc import Iterator

import jaxtyping
import pytest

CHECKED = ("test_against_oracles", "test_own_cells")
"""Here every composition runs once with its annotated shapes checked. The check takes four times as long
as what it checks, and users run without it: so do the other tests, which also see the errors users see."""


@pytest.fixture(autouse=True)
def _annotations(request: pytest.FixtureRequest) -> Iterator[None]:
    before = jaxtyping.config.jaxtyping_disable
    is_checked = request.module.__name__.rpartition(".")[2] in CHECKED
    jaxtyping.config.update("jaxtyping_disable", before or not is_checked)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)
