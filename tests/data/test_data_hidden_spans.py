"""Hidden spans: the chain, its noise, and the best answer, held against every sequence of tags."""

import itertools

import pytest
import torch

from zoo.data.hidden_spans import (
    KINDS,
    TAGS,
    TRANSITIONS,
    WORDS,
    HiddenSpans,
    emissions,
    posterior,
    stationary,
)


def test_the_best_answer_is_that_of_all_sequences():
    x = torch.tensor([[0, 5, 9, 1], [4, 4, 4, 11]])
    y = torch.tensor([[0, 1, 4, 0], [1, 3, 3, 4]])
    given, shares = posterior(x, y, 0.3)
    start, table = stationary(), emissions(0.3)
    for row in range(2):
        joint = {}
        for tags in itertools.product(range(5), repeat=4):
            p = start[tags[0]] * table[tags[0], x[row, 0]]
            for t in range(1, 4):
                p = p * TRANSITIONS[tags[t - 1], tags[t]] * table[tags[t], x[row, t]]
            joint[tags] = float(p)
        whole = sum(joint.values())
        assert given[row].exp().item() == pytest.approx(joint[tuple(y[row].tolist())] / whole)
        for t, tag in itertools.product(range(4), range(5)):
            share = sum(p for tags, p in joint.items() if tags[t] == tag) / whole
            assert shares[row, t, tag].item() == pytest.approx(share)


def test_tags_follow_one_another_as_they_should_and_words_tell_them():
    data = HiddenSpans(length=12, noise=0.3, test_size=4000)
    fields = data.dataset("test").fields
    x, y = fields["x"], fields["y"]
    assert torch.allclose(stationary() @ TRANSITIONS, stationary())
    assert torch.allclose(TRANSITIONS.sum(1), torch.ones(5, dtype=torch.float64))
    for tag in range(5):
        assert (y == tag).double().mean() == pytest.approx(stationary()[tag].item(), abs=0.01)
        assert (y[:, 0] == tag).double().mean() == pytest.approx(stationary()[tag].item(), abs=0.03)
        after = y[:, 1:][y[:, :-1] == tag].bincount(minlength=5).double()
        assert torch.allclose(after / after.sum(), TRANSITIONS[tag], atol=0.03)
    for row in y[:50].tolist():
        for before, tag in itertools.pairwise(row):
            assert TAGS[tag][0] != "I" or TAGS[before][1:] == TAGS[tag][1:]
    own = (x // 4 == torch.tensor(KINDS)[y]).double().mean()
    assert own == pytest.approx(0.7 + 0.3 / 3, abs=0.01)


def test_without_noise_only_the_chain_is_left_and_with_nothing_else_nothing_is_known():
    assert HiddenSpans(noise=1.0).best["loss"] < HiddenSpans().baseline
    easy, hard = (HiddenSpans(noise=noise).best for noise in (0.0, 0.5))
    assert easy["accuracy"] > hard["accuracy"]
    assert easy["loss"] < hard["loss"]


def test_rows_say_words_and_tags():
    data = HiddenSpans(length=3, test_size=5)
    (row,) = data.rows([{"tags": ["O", "O", "O"]}])
    assert len(row["tokens"]) == len(row["given_tags"]) == 3
    assert set(row["tokens"]) <= set(WORDS)
    assert data.legend["tags"] == list(TAGS)


@pytest.mark.parametrize(
    ("options", "message"), [({"noise": 1.5}, "noise is 1.5"), ({"length": 0}, "length")]
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        HiddenSpans(**options)
