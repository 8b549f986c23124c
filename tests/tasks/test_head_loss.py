"""The cross-entropy of a head over many classes, of which few scores are held at a time, is torch's."""

import pytest
import torch
from torch.nn import functional as F

from zoo.head import Head
from zoo.tasks import head_loss
from zoo.tasks.head_loss import has_few_scores, head_cross_entropy

N, H, V = 23, 5, 11


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four rows at a time, which do not go into the batch evenly."""
    monkeypatch.setattr(head_loss, "SCORES", 4 * V)


def parts(bias: bool = True, cap: float | None = None) -> tuple[Head, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    head = Head(H, V, bias, cap).double()
    y = torch.randint(0, V, (N,))
    y[::5] = -100
    return head, torch.randn(N, H, dtype=torch.float64, requires_grad=True), y


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cap", [None, 0.7])
def test_it_is_torchs_with_all_gradients(bias: bool, cap: float | None) -> None:
    head, h, y = parts(bias, cap)
    given = [h, *head.parameters()]
    loss, over = head_cross_entropy(head, h, y)
    expected = F.cross_entropy(head(h), y, ignore_index=-100)
    assert int(over) == int((y != -100).sum())
    torch.testing.assert_close(loss, expected)
    # not from 1, such as where a loss is divided among processes
    found, known = (torch.autograd.grad(0.3 * part, given) for part in (loss, expected))
    torch.testing.assert_close(found, known)


@pytest.mark.usefixtures("few")
def test_its_gradient_can_be_differentiated() -> None:
    head, h, y = parts(cap=2.0)
    assert torch.autograd.gradgradcheck(
        lambda h, *_: head_cross_entropy(head, h, y).value, (h, *head.parameters())
    )


@pytest.mark.usefixtures("few")
def test_large_scores_neither_overflow_nor_hide_what_is_not_a_number() -> None:
    head, h, y = parts()
    with torch.no_grad():
        head.weight.mul_(1e4)
    assert head_cross_entropy(head, h, y).value.isfinite()
    with torch.no_grad():
        h[1] = torch.nan
    assert head_cross_entropy(head, h, y).value.isnan()


@pytest.mark.usefixtures("few")
def test_no_more_scores_are_held_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    head, h, y = parts()
    sizes = []
    run = torch.addmm

    def seen(*args: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        sizes.append(out.shape)
        return run(*args, out=out)

    monkeypatch.setattr(torch, "addmm", seen)
    head_cross_entropy(head, h, y)
    assert sizes == [(4, V)] * 5 + [(3, V)]


@pytest.mark.usefixtures("few")
def test_frozen_parts_get_no_gradient() -> None:
    head, h, y = parts()
    head.weight.requires_grad_(False)
    head_cross_entropy(head, h, y).value.backward()
    assert head.weight.grad is None
    assert head.bias.grad is not None
    with torch.no_grad():
        torch.testing.assert_close(
            head_cross_entropy(head, h, y).value, F.cross_entropy(head(h), y, ignore_index=-100)
        )


def test_a_weight_that_also_made_what_the_head_reads_is_counted_once(few: None) -> None:
    head, _, y = parts()
    x = torch.randint(0, V, (N,))

    def loss(own: bool) -> torch.Tensor:
        h = torch.tanh(3 * head.weight[x])
        return head_cross_entropy(head, h, y).value if own else F.cross_entropy(head(h), y, ignore_index=-100)

    both = []
    for own in (True, False):
        (first,) = torch.autograd.grad(loss(own), head.weight, create_graph=True)
        both.append([first, *torch.autograd.grad(first.square().sum(), head.weight)])
    torch.testing.assert_close(*both)


@pytest.mark.usefixtures("few")
def test_where_nothing_counts_there_is_no_gradient() -> None:
    head, h, _ = parts()
    loss, over = head_cross_entropy(head, h, torch.full((N,), -100))
    assert (int(over), loss.item()) == (0, 0)
    assert not any(grad.any() for grad in torch.autograd.grad(loss, [h, *head.parameters()]))


@pytest.mark.usefixtures("few")
def test_a_target_that_is_no_class_is_refused() -> None:
    head, h, y = parts()
    y[1] = -1
    with pytest.raises((IndexError, RuntimeError), match="out of bounds"):
        head_cross_entropy(head, h, y)


@pytest.mark.usefixtures("few")
def test_without_gradients_none_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    head, h, y = parts()
    monkeypatch.setattr(torch, "mm", None)
    with torch.no_grad():
        assert head_cross_entropy(head, h, y).value.isfinite()


@pytest.mark.usefixtures("few")
def test_others_who_look_at_the_head_see_all_scores() -> None:
    head, _, y = parts()
    assert not has_few_scores(head, y)
    assert has_few_scores(head, y[:3])
    assert has_few_scores(parts()[0].half(), y)
    with torch.autocast("cpu", torch.bfloat16):
        assert has_few_scores(head, y)
    head.register_forward_hook(lambda *_: None)
    assert has_few_scores(head, y)
