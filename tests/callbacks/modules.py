"""Modules whose gradients are known: the loss is linear in the weights, so the gradient is the batch."""

import math

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.plugins import MixedPrecision
from torch import nn
from torch.utils.data import DataLoader

NAN, INF = math.nan, math.inf

FEW_WORKERS = pytest.mark.filterwarnings("ignore:.*does not have many workers")
"""A hint of Lightning's on machines with many cores; the batches here are three numbers."""


class Linear(pl.LightningModule):
    """Three weights, (a, b) and (c,); a batch is their gradient. With SGD at rate 1 the update is it, too."""

    def __init__(self, optimizer=torch.optim.SGD, **options):
        super().__init__()
        self.first = nn.Parameter(torch.zeros(2))
        self.second = nn.Parameter(torch.zeros(1))
        self.make_optimizer = optimizer
        self.options = {"lr": 1.0} | options
        self.moves = []

    def loss(self, batch):
        return (self.first * batch[:2]).sum() + (self.second * batch[2:]).sum()

    def training_step(self, batch, index):
        return self.loss(batch)

    def on_train_batch_start(self, batch, index):
        self.held = self.weights()

    def on_train_batch_end(self, outputs, batch, index):
        self.moves.append((self.held - self.weights()).tolist())

    def weights(self):
        return torch.cat([self.first, self.second]).detach().clone()

    def configure_optimizers(self):
        return self.make_optimizer(self.parameters(), **self.options)


class Validated(Linear):
    """Has a validation loop."""

    def validation_step(self, batch, index):
        return self.loss(batch)


class Manual(Linear):
    """Takes an optimiser step for each of the chunks of a batch, as truncated backpropagation does."""

    def __init__(self, chunks=3, **options):
        super().__init__(**options)
        self.automatic_optimization = False
        self.chunks = chunks

    def training_step(self, batch, index):
        optimizer = self.optimizers()
        for _ in range(self.chunks):
            optimizer.zero_grad()
            self.manual_backward(self.loss(batch))
            optimizer.step()


class TwoOptimizers(Linear):
    """One optimiser per parameter, each with a step per batch."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch, index):
        for optimizer in self.optimizers():
            optimizer.zero_grad()
            self.manual_backward(self.loss(batch))
            optimizer.step()

    def configure_optimizers(self):
        return [torch.optim.SGD([parameter], lr=1.0) for parameter in self.parameters()]


def batches(*gradients):
    return DataLoader([torch.tensor(gradient) for gradient in gradients], batch_size=None)


def trainer(tmp_path, *callbacks, **options):
    quiet = {
        "logger": False,
        "max_epochs": 1,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "enable_checkpointing": False,
        "accelerator": "cpu",
        "log_every_n_steps": 1,
    }
    return pl.Trainer(default_root_dir=tmp_path, callbacks=list(callbacks), **(quiet | options))


def half_precision(scale=1024.0):
    """16-bit mixed precision on the CPU, which Lightning gives only to who asks for it by plug-in."""
    scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    return MixedPrecision("16-mixed", "cpu", scaler=scaler)
