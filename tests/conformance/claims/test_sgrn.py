"""The simple gated recurrent network has one pair of matrices."""

from zoo.cells import LSTMSpec, SGRNSpec


def test_it_has_a_quarter_of_the_weights_of_an_lstm() -> None:
    own, lstm = SGRNSpec().build(7, 5), LSTMSpec().build(7, 5)
    for name in ("weight_ih", "weight_hh"):
        assert 4 * own.get_parameter(name).numel() == lstm.get_parameter(name).numel()
