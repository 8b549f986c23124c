"""Modules around small stacks, with losses that weigh each output, so that each step has its own error."""

import copy

import lightning.pytorch as pl
import torch
from torch import nn
from torch.utils.data import DataLoader

import zoo

INPUTS = 2


def stack(cell="lstm", hidden_size=3, dtype=torch.float64, **options):
    return zoo.StackSpec(cell=cell, hidden_size=hidden_size, **options).build(INPUTS).to(dtype)


class Weighed(pl.LightningModule):
    """The loss is the mean over the batch of outputs times weights; `before` has the stack of each batch."""

    def __init__(self, encoder, optimizer=torch.optim.Adam, **options):
        super().__init__()
        self.encoder, self.make_optimizer, self.options = encoder, optimizer, {"lr": 0.05} | options
        self.before = []

    def loss(self, batch):
        outputs, _ = self.encoder(batch["x"], lengths=batch["lengths"])
        return (outputs * batch["weights"]).sum() / len(batch["x"])

    def on_train_batch_start(self, batch, index):
        self.before.append(copy.deepcopy(self.encoder))

    def training_step(self, batch, index):
        return self.loss(batch)

    def configure_optimizers(self):
        return self.make_optimizer(self.parameters(), **self.options)


class Plain(Weighed):
    """Keeps no copies."""

    def on_train_batch_start(self, batch, index):
        pass


class Chunks(Weighed):
    """Takes an optimiser step for each half of the batch."""

    def __init__(self, encoder):
        super().__init__(encoder)
        self.automatic_optimization = False

    def training_step(self, batch, index):
        optimizer, half = self.optimizers(), len(batch["x"]) // 2
        for rows in (slice(0, half), slice(half, None)):
            optimizer.zero_grad()
            self.manual_backward(self.loss({key: value[rows] for key, value in batch.items()}))
            optimizer.step()


class Adversaries(Weighed):
    """Two optimisers, the first of which trains something else."""

    def __init__(self, encoder):
        super().__init__(encoder)
        self.other = nn.Parameter(torch.ones(1, dtype=torch.float64))
        self.automatic_optimization = False

    def training_step(self, batch, index):
        first, second = self.optimizers()
        self.manual_backward((self.other**2).sum())
        first.step()
        self.manual_backward(self.loss(batch))
        second.step()
        first.zero_grad()
        second.zero_grad()

    def configure_optimizers(self):
        return torch.optim.SGD([self.other], 0.1), torch.optim.SGD(self.encoder.parameters(), 0.1)


def data(count, width, steps=5, sequences=4, dtype=torch.float64, seed=0):
    """Batches with lengths, among them the full one; weights for outputs of this width."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.tensor([steps, *[1 + (3 * row) % steps for row in range(1, sequences)]])
    return [
        {
            "x": torch.randn(sequences, steps, INPUTS, generator=generator, dtype=dtype),
            "weights": torch.randn(sequences, steps, width, generator=generator, dtype=dtype),
            "lengths": lengths,
        }
        for _ in range(count)
    ]


def loader(batches):
    return DataLoader(batches, batch_size=None)


def watchers(module):
    """Who still watches any layer of a module."""
    return [watcher for layer in module.encoder.layers for watcher in layer.watchers]
