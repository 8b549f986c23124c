"""An adaptive softmax: torch's own, whole distributions, trained, generated from, and what is refused."""

from itertools import islice

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import zoo
from zoo.generation import tokens_after
from zoo.head import AdaptiveHead
from zoo.tasks.head_loss import has_few_scores, head_cross_entropy

H, V, CUTOFFS = 32, 23, (4, 11)


def spec(**changes):
    encoder = zoo.StackSpec(hidden_size=H)
    return zoo.ModelSpec(
        **{"encoder": encoder, "vocab_size": V, "output_size": V, "adaptive_cutoffs": CUTOFFS, **changes}
    )


@pytest.fixture
def head():
    torch.manual_seed(0)
    return AdaptiveHead(H, V, True, CUTOFFS).double()


def test_scores_are_log_probabilities_of_all_types(head):
    found = head(torch.randn(3, 5, H, dtype=torch.float64))
    assert found.shape == (3, 5, V)
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(3, 5, dtype=torch.float64))


def test_they_are_those_of_the_paper(head):
    """A type's is its own among the frequent ones, or its cluster's times its own within that."""
    h = torch.randn(7, H, dtype=torch.float64)
    first = head.softmax.head(h).log_softmax(-1)
    parts = [first[:, :4]]
    for k, tail in enumerate(head.softmax.tail):
        parts.append(first[:, 4 + k, None] + tail[1](tail[0](h)).log_softmax(-1))
    torch.testing.assert_close(head(h), torch.cat(parts, -1))
    assert [tail[0].out_features for tail in head.softmax.tail] == [H // 4, H // 16]


def test_the_loss_is_that_of_all_scores_with_its_gradients(head):
    h = torch.randn(29, H, dtype=torch.float64, requires_grad=True)
    y = torch.randint(0, V, (29,))
    y[::4] = -100
    assert not has_few_scores(head, y)
    loss, count = head_cross_entropy(head, h, y)
    expected = F.cross_entropy(head(h), y, ignore_index=-100)
    assert int(count) == int((y != -100).sum())
    torch.testing.assert_close(loss, expected)
    given = [h, *head.parameters()]
    torch.testing.assert_close(torch.autograd.grad(loss, given), torch.autograd.grad(expected, given))


def test_nothing_to_predict_costs_nothing(head):
    h = torch.randn(3, H, dtype=torch.float64, requires_grad=True)
    loss, count = head_cross_entropy(head, h, torch.full((3,), -100))
    loss.backward()
    assert (loss.item(), int(count)) == (0.0, 0)
    assert not h.grad.any()


def test_under_autocast_it_computes_in_its_own_type(head):
    head = head.float()
    h, y = torch.randn(9, H), torch.randint(0, V, (9,))
    expected = head(h)
    with torch.autocast("cpu", torch.bfloat16):
        found, loss = head(h.bfloat16()), head_cross_entropy(head, h.bfloat16(), y).value
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0.05)
    torch.testing.assert_close(loss, F.cross_entropy(expected, y), atol=0.05, rtol=0.05)


def test_a_language_model_learns_with_it_and_writes():
    torch.manual_seed(0)
    task = zoo.LanguageModel(spec())
    tokens = torch.arange(24).remainder(6).expand(4, 24) * 4  # 0 4 8 12 16 20: types of all clusters
    batch = {"x": tokens[:, :-1], "y": tokens[:, 1:]}
    optimizer = torch.optim.Adam(task.parameters(), 0.02)
    for _ in range(120):
        optimizer.zero_grad()
        loss = F.cross_entropy(task.model(batch["x"])[0].flatten(0, 1), batch["y"].flatten())
        loss.backward()
        optimizer.step()
    assert loss < 0.5  # of 1.79 for who knows the six tokens only
    torch.testing.assert_close(
        head_cross_entropy(
            task.model.head, task.model.read(batch["x"])[0].flatten(0, 1), batch["y"].flatten()
        ).value,
        F.cross_entropy(task.model(batch["x"])[0].flatten(0, 1), batch["y"].flatten()),
    )
    written = tokens_after(task.model.eval(), torch.tensor([0, 4, 8]), zoo.Sampling(temperature=0.0))
    assert list(islice(written, 3)) == [12, 16, 20]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"adaptive_cutoffs": (11, 4)}, "adaptive_cutoffs is \\[11, 4\\]; expected numbers that ascend"),
        ({"adaptive_cutoffs": (4, V)}, "ascend between 0 and the 23 outputs"),
        (
            {"adaptive_cutoffs": (4, 8, 12)},
            "3 clusters, each 4 times narrower.*of 32 features; expected fewer",
        ),
        ({"tie_weights": True}, "given together with tie_weights; expected one"),
        ({"logit_cap": 3.0}, "given together with logit_cap; expected one"),
    ],
)
def test_what_it_cannot_be_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        spec(**changes).build()


def test_its_weights_come_back():
    torch.manual_seed(0)
    model, other = spec().build(), spec().build()
    other.load_state_dict(model.state_dict())
    x = torch.randint(0, V, (2, 5))
    torch.testing.assert_close(other(x)[0], model(x)[0], rtol=0, atol=0)
    assert zoo.ModelSpec.of(model.spec.plain()) == model.spec
    assert isinstance(model.head.softmax, nn.AdaptiveLogSoftmaxWithLoss)
