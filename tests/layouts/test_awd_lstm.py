"""State dicts of AWD-LSTM, as its authors and as fastai name them, against one of torch's layers."""

import re
from itertools import pairwise

import pytest
import torch
from torch import nn

import zoo

VOCABULARY, EMBEDDING, HIDDEN = 11, 4, 6
TOKENS = torch.randint(VOCABULARY, (2, 7), generator=torch.Generator().manual_seed(1))


class Reference(nn.Module):
    """Embedding, LSTMs of one layer each, a decoder; the last LSTM is as wide as the embedding."""

    def __init__(self, tied=True, kind=nn.LSTM):
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.Embedding(VOCABULARY, EMBEDDING)
        widths = [EMBEDDING, HIDDEN, HIDDEN, EMBEDDING]
        self.rnns = nn.ModuleList(kind(*pair, batch_first=True) for pair in pairwise(widths))
        self.decoder = nn.Linear(EMBEDDING, VOCABULARY)
        if tied:
            self.decoder.weight = self.encoder.weight

    def forward(self, x):
        h = self.encoder(x)
        for rnn in self.rnns:
            h, _ = rnn(h)
        return self.decoder(h)


def by_salesforce(model):
    """With weight drop, whose wrapper keeps the recurrent weights under another name."""
    return {
        re.sub(r"^(rnns\.\d)\.", r"\1.module.", name).replace("_hh_l0", "_hh_l0_raw")
        if "weight_hh" in name
        else re.sub(r"^(rnns\.\d)\.", r"\1.module.", name): tensor
        for name, tensor in model.state_dict().items()
    }


def by_fastai(model, copies=True):
    """With the embedding twice, and beside the whole recurrent weights those that the last mask has left."""
    renamed = {}
    for name, tensor in model.state_dict().items():
        *path, last = name.split(".")
        if path[0] == "decoder":
            renamed[f"1.{name}"] = tensor
        elif path[0] == "encoder":
            renamed |= {f"0.{name}": tensor} | ({"0.encoder_dp.emb.weight": tensor} if copies else {})
        elif last == "weight_hh_l0":
            renamed[f"0.rnns.{path[1]}.{last}_raw"] = tensor
            renamed |= {f"0.rnns.{path[1]}.module.{last}": tensor * 2} if copies else {}
        else:
            renamed[f"0.rnns.{path[1]}.module.{last}"] = tensor
    return renamed


def without_drop(model):
    return model.state_dict()


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(
    ("layout", "names"),
    [("awd_lstm", by_salesforce), ("awd_lstm", without_drop), ("fastai", by_fastai), ("awd_lstm", by_fastai)],
)
def test_the_model_agrees_and_its_sizes_come_from_the_shapes(layout, names, tied):
    reference = Reference(tied)
    model = zoo.from_weights(layout, names(reference))
    torch.testing.assert_close(model(TOKENS)[0], reference(TOKENS), rtol=0, atol=1e-6)
    assert model.spec.encoder.hidden_sizes == (HIDDEN, HIDDEN, EMBEDDING)
    assert (model.spec.vocab_size, model.spec.tie_weights) == (VOCABULARY, tied)


@pytest.mark.parametrize(
    ("layout", "names"),
    [("awd_lstm", by_salesforce), ("fastai", lambda model: by_fastai(model, copies=False))],
)
def test_a_model_goes_back_under_the_same_names(layout, names):
    given = names(Reference())
    back = zoo.to_weights(layout, zoo.from_weights(layout, given))
    assert back.keys() - given.keys() == ({"0.encoder_dp.emb.weight"} if layout == "fastai" else set())
    for name, tensor in given.items():
        if "bias_hh" not in name and "bias_ih" not in name:
            assert torch.equal(back[name], tensor), name
    again = zoo.from_weights(layout, back)
    torch.testing.assert_close(again(TOKENS)[0], Reference()(TOKENS), rtol=0, atol=1e-6)


def test_a_language_model_trains_on_from_them():
    model = zoo.from_weights("awd_lstm", by_salesforce(Reference()))
    task = zoo.LanguageModel(model.spec)
    task.model.load_state_dict(model.state_dict())
    torch.testing.assert_close(task.model(TOKENS)[0], model(TOKENS)[0])
    assert task.model.head.weight is task.model.embedding.weight


def test_its_gru_is_read_too():
    reference = Reference(kind=nn.GRU)
    model = zoo.from_weights("awd_lstm", by_salesforce(reference))
    torch.testing.assert_close(model(TOKENS)[0], reference(TOKENS), rtol=0, atol=1e-6)


def changed(**changes):
    given = by_fastai(Reference())
    return {name: tensor for name, tensor in (given | changes).items() if tensor is not None}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (changed(**{"1.decoder.weight": None}), "there is no 'decoder.weight' among the weights"),
        (
            changed(**{"0.encoder_dp.emb.weight": torch.zeros(VOCABULARY, EMBEDDING)}),
            "not the embedding that it is a",
        ),
        (
            changed(**{"0.rnns.3.layers.0.linear.weight_raw": torch.zeros(3, 3)}),
            "no place for '0.rnns.3.layers.0.linear.weight_raw'",
        ),
        (changed(**{"0.rnns.1.module.bias_hh_l0": None}), "no 'bias_hh_l0' among the weights of 'rnns.1'"),
        (changed(**{"0.rnns.1.module.bias_ih_l0": None}), "no place for 'rnns.1.bias_hh_l0'"),
        (
            {"encoder.weight": torch.zeros(3, 2), "decoder.weight": torch.zeros(3, 2)},
            "no 'rnns.0.weight_ih_l0'",
        ),
    ],
)
def test_what_is_no_such_model_is_refused_with_the_reason(given, said):
    with pytest.raises(ValueError, match=said):
        zoo.from_weights("fastai", given)


MODEL = {"vocab_size": VOCABULARY, "output_size": VOCABULARY}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"encoder": zoo.StackSpec(hidden_size=6), "tie_weights": False}, "not tied"),
        ({"encoder": zoo.StackSpec(cell="gru", hidden_size=6)}, "not all LSTMs"),
        ({"encoder": zoo.StackSpec(hidden_size=6), "logit_cap": 30.0}, "capped at 30"),
        ({"encoder": zoo.StackSpec(hidden_size=6), "pooling": "last"}, "predict at each"),
        (
            {"encoder": zoo.StackSpec(hidden_size=(5, 6, 4), num_layers=3), "embedding_size": 4},
            "differ in width",
        ),
    ],
)
def test_a_model_that_is_none_is_refused(changes, reason):
    model = zoo.ModelSpec(**{**MODEL, "tie_weights": True, **changes}).build()
    with pytest.raises(ValueError, match=reason):
        zoo.to_weights("awd_lstm", model)


def test_layers_and_models_are_told_apart():
    model = zoo.from_weights("awd_lstm", by_salesforce(Reference()))
    with pytest.raises(ValueError, match="got a Model; expected its `encoder`"):
        zoo.to_weights("torch", model)
    with pytest.raises(ValueError, match="got a Stack; expected a Model"):
        zoo.to_weights("fastai", model.encoder)
