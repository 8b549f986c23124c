"""The cross-entropy of a head over many classes, of which few scores are held at a time, is torch's."""

import pytest
import torch
from torch.nn import functional as F

from zoo.head import Head
from zoo.tasks import head_loss
from zoo.tasks.head_loss import head_cross_entropy

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
