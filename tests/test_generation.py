"""Text from a language model: what is drawn, and that the state is carried."""

import itertools

import pytest
import torch

from zoo import ModelSpec, Sampling, StackSpec
from zoo.generation import tokens_after

SCORES = torch.tensor([0.1, 2.0, -1.0, 1.5, 0.0], dtype=torch.float64)


def a_model(vocab_size=7):
    torch.manual_seed(0)
    spec = ModelSpec(
        encoder=StackSpec(cell="gru", hidden_size=6, num_layers=2),
        vocab_size=vocab_size,
        output_size=vocab_size,
    )
    model = spec.build().double().eval()
    for weights in model.parameters():
        torch.nn.init.normal_(weights)
    return model


def first(count, *arguments):
    return list(itertools.islice(tokens_after(*arguments), count))


def test_at_temperature_1_tokens_are_drawn_as_the_model_holds_them_likely():
    torch.testing.assert_close(Sampling().shares(SCORES), SCORES.softmax(-1))


def test_temperature_divides_the_scores():
    torch.testing.assert_close(Sampling(temperature=0.5).shares(SCORES), (2 * SCORES).softmax(-1))
    assert Sampling(temperature=0.0).shares(SCORES).tolist() == [0, 1, 0, 0, 0]


def test_top_k_keeps_the_likeliest():
    shares = Sampling(top_k=2).shares(SCORES)
    kept = SCORES[[1, 3]].softmax(-1)
    torch.testing.assert_close(shares, torch.zeros_like(shares).index_put((torch.tensor([1, 3]),), kept))


@pytest.mark.parametrize("top_p", [0.01, 0.5, 0.8, 0.95, 1.0])
def test_top_p_keeps_the_fewest_that_are_that_likely_together(top_p):
    whole, shares = SCORES.softmax(-1), Sampling(top_p=top_p).shares(SCORES)
    kept = shares > 0
    assert whole[kept].sum() >= top_p - 1e-12
    assert whole[kept].sum() - whole[kept].min() < top_p  # one fewer would not do
    assert whole[kept].min() > whole[~kept].max() if not kept.all() else True
    torch.testing.assert_close(shares, torch.where(kept, whole, 0) / whole[kept].sum())


def test_a_seed_decides_the_text():
    model, prompt = a_model(), torch.tensor([1, 2])
    once, again = (first(20, model, prompt, Sampling(seed=4)) for _ in range(2))
    assert once == again
    assert once != first(20, model, prompt, Sampling(seed=5))


def test_the_likeliest_text_is_what_running_it_whole_gives():
    """The state that is carried from token to token stands for all that came before."""
    model = a_model()
    text = [3, 1]
    for _ in range(12):
        scores, _ = model(torch.tensor([text]))
        text.append(int(scores[0, -1].argmax()))
    assert first(12, model, torch.tensor([3, 1]), Sampling(temperature=0.0)) == text[2:]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"temperature": -1.0}, "temperature is -1.0; expected a number from 0 up"),
        ({"top_k": 0}, "top_k"),
        ({"top_p": 0.0}, "top_p is 0.0; expected a share above 0"),
    ],
)
def test_what_cannot_be_drawn_by_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Sampling(**wrong)


def test_an_empty_prompt_is_refused():
    with pytest.raises(ValueError, match="no token"):
        first(1, a_model(), torch.tensor([], dtype=torch.long), Sampling())
