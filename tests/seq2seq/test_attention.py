"""Attention against the papers' formulas."""

import numpy as np
import pytest
import torch

from tests.oracles import attention as oracle
from zoo.seq2seq.attention import Attention

E, H, A = 4, 4, 3


def attended(kind, valid=None):
    torch.manual_seed(0)
    attention = Attention(kind, H, E, A).double()
    queries, values = torch.randn(2, 3, H).double(), torch.randn(2, 5, E).double()
    contexts, weights = attention(queries, attention.memory(values, valid))
    return attention, queries, values, contexts, weights


def score_of(attention):
    arrays = {name: parameter.detach().numpy() for name, parameter in attention.named_parameters()}
    if attention.kind == "additive":
        return oracle.additive(arrays["query.weight"], arrays["key.weight"], arrays["score.weight"][0])
    return oracle.dot() if attention.kind == "dot" else oracle.general(arrays["key.weight"])


@pytest.mark.parametrize("kind", ["additive", "dot", "general"])
def test_it_is_the_formula_of_the_paper(kind):
    attention, queries, values, contexts, weights = attended(kind)
    for b in range(2):
        for t in range(3):
            a = oracle.weights(score_of(attention), queries[b, t].numpy(), values[b].numpy())
            np.testing.assert_allclose(weights[b, t].detach(), a, atol=1e-12)
            c = oracle.context(a, values[b].numpy())
            np.testing.assert_allclose(contexts[b, t].detach(), c, atol=1e-12)


@pytest.mark.parametrize("kind", ["additive", "dot", "general"])
def test_padding_has_no_weight_and_a_source_of_no_steps_no_context(kind):
    valid = torch.tensor([[True, True, False, False, False], [False] * 5])
    attention, queries, values, contexts, weights = attended(kind, valid)
    short, alone = attention(queries[:1], attention.memory(values[:1, :2], None))
    torch.testing.assert_close(weights[0, :, :2], alone[0])
    torch.testing.assert_close(contexts[0], short[0])
    assert (weights[0, :, 2:] == 0).all()
    assert (contexts[1] == 0).all()


def test_dot_products_need_equal_widths():
    with pytest.raises(ValueError, match=r"of width 6.* of width 4; expected equal widths, or"):
        Attention("dot", 6, 4, 3)
