"""Signs of illness in answers: seen in validation, in the table of quantities, read by a verdict."""

from abc import ABC
from collections import Counter
from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from zoo.diagnostics.quantities import Quantity
from zoo.tasks.attention_maps import entropy
from zoo.tasks.contract import IGNORED

Quantities = dict[Quantity, Tensor]


class Sign(Metric, ABC):
    """Counted over a whole validation and all devices; says its quantities."""

    full_state_update = False


@final
class ClassSigns(Sign):
    """Whether the same class is chosen always: the share of the class said most, and of the most frequent.

    Args:
        classes: C.
    """

    said: Tensor
    true: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        for name in ("said", "true"):
            self.add_state(name, torch.zeros(classes, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, chosen: Int[Tensor, "*rows"], y: Int[Tensor, "*rows"]) -> None:
        """Takes classes in; where y is -100 none counts."""
        counted = y != IGNORED
        self.said += torch.bincount(chosen[counted], minlength=len(self.said))
        self.true += torch.bincount(y[counted], minlength=len(self.true))

    def compute(self) -> Quantities:
        shares = (counts.max() / counts.sum().clamp(min=1) for counts in (self.said, self.true))
        return dict(zip((Quantity.SAID_MOST, Quantity.MAJORITY), shares, strict=True))


@final
class AnswerSigns(Sign):
    """Whether sequences that are written are empty, the same one for all, or cut off at a limit."""

    codes: list[Tensor]
    empty: Tensor
    cut: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("codes", default=[], dist_reduce_fx="cat")
        for name in ("empty", "cut", "count"):
            self.add_state(name, torch.tensor(0), dist_reduce_fx="sum")

    def update(self, said: Sequence[Sequence[int]], true: Sequence[Sequence[int]], cut: int) -> None:
        """Takes answers in.

        Args:
            said: What was written.
            true: What was asked for.
            cut: How many answers ended at the limit of their length.
        """
        pairs = zip(said, true, strict=True)
        wrong = [hash(tuple(one)) for one, other in pairs if list(one) != list(other)]
        self.codes.append(torch.tensor(wrong, dtype=torch.long, device=self.empty.device))
        self.empty += sum(not one and bool(other) for one, other in zip(said, true, strict=True))
        self.cut += cut
        self.count += len(said)

    def compute(self) -> Quantities:
        # Of several processes they come together as one tensor, which is not true or false.
        counted = Counter(dim_zero_cat(self.codes).tolist() if len(self.codes) else [])
        alike = torch.tensor(max(counted.values(), default=0), device=self.count.device)
        parts = {Quantity.EMPTY: self.empty, Quantity.ALIKE: alike, Quantity.CUT: self.cut}
        return {quantity: part / self.count.clamp(min=1) for quantity, part in parts.items()}


@final
class AttentionSigns(Sign):
    """Whether attention looks everywhere alike, or always at the same place."""

    spread: Tensor
    one_place: Tensor
    rows: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("spread", "one_place", "rows", "count"):
            self.add_state(name, torch.tensor(0.0), dist_reduce_fx="sum")

    def update(
        self, weights: Float[Tensor, "B U S"], written: Int[Tensor, " B"], lengths: Int[Tensor, " B"]
    ) -> None:
        """Takes weights in; sources of one step, of which there is but one place to look at, are left out.

        Args:
            weights: Of each step of a target over the steps of its source.
            written: Steps of each target.
            lengths: Steps of each source.
        """
        kept = (lengths > 1) & (written > 1)
        weights, written, lengths = weights[kept].float(), written[kept], lengths[kept]
        rows = torch.arange(weights.shape[1], device=weights.device) < written[:, None]
        known = weights * rows[..., None]
        self.spread += (entropy(known).sum(1) / lengths.log()).sum()
        self.one_place += (known.sum(1).amax(1) / written).sum()
        self.rows += rows.sum()
        self.count += len(written)

    def compute(self) -> Quantities:
        return {
            Quantity.SPREAD: self.spread / self.rows.clamp(min=1),
            Quantity.ONE_PLACE: self.one_place / self.count.clamp(min=1),
        }
