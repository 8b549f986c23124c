"""Words read by their characters, too: the same as one word at a time, and nothing of the padding."""

import pytest
import torch
from torch import nn

import zoo
from zoo.embedding import CharacterEncoder

ENCODER = zoo.StackSpec(cell="lstm", hidden_size=4, direction="bidirectional")
SPEC = zoo.CharacterSpec(encoder=ENCODER, embedding_size=3)
NETWORK = zoo.ModelSpec(
    encoder=zoo.StackSpec(cell="gru", hidden_size=5),
    vocab_size=9,
    output_size=2,
    embedding_size=6,
    characters=SPEC,
    character_vocab_size=7,
)
CHARACTERS = torch.tensor([[[1, 2, 3], [4, 0, 0], [1, 2, 3]], [[6, 5, 0], [0, 0, 0], [0, 0, 0]]])
X = torch.tensor([[1, 2, 3], [4, 0, 0]])


def test_a_words_vector_is_what_torchs_lstm_makes_of_its_characters():
    torch.manual_seed(0)
    encoder = CharacterEncoder(SPEC, 7)
    twin = zoo.to_torch(encoder.encoder)
    assert isinstance(twin, nn.LSTM)
    found = encoder(CHARACTERS)
    assert found.shape == (2, 3, 8)
    for place in ((0, 0), (0, 1), (0, 2), (1, 0)):
        word = CHARACTERS[place]
        _, (final, _) = twin(encoder.embedding(word[word != 0])[None])
        torch.testing.assert_close(found[place], final.flatten())
    assert not found[1, 1:].any()


def test_padding_of_characters_and_of_words_is_inert():
    torch.manual_seed(0)
    model = NETWORK.build().eval()
    wider = torch.cat([CHARACTERS, torch.zeros(2, 3, 4, dtype=torch.long)], dim=2)
    lengths = torch.tensor([3, 1])
    one, two = (model(X, lengths, characters=each)[0] for each in (CHARACTERS, wider))
    torch.testing.assert_close(one, two)
    alone = model(X[1:, :1], characters=CHARACTERS[1:, :1])[0]
    torch.testing.assert_close(one[1, :1], alone[0])


def test_every_character_that_stands_in_a_word_gets_a_gradient_and_padding_none():
    model = NETWORK.build()
    model(X, torch.tensor([3, 1]), characters=CHARACTERS)[0].sum().backward()
    got = model.characters.embedding.weight.grad.abs().sum(1) > 0
    assert got.tolist() == [False, *[True] * 6]


def test_a_stream_is_the_whole_sequence():
    model = NETWORK.build().eval()
    whole, _ = model(X, characters=CHARACTERS)
    state = model.initial_state(2)
    for t in range(3):
        output, state = model.step(X[:, t], state, characters=CHARACTERS[:, t])
        torch.testing.assert_close(output, whole[:, t])


def test_the_spec_survives_as_plain_data():
    assert zoo.ModelSpec.of(NETWORK.plain()) == NETWORK
    open_size = zoo.ModelSpec(encoder=ENCODER, vocab_size=9, output_size=2, characters=SPEC)
    assert not open_size.is_complete
    assert open_size.resolved({"character_vocab_size": 7}).is_complete


def test_weight_decay_spares_what_the_cells_of_characters_spare():
    spared = zoo.CharacterSpec(encoder=zoo.StackSpec(cell="layernorm_lstm", hidden_size=4))
    task = zoo.SequenceTagger(
        {**NETWORK.plain(), "characters": spared.plain()}, optimizer={"name": "AdamW", "weight_decay": 0.1}
    )
    decays = {
        id(parameter): group["weight_decay"]
        for group in task.configure_optimizers().param_groups
        for parameter in group["params"]
    }
    names = [name for name, parameter in task.named_parameters() if decays[id(parameter)] == 0]
    assert "model.characters.encoder.layers.0.directions.forward_.cell.gain_ih" in names


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: zoo.ModelSpec(encoder=ENCODER, input_size=3, characters=SPEC), "expected vocab_size"),
        (
            lambda: zoo.CharacterSpec(
                encoder=zoo.StackSpec(hidden_size=4, direction="bidirectional", merge="sum")
            ),
            "expected merge 'concat'",
        ),
        (lambda: zoo.CharacterSpec(encoder=ENCODER, embedding_size=0), "embedding_size is 0"),
        (lambda: NETWORK.build()(X), "expected characters"),
        (
            lambda: zoo.ModelSpec(encoder=ENCODER, vocab_size=9, output_size=2, characters=SPEC).build(),
            "data that has characters",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_dropped_words_are_0_wherever_they_stand_and_in_training_alone():
    encoder = zoo.StackSpec(hidden_size=4)
    network = zoo.ModelSpec(encoder=encoder, vocab_size=400, output_size=2, word_dropout=0.5)
    embedding = network.build().embedding
    x = torch.arange(400).expand(3, -1)
    torch.manual_seed(0)
    kept = embedding(x) / embedding.weight
    assert torch.equal(kept[0], kept[2])
    assert set(kept[0].round(decimals=5).flatten().tolist()) == {0.0, 2.0}
    assert 0.4 < (kept[0, :, 0] == 0).float().mean() < 0.6
    assert torch.equal(embedding.eval()(x)[1], embedding.weight)
    with pytest.raises(ValueError, match=r"word_dropout is 0\.5 with features; expected tokens, or 0"):
        zoo.ModelSpec(encoder=encoder, input_size=3, output_size=2, word_dropout=0.5)
