"""AR and TAR: what a language model's outputs cost beside its loss."""

import numpy as np
import pytest
import torch

import zoo


def task(**penalties):
    torch.manual_seed(0)
    encoder = zoo.StackSpec(cell="gru", hidden_size=4)
    network = zoo.ModelSpec(encoder=encoder, vocab_size=7, output_size=7, output_dropout=0.5)
    return zoo.LanguageModel(network, **penalties)


def batch():
    tokens = torch.randint(0, 7, (3, 6), generator=torch.Generator().manual_seed(1))
    return {"x": tokens[:, :-1], "y": tokens[:, 1:]}


def loss_of(module, stage):
    """The loss of a step that begins anew, and the outputs before and behind the dropout."""
    seen = []
    handle = module.model.output_dropout.register_forward_hook(lambda *ran: seen.extend((ran[1][0], ran[2])))
    module.log = lambda name, value, **options: logged.append((name, float(value)))
    logged = []
    module.forget()
    torch.manual_seed(2)
    loss = module._step(batch(), stage)
    handle.remove()
    return loss, [part.detach().numpy() for part in seen], dict(logged)


def test_the_loss_of_training_has_both_penalties_and_the_logged_one_has_none():
    plain, _, logged = loss_of(task(), "train")
    penalised, (raw, dropped), logged_too = loss_of(
        task(activation_penalty=2.0, temporal_penalty=3.0), "train"
    )
    expected = 2 * np.mean(dropped**2) + 3 * np.mean(np.diff(raw, axis=1) ** 2)
    assert (penalised - plain).item() == pytest.approx(expected, rel=1e-3)
    assert logged_too["train/activation_penalty"] == pytest.approx(expected, rel=1e-5)
    assert "train/activation_penalty" not in logged


def test_validation_has_none():
    assert loss_of(task(activation_penalty=2.0), "val")[0].item() == loss_of(task(), "val")[0].item()


def test_it_shrinks_what_it_is_of():
    sizes = {}
    for factor in (0.0, 5.0):
        module = task(activation_penalty=factor)
        optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
        for _ in range(40):
            optimizer.zero_grad()
            loss_of(module, "train")[0].backward()
            optimizer.step()
        _, (raw, _), _ = loss_of(module.eval(), "val")
        sizes[factor] = float(np.mean(raw**2))
    assert sizes[5.0] < 0.8 * sizes[0.0]


@pytest.mark.parametrize("name", ["activation_penalty", "temporal_penalty"])
def test_a_negative_one_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} is -1.0; expected 0 or more"):
        task(**{name: -1.0})
