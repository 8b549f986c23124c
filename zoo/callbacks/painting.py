"""The pictures of a run, for its folder and its loggers.

matplotlib takes half a second to import, which a run spends only when it has something to draw.
"""

from collections.abc import Mapping
from pathlib import Path

from lightning.pytorch import LightningModule, Trainer

from zoo.callbacks.loggers import history_so_far, log_image
from zoo.diagnostics.unit_maps import UnitMap
from zoo.diagnostics.weight_histogram import weights_by_place
from zoo.runs.gradient_records import read_gradients
from zoo.runs.lag_records import read_lags

WEIGHTS, UNITS = "weights.png", "units.png"


def draw_gradients(trainer: Trainer, file: Path, step: int) -> None:
    """Gradients by layer over training, beside the file that has them."""
    from zoo.pictures import by_layer, canvas

    picture, history = file.with_suffix(".png"), history_so_far(trainer, file.parent)
    shown = by_layer.gradients_picture(read_gradients(file), history.turned, history.told)
    canvas.paint(shown).savefig(picture)
    log_image(trainer, "gradients", picture, step)


def draw_weights(trainer: Trainer, module: LightningModule, folder: Path) -> None:
    """The weights of recurrent layers as they are; nothing where there are none."""
    from zoo.pictures import canvas, of_weights

    places = weights_by_place(module)
    plain = {place: [part.float().cpu().numpy() for part in parts] for place, parts in places.items()}
    ways = of_weights.matrices_of(plain)
    if ways:
        canvas.paint(of_weights.weights_picture(ways, trainer.global_step)).savefig(folder / WEIGHTS)
        log_image(trainer, "weights", folder / WEIGHTS, trainer.global_step)


def draw_lags(trainer: Trainer, file: Path, step: int) -> None:
    """Gradients through time, beside the file that has them."""
    from zoo.pictures import by_lag, canvas

    picture, history = file.with_suffix(".png"), history_so_far(trainer, file.parent)
    canvas.paint(by_lag.lags_picture(read_lags(file), history.turned, history.told)).savefig(picture)
    log_image(trainer, "gradients_through_time", picture, step)


def draw_units(trainer: Trainer, units: Mapping[str, UnitMap], folder: Path, step: int) -> None:
    """What units did over one sequence; nothing where none was looked at."""
    from zoo.pictures import by_unit, canvas

    if units:
        canvas.paint(by_unit.units_picture(units, step)).savefig(folder / UNITS)
        log_image(trainer, "units_through_time", folder / UNITS, step)
