"""The Transformer and the TCN that the zoo's networks are measured against do what is said of them."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.append(str(Path(__file__).parents[1] / "recipes/results"))
import yardstick_contenders as contenders
import yardstick_networks as networks
import yardsticks

FEATURES = networks.Sizes(inputs=3, outputs=5, steps=40)
TOKENS = networks.Sizes(inputs=11, outputs=11, steps=40, tokens=True)


def sequences(sizes, steps=30):
    if sizes.tokens:
        return torch.randint(sizes.inputs, (2, steps))
    return torch.randn(2, steps, sizes.inputs)


@pytest.mark.parametrize("sizes", [FEATURES, TOKENS], ids=["features", "tokens"])
@pytest.mark.parametrize("build", [networks.Transformer, networks.TCN])
def test_a_stream_gives_what_the_whole_sequence_gives(build, sizes):
    network, x = build(sizes, 6).double().eval(), sequences(sizes)
    x = x if sizes.tokens else x.double()
    state, streamed = network.initial_state(2), []
    for t in range(x.shape[1]):
        scores, state = network.step(x[:, t], state)
        streamed.append(scores)
    torch.testing.assert_close(torch.stack(streamed, 1), network(x))


@pytest.mark.parametrize("build", [networks.Transformer, networks.TCN])
def test_no_output_depends_on_what_comes_later(build):
    network, x = build(FEATURES, 6), sequences(FEATURES)
    for t in (0, 17, 28):
        changed = x.clone()
        changed[:, t + 1 :] += 1
        torch.testing.assert_close(network(changed)[:, : t + 1], network(x)[:, : t + 1])
        assert not torch.allclose(network(changed)[:, t + 1], network(x)[:, t + 1])


def test_the_tcn_sees_as_many_steps_as_the_paper_says():
    """Two convolutions of 7 steps with dilations 1, 2 and 4 see 1 + 2 * 6 * (1 + 2 + 4) steps."""
    network, x = networks.TCN(FEATURES, 6), torch.rand(1, 100, 3, requires_grad=True)
    for parameter in network.parameters():  # so that no ReLU is closed
        parameter.data.abs_()
    network(x)[0, -1].sum().backward()
    seen = x.grad[0].abs().sum(-1) > 0
    assert seen[-85:].all()
    assert not seen[:-85].any()


def test_networks_have_as_many_parameters_as_their_equations():
    attention, feed_forward, norm = 4 * (12 * 12 + 12), (12 * 48 + 48) + (48 * 12 + 12), 2 * 12
    layer = attention + feed_forward + 2 * norm
    transformer = (3 * 12 + 12) + 2 * layer + norm + (12 * 5 + 5)
    first, later = 6 * (7 * 3) + 6 + 6, 6 * (7 * 6) + 6 + 6  # directions, lengths, biases
    tcn = (first + later + 3 * 6 + 6) + 2 * (2 * later) + (6 * 5 + 5)
    assert contenders.parameters(networks.Transformer(FEATURES, 6)) == transformer
    assert contenders.parameters(networks.TCN(FEATURES, 6)) == tcn


def test_no_contender_has_more_parameters_than_another():
    names = ("gru", "transformer", "tcn")
    counts = [contenders.parameters(contenders.built(name, TOKENS, 32_000)) for name in names]
    assert max(counts) < 1.1 * min(counts)


def test_a_command_that_was_stopped_goes_on_where_it_was(tmp_path, monkeypatch):
    tuned = [(rate, yardsticks.TUNING_SEED) for rate in yardsticks.RATES]
    best, *_ = yardsticks.RATES
    trained = []

    def rows_of(run, task):
        if len(trained) > len(tuned):
            raise KeyboardInterrupt
        trained.append(run)
        return [run.told() | {"metric": "loss", "value": str(run.rate)}]

    monkeypatch.setattr(yardsticks, "rows_of", rows_of)
    monkeypatch.setattr(yardsticks, "FILE", tmp_path / "kept.csv")
    with pytest.raises(KeyboardInterrupt):
        yardsticks.main(["digits", "--contenders", "gru"])
    assert [(run.rate, run.seed) for run in trained] == [*tuned, (best, 1)]
    trained.clear()
    yardsticks.main(["digits", "--contenders", "gru"])
    assert [(run.rate, run.seed) for run in trained] == [(best, 2), (best, 3)]
    assert len((tmp_path / "kept.csv").read_text().splitlines()) == 1 + len(tuned) + 3
