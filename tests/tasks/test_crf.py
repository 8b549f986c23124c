"""The linear-chain CRF, held against sums over every sequence of tags."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from zoo.tasks.contract import IGNORED
from zoo.tasks.crf import LinearChainCRF

TAGS, STEPS = 3, 5
LENGTHS = torch.tensor([5, 3, 1, 0, 4])


def made(seed=0):
    generator = torch.Generator().manual_seed(seed)
    chain = LinearChainCRF(TAGS).double()
    for parameter in chain.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    emissions = torch.randn(len(LENGTHS), STEPS, TAGS, generator=generator, dtype=torch.float64)
    tags = torch.randint(0, TAGS, (len(LENGTHS), STEPS), generator=generator)
    return chain, emissions, tags


def score(chain, emissions, tags):
    """The score of one sequence, term by term."""
    if not tags:
        return emissions.sum() * 0
    total = chain.start[tags[0]] + chain.end[tags[-1]]
    for t, tag in enumerate(tags):
        total = total + emissions[t, tag]
        if t:
            total = total + chain.transitions[tags[t - 1], tag]
    return total


def every(length):
    return list(itertools.product(range(TAGS), repeat=length))


def brute_partition(chain, emissions, length):
    return torch.stack([score(chain, emissions, tags) for tags in every(length)]).exp().sum().log()


def gradients(loss, inputs):
    return torch.autograd.grad(loss, inputs, allow_unused=True, materialize_grads=True)


def test_likelihoods_and_their_gradients_are_those_of_all_sequences():
    chain, emissions, tags = made()
    emissions.requires_grad_()
    inputs = [emissions, *chain.parameters()]
    got = chain.log_likelihood(emissions, tags, LENGTHS)
    expected = torch.stack(
        [
            score(chain, emissions[b], tags[b, :length].tolist())
            - brute_partition(chain, emissions[b], length)
            for b, length in enumerate(LENGTHS.tolist())
        ]
    )
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)
    weights = torch.arange(1.0, 6.0, dtype=torch.float64)
    ours, theirs = (gradients((weights * each).sum(), inputs) for each in (got, expected))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12)


def test_probabilities_of_all_sequences_add_up_to_one():
    chain, emissions, _ = made(1)
    for length in (1, 2, 4):
        tags = torch.tensor(every(length))
        count = torch.full((len(tags),), length)
        shares = chain.log_likelihood(emissions[:1, :length].expand(len(tags), -1, -1), tags, count).exp()
        assert shares.sum().item() == pytest.approx(1, abs=1e-12)


def test_the_best_sequence_is_the_best_of_all():
    for seed in range(20):
        chain, emissions, _ = made(seed)
        found = chain.best(emissions, LENGTHS)
        for b, length in enumerate(LENGTHS.tolist()):
            best = max(every(length), key=lambda tags, b=b: score(chain, emissions[b], tags).item())
            assert tuple(found[b, :length].tolist()) == best
            assert not found[b, length:].any()


def test_marginals_are_sums_over_all_sequences_and_the_gradient_of_the_partition():
    chain, emissions, _ = made(2)
    emissions.requires_grad_()
    (slope,) = gradients(chain.log_partition(emissions, LENGTHS).sum(), [emissions])
    found = chain.marginals(emissions, LENGTHS)
    torch.testing.assert_close(found, slope, rtol=1e-12, atol=1e-12)
    scores = {tags: score(chain, emissions[1], tags).exp().item() for tags in every(3)}
    for t, tag in itertools.product(range(3), range(TAGS)):
        share = sum(value for tags, value in scores.items() if tags[t] == tag) / sum(scores.values())
        assert found[1, t, tag].item() == pytest.approx(share, abs=1e-12)


def test_an_unknown_tag_is_summed_over():
    chain, emissions, tags = made(3)
    lengths = torch.full((len(tags),), STEPS)
    tags[:, [1, 4]] = IGNORED
    emissions.requires_grad_()
    got = chain.log_likelihood(emissions, tags, lengths)
    rows = []
    for b in range(len(tags)):
        fitting = [
            each
            for each in every(STEPS)
            if all(own in (IGNORED, tag) for own, tag in zip(tags[b].tolist(), each, strict=True))
        ]
        given = torch.stack([score(chain, emissions[b], each) for each in fitting]).exp().sum().log()
        rows.append(given - brute_partition(chain, emissions[b], STEPS))
    expected = torch.stack(rows)
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)
    for mine, other in zip(
        gradients(got.sum(), [emissions, chain.transitions]),
        gradients(expected.sum(), [emissions, chain.transitions]),
        strict=True,
    ):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12)


def test_padding_is_inert():
    chain, emissions, tags = made(4)
    other, others = emissions.clone(), tags.clone()
    for b, length in enumerate(LENGTHS.tolist()):
        other[b, length:], others[b, length:] = 1e6, IGNORED
    for one, two in (
        (chain.log_likelihood(emissions, tags, LENGTHS), chain.log_likelihood(other, others, LENGTHS)),
        (chain.best(emissions, LENGTHS), chain.best(other, LENGTHS)),
        (chain.marginals(emissions, LENGTHS), chain.marginals(other, LENGTHS)),
    ):
        assert torch.equal(one, two)


def test_it_starts_as_a_softmax_of_each_step():
    _, emissions, tags = made(5)
    chain = LinearChainCRF(TAGS).double()
    lengths = torch.full((len(tags),), STEPS)
    expected = F.cross_entropy(emissions.transpose(1, 2), tags, reduction="none").sum(1)
    torch.testing.assert_close(-chain.log_likelihood(emissions, tags, lengths), expected)
    torch.testing.assert_close(chain.marginals(emissions, lengths), emissions.softmax(-1))
    assert torch.equal(chain.best(emissions, lengths), emissions.argmax(-1))


@pytest.mark.parametrize(("batch", "steps"), [(0, 4), (2, 0)])
def test_nothing_is_no_trouble(batch, steps):
    chain = LinearChainCRF(TAGS)
    emissions, lengths = torch.zeros(batch, steps, TAGS), torch.zeros(batch, dtype=torch.long)
    tags = torch.zeros(batch, steps, dtype=torch.long)
    assert torch.equal(chain.log_likelihood(emissions, tags, lengths), torch.zeros(batch))
    assert chain.best(emissions, lengths).shape == (batch, steps)
    assert chain.marginals(emissions, lengths).shape == (batch, steps, TAGS)


def test_large_scores_do_not_overflow():
    chain = LinearChainCRF(TAGS)
    emissions = 1e4 * torch.tensor(np.eye(TAGS, dtype=np.float32))[None]
    tags, lengths = torch.arange(TAGS)[None], torch.tensor([TAGS])
    assert chain.log_likelihood(emissions, tags, lengths).item() == pytest.approx(0)
