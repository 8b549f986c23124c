"""Histograms of gradients and weights as W&B and TensorBoard want them."""

import operator
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger

from zoo.callbacks.summaries import log_table
from zoo.diagnostics.histogram import Summary
from zoo.diagnostics.parameter_paths import Place, by_layer, by_place
from zoo.diagnostics.weight_histogram import weight_histograms
from zoo.runs.gradient_records import GradientRecord

WHOLE, TABLE_KEY = Place(""), "gradients_by_layer"
Shown = tuple[str, Int[np.ndarray, " _bins"], Float[np.ndarray, " _edges"]]


def log_histograms(trainer: Trainer, module: LightningModule, record: GradientRecord, detail: str) -> None:
    """Sends the histograms of one step to the loggers that can draw them.

    They are histograms of log10|g|: of the whole network, keyed `gradient/before`; with detail "layer" of
    whole layers, keyed `layer_1/gradient/before`, and with "gate" also of the blocks of each gate, keyed
    `layer_1/forward/f/gradient/recurrent/before`. What lies beyond the
    bins is counted in the first and the last; zeros, which have no logarithm, NaN and infinity are left out.
    Beside them stand those of the weights themselves, of which only NaN and infinity are left out: `weight`,
    `layer_1/weight`, `layer_1/forward/f/weight/recurrent`.
    """
    drawing = [each for each in trainer.loggers if isinstance(each, WandbLogger | TensorBoardLogger)]
    shown = list(_shown(module, record, detail)) if drawing else []
    for logger in drawing:
        if isinstance(logger, WandbLogger):
            _log_to_wandb(logger, shown, record.step)
        else:
            _log_to_tensorboard(logger, shown, record.step)


def log_gradient_table(trainer: Trainer, record: GradientRecord) -> None:
    """Sends the gradients of one step as a table: a row for each block of each gate."""
    head = ("layer", "direction", "gate", "block", "moment", "RMS", "norm", "zeros", "not finite")
    rows = [
        (*_named(place), moment, summary.rms, summary.norm, summary.zero, summary.nonfinite)
        for moment, summaries in (("before", record.before), ("after", record.after or {}))
        for place, summary in by_place(summaries).items()
    ]
    log_table(trainer, TABLE_KEY, head, rows, record.step)


def _named(place: Place) -> tuple[str, str, str, str]:
    return place.layer, place.direction, place.gate, place.block


def finite_counts(summary: Summary) -> list[int]:
    """The counts of a histogram whose first and last bins are open to their outer sides."""
    counts = list(summary.counts)
    counts[0] += summary.under
    counts[-1] += summary.over
    return counts


def _series(record: GradientRecord, detail: str) -> Iterator[tuple[str, Summary]]:
    for moment, summaries in (("before", record.before), ("after", record.after or {})):
        layers = by_layer(summaries)
        if detail == "summary" and layers:
            yield WHOLE.metric("gradient", moment), reduce(operator.add, layers.values())
            continue
        for layer, summary in layers.items():
            yield Place(layer).metric("gradient", moment), summary
        if detail == "gate":
            for place, summary in by_place(summaries).items():
                yield place.metric("gradient", moment), summary


def _shown(module: LightningModule, record: GradientRecord, detail: str) -> Iterator[Shown]:
    """Key, counts and edges of each histogram."""
    for key, summary in _series(record, detail):
        yield key, np.array(finite_counts(summary)), np.array(record.bins.edges)
    for key, found in weight_histograms(module, detail).items():
        yield key, np.array(found.counts), found.edges


def _log_to_wandb(logger: WandbLogger, shown: Sequence[Shown], step: int) -> None:
    # wandb takes a second to import, and is here only for those who log to it.
    import wandb

    histograms = {key: wandb.Histogram(np_histogram=(counts, edges)) for key, counts, edges in shown}
    # Never `step=`: it must not run backwards, and other callbacks log at steps of their own.
    logger.experiment.log({**histograms, "trainer/global_step": step})


def _log_to_tensorboard(logger: TensorBoardLogger, shown: Sequence[Shown], step: int) -> None:
    # TensorBoard takes half a second to import, and is here only for those who log to it.
    from tensorboard.compat.proto.summary_pb2 import Summary as Event  # type: ignore[import-untyped]

    event = Event()
    for key, counts, edges in shown:
        seen = np.flatnonzero(counts)
        if seen.size:
            used = slice(seen[0], seen[-1] + 1)
            event.MergeFrom(_histogram(key, counts[used], edges[seen[0] : seen[-1] + 2]))
    # One event for all: the writer's queue holds ten, and makes training wait when it is full.
    logger.experiment.file_writer.add_summary(event, step)


def _histogram(key: str, counts: Int[np.ndarray, " bins"], edges: Float[np.ndarray, " edges"]) -> Any:
    from torch.utils.tensorboard.summary import histogram_raw  # as above

    middles = (edges[1:] + edges[:-1]) / 2
    return histogram_raw(  # type: ignore[no-untyped-call]
        key,
        min=float(edges[0]),
        max=float(edges[-1]),
        num=int(counts.sum()),
        sum=float(counts @ middles),
        sum_squares=float(counts @ middles**2),
        bucket_limits=edges[1:].tolist(),
        bucket_counts=counts.tolist(),
    )
