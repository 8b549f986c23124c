"""What a logger with a panel for each key is sent: a few keys for the whole network, or each by itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger

from zoo.diagnostics.quantities import Metric, Quantity

DETAILS = ("summary", "layer", "gate")
"""A few keys for the whole network; those of each layer and direction; those of each gate, too."""
WHOLE = "recurrence"
"""What keys begin with that are of all layers together."""
ENDS: Mapping[Quantity, Sequence[str]] = {
    Quantity.STATE_NORM: ("max",),
    Quantity.SATURATED: ("max",),
    Quantity.DEAD_UNITS: ("max",),
    Quantity.HORIZON: ("min",),
    Quantity.UPDATE_RATIO: ("min", "max"),
    Quantity.REACH: ("min",),
    Quantity.SPECTRAL_RADIUS: ("max",),
    Quantity.SINGULAR_VALUE: ("max",),
    Quantity.BEYOND_1: ("min",),
    Quantity.BEYOND_4: ("min",),
    Quantity.BEYOND_16: ("min",),
}
"""At which end of a quantity something is wrong; of others no summary says anything."""
END = {"min": min, "max": max}
Row = tuple[Any, ...]


def shown(values: Mapping[str, float], detail: str) -> dict[str, float]:
    """What is sent of some numbers.

    Args:
        values: By key; those of the whole run are always sent.
        detail: One of `DETAILS`; of "summary" are the worst values over all places, under keys such as
            "recurrence/saturated/max".
    """
    metrics = {key: Metric.of(key) for key in values}
    deep = {key: metric.place.count("/") for key, metric in metrics.items() if metric and metric.place}
    most = {"summary": -1, "layer": 1, "gate": 2}[detail]
    kept = {key: value for key, value in values.items() if key not in deep or deep[key] <= most}
    return kept | (dict(_worst(values)) if detail == "summary" else {})


def _worst(values: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    found: dict[Quantity, list[float]] = {}
    for key, value in values.items():
        metric = Metric.of(key)
        if metric is not None and metric.place:
            found.setdefault(metric.quantity, []).append(value)
    for quantity, each in found.items():
        for end in ENDS.get(quantity, ()):
            yield f"{WHOLE}/{quantity.key}/{end}", END[end](each)


def as_table(values: Mapping[str, float]) -> tuple[list[str], list[Row]]:
    """Numbers by key as a table: a row for each place, a column for each quantity."""
    metrics = [(metric, value) for key, value in values.items() if (metric := Metric.of(key)) is not None]
    quantities = list(dict.fromkeys(metric.quantity for metric, _ in metrics))
    rows: dict[str, dict[Quantity, float]] = {}
    for metric, value in metrics:
        rows.setdefault(metric.place, {})[metric.quantity] = value
    head = ["where", *(quantity.title for quantity in quantities)]
    return head, [(place, *(row.get(quantity) for quantity in quantities)) for place, row in rows.items()]


def log_table(trainer: Trainer, key: str, head: Sequence[str], rows: Sequence[Row], step: int) -> None:
    """Sends a table to the loggers that can show one: one panel, however many rows."""
    for logger in trainer.loggers if rows else ():
        if isinstance(logger, WandbLogger):
            # wandb takes a second to import, and is here only for those who log to it.
            import wandb

            table = wandb.Table(columns=list(head), data=[list(row) for row in rows])
            logger.experiment.log({key: table, "trainer/global_step": step})
        elif isinstance(logger, TensorBoardLogger):
            logger.experiment.add_text(key, _markdown(head, rows), step)


def _markdown(head: Sequence[str], rows: Sequence[Row]) -> str:
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
