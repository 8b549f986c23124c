"""The recurrent matrix keeps norms."""

from conformance.claims.norms import assert_keeps_norms
from zoo.cells import URNNSpec


def test_norms_of_state_and_gradient_are_kept() -> None:
    assert_keeps_norms(URNNSpec(bias=False))
