"""Which sequences are drawn: the first ones, and those that cost most, however they are batched."""

import torch

from zoo.evaluation.drawn import FIRST, WORST, Maps
from zoo.evaluation.finder import Seen
from zoo.tasks.answers import Answers, Map


class Drawing(Answers):
    """Costs are what is predicted, and a map names its sequence's cost."""

    gallery = ("Maps", "how to read them")

    def costs(self, predicted, batch):
        return predicted

    def maps(self, predicted, batch, chosen, legend):
        axes = {"across": "x", "up": "y", "columns": ["0"], "rows": ["0"]}
        return [
            Map(panel=called, view=str(float(predicted[b])), values=torch.zeros(1, 1), **axes)
            for b, called in chosen.items()
        ]


def drawn(costs, size):
    finder = Maps()
    for part in torch.tensor(costs).split(size):
        finder.see(Seen(task=Drawing(), predicted=part, batch={}, legend={}))
    (gallery,) = finder.found(None).galleries
    return {grid.panel: float(grid.view) for grid in gallery.grids}


def test_the_first_and_the_worst_are_drawn_whatever_the_batches_are():
    costs = torch.rand(23, generator=torch.Generator().manual_seed(0)).tolist()
    worst = sorted(range(FIRST, 23), key=lambda k: -costs[k])[:WORST]
    expected = {f"item {k}" for k in (*range(FIRST), *worst)}
    for size in (1, 4, 5, 23):
        found = drawn(costs, size)
        assert found.keys() == expected
        for name, cost in found.items():
            assert cost == torch.tensor(costs)[int(name.split()[1])].item()


def test_the_worst_may_be_the_first():
    assert drawn([9.0, 8.0, 1.0, 2.0, 3.0], 2).keys() == {"item 0", "item 1", "item 3", "item 4"}


def test_nothing_is_drawn_of_a_task_that_knows_no_costs():
    finder = Maps()
    finder.see(Seen(task=type("Silent", (Answers,), {})(), predicted=torch.zeros(2), batch={}, legend={}))
    assert not finder.found(None).galleries
