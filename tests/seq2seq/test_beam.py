"""Search against all sequences there are."""

import itertools

import pytest
import torch

import zoo
from tests.seq2seq.models import TYPES, encoder_decoder, sources
from zoo.seq2seq import Limits, SearchSpec, beam_search, length_penalty, search

END = 3


def table(seed, types, length, rows=2):
    """Log-probabilities of a next token for every history, for each row."""
    generator = torch.Generator().manual_seed(seed)
    histories = [h for n in range(length) for h in itertools.product(range(types), repeat=n)]
    return [
        {h: torch.randn(types, generator=generator).double().mul(2).log_softmax(0) for h in histories}
        for _ in range(rows)
    ]


def brute_force(known, end, length, alpha):
    """(score, tokens) of every sequence, the best first: those that end, and those that are cut off."""
    found = []
    for n in range(1, length + 1):
        for tokens in itertools.product(range(len(known[()])), repeat=n):
            ended = tokens[-1] == end
            if end in tokens[:-1] or (not ended and n < length):
                continue
            log_p = sum(float(known[tokens[:t]][token]) for t, token in enumerate(tokens))
            found.append((log_p / ((5 + n) ** alpha / 6**alpha), tokens))
    return sorted(found, reverse=True)


def searched(known, limits):
    """Beam search whose state is the history, as numbers."""

    def advance(tokens, state):
        row, history = state
        history = torch.cat([history, tokens[:, None]], 1)
        scores = [known[int(b)][tuple(h[1:])] for b, h in zip(row, history.tolist(), strict=True)]
        return torch.stack(scores), (row, history)

    def choose(state, rows):
        return state[0][rows], state[1][rows]

    start = torch.arange(len(known)), torch.zeros(len(known), 0, dtype=torch.long)
    return beam_search(advance, choose, start, len(known), limits)


@pytest.mark.parametrize("alpha", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_finds_the_best_of_all_sequences(seed, alpha):
    known = table(seed, types=3, length=4)
    limits = Limits(begin=0, end=2, beam=60, length=4, penalty=alpha)
    found = searched(known, limits)
    for b, row in enumerate(known):
        best = brute_force(row, 2, 4, alpha)
        for k, (score, tokens) in enumerate(best):
            assert found.scores[b, k] == pytest.approx(score, abs=1e-12)
            assert tuple(found.tokens[b, k, : len(tokens)].tolist()) == tokens
            assert found.lengths[b, k] == len(tokens)
        assert (found.scores[b, len(best) :] == -torch.inf).all()


@pytest.mark.parametrize("beam", [1, 2, 4])
def test_a_narrow_beam_scores_what_it_finds_rightly_and_no_better_than_the_best(beam):
    known = table(5, types=4, length=5, rows=4)
    found = searched(known, Limits(begin=0, end=1, beam=beam, length=5, penalty=0.6 * (beam > 1)))
    for b, row in enumerate(known):
        all_of_them = {tokens: score for score, tokens in brute_force(row, 1, 5, 0.6 * (beam > 1))}
        for k in range(beam):
            tokens = tuple(found.tokens[b, k, : found.lengths[b, k]].tolist())
            assert found.scores[b, k] == pytest.approx(all_of_them[tokens])
        assert found.scores[b].tolist() == sorted(found.scores[b].tolist(), reverse=True)
        assert found.scores[b, 0] <= max(all_of_them.values()) + 1e-12


def test_greedy_search_takes_the_best_token_at_each_step():
    known = table(2, types=4, length=5, rows=6)
    found = searched(known, Limits(begin=0, end=1, beam=1, length=5))
    for b, row in enumerate(known):
        tokens, score = [], 0.0
        while len(tokens) < 5 and 1 not in tokens:
            step = row[tuple(tokens)]
            tokens.append(int(step.argmax()))
            score += float(step.max())
        assert found.tokens[b, 0, : found.lengths[b, 0]].tolist() == tokens
        assert float(found.scores[b, 0]) == pytest.approx(score)


def test_the_length_penalty_is_that_of_wu():
    assert length_penalty(10, 0.8) == pytest.approx((5 + 10) ** 0.8 / (5 + 1) ** 0.8)
    assert length_penalty(1, 0.8) == 1


@pytest.mark.parametrize("options", [{}, {"input_feeding": True}, {"attention": "none"}])
def test_the_best_target_of_a_model_is_the_best_of_all(options):
    model, lengths, alpha = encoder_decoder(**options), torch.tensor([6, 3]), 1.0
    spec = SearchSpec(beam=400, length_penalty=alpha, max_length=3)
    found = search(model, sources(2), lengths, spec=spec)
    every = torch.tensor(list(itertools.product(range(TYPES), repeat=3)))
    read = torch.cat([torch.full((len(every), 1), 2), every[:, :-1]], dim=1)
    over = (every == END).cumsum(1).roll(1, 1)
    over[:, 0] = 0
    counted = over == 0
    for b in range(2):
        x = sources(2)[b : b + 1, : lengths[b]].expand(len(every), -1)
        log_p = model(x, read).logits.log_softmax(-1).gather(-1, every[..., None]).squeeze(-1)
        scores = (log_p.detach() * counted).sum(1) / length_penalty(counted.sum(1).double(), alpha)
        best = scores.argmax()
        assert float(found.scores[b, 0]) == pytest.approx(float(scores.max()), abs=1e-10)
        assert found.tokens[b, 0, : found.lengths[b, 0]].tolist() == every[best][counted[best]].tolist()


def test_rows_of_a_batch_are_searched_each_by_itself():
    model, lengths = encoder_decoder(input_feeding=True), torch.tensor([6, 2, 4])
    spec = SearchSpec(beam=3, max_length=6)
    together = search(model, sources(), lengths, spec=spec)
    for b, length in enumerate(lengths):
        alone = search(model, sources()[b : b + 1, :length], spec=spec)
        torch.testing.assert_close(together.scores[b], alone.scores[0])
        longest = alone.tokens.shape[-1]
        assert torch.equal(together.tokens[b, :, :longest], alone.tokens[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam": 0}, "beam is 0"),
        ({"length_penalty": 0.6}, "expected a beam of at least 2, or no penalty"),
        ({"beam": 2, "length_penalty": -1.0}, "length_penalty is -1.0; expected 0 or more"),
        ({"max_length": 0}, "max_length is 0"),
    ],
)
def test_searches_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.SearchSpec(**options)
