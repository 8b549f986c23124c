"""The recurrent matrix keeps norms."""

from conformance.claims.norms import assert_keeps_norms
from zoo.cells import EUNNSpec


def test_norms_of_state_and_gradient_are_kept() -> None:
    assert_keeps_norms(EUNNSpec(bias=False))


def test_and_so_with_more_layers() -> None:
    assert_keeps_norms(EUNNSpec(bias=False, capacity=5))
