"""What a language model writes of each token."""

import math

import torch

import zoo
from zoo.tasks.contract import IGNORED


def test_a_token_that_is_followed_by_a_known_one_has_what_that_one_costs_and_no_other_has():
    network = zoo.ModelSpec(encoder=zoo.StackSpec(hidden_size=3), vocab_size=3, output_size=3)
    predicted = torch.tensor([[[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]]]).log()
    batch = {"x": torch.tensor([[1, 2]]), "y": torch.tensor([[2, IGNORED]])}
    first, last = zoo.LanguageModel(network).records(predicted, batch, {"tokens": ["a", "b", "c"]})
    assert (first["token"], first["predicted"]) == ("b", "a")
    assert math.isclose(first["nats"], math.log(4), rel_tol=1e-6)
    assert last["nats"] is None
    assert math.isclose(last["probability"], 0.75, rel_tol=1e-6)
