"""A PackedSequence goes in and comes out, with the values and gradients of the padded batch."""

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from conformance.cases import (
    EACH_ENGINE,
    TIME,
    Case,
    assert_close,
    assert_identical,
    random_state,
    random_x,
    tensors,
    weighted_gradients,
)

LENGTHS = torch.tensor([2, 5, 1, 4])
RESETS = torch.zeros(4, TIME, dtype=torch.bool)
RESETS[1, 2] = RESETS[3, 3] = True


@EACH_ENGINE
def test_packed_equals_padded_in_value_and_gradient(case: Case) -> None:
    stack, x = case.stack(), random_x().requires_grad_()
    state = random_state(stack)
    sources = [x, *(part.requires_grad_() for part in tensors(state)), *stack.parameters()]
    packed = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    outputs, final = stack(packed, state, None, RESETS)
    assert isinstance(outputs, PackedSequence)
    for part, given in zip(outputs[1:], packed[1:], strict=True):
        assert_identical(part, given)
    unpacked, lengths = pad_packed_sequence(outputs, batch_first=True)
    assert_identical(lengths, LENGTHS)

    padded, padded_final = stack(x, state, LENGTHS, RESETS)
    assert_close(unpacked, padded)
    assert_close(tensors(final), tensors(padded_final))
    found, expected = (
        weighted_gradients(parts, sources)
        for parts in ([unpacked, *tensors(final)], [padded, *tensors(padded_final)])
    )
    assert_close(found, expected)


def test_a_sorted_packed_sequence_stays_sorted() -> None:
    stack, x = Case("lstm", "bidirectional").stack(), random_x()
    lengths = torch.tensor([5, 4, 2, 1])
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=True)
    outputs, final = stack(packed)
    assert outputs.sorted_indices is None
    padded, padded_final = stack(x, None, lengths)
    assert_close(pad_packed_sequence(outputs, batch_first=True)[0], padded)
    assert_close(tensors(final), tensors(padded_final))


def test_lengths_beside_a_packed_sequence_are_refused() -> None:
    stack = Case("lstm").stack()
    packed = pack_padded_sequence(random_x(), LENGTHS, batch_first=True, enforce_sorted=False)
    with pytest.raises(ValueError, match="lengths was given beside a PackedSequence"):
        stack(packed, None, LENGTHS)
