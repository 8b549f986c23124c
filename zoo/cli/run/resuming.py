"""What a checkpoint and the recipe that it is used with have to do with one another."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lightning.pytorch import LightningDataModule, LightningModule

from zoo.cli.errors import UserError
from zoo.tasks.base import Task

SAME_BATCHES = ("num_workers", "root", "train", "val", "test", "vectors")
"""Options of data modules under which an epoch may have the same batches: by whom and where they are read."""
TRAINS = (
    "accelerator",
    "accumulate_grad_batches",
    "callbacks",
    "deterministic",
    "devices",
    "gradient_clip_algorithm",
    "gradient_clip_val",
    "limit_train_batches",
    "num_nodes",
    "overfit_batches",
    "precision",
    "strategy",
    "val_check_interval",
)
"""Options of the Trainer on which the weights depend."""
SIZES = (
    *("input_size", "vocab_size", "output_size", "character_vocab_size"),
    *("horizon", "targets", "known", "static", "season"),  # of forecasts
)
"""What a recipe may leave open, to be read off the data."""
TRAINING = ("optimizer", "schedule")
"""What makes no difference to a model that is not trained on."""
FREE = tuple(f"network.encoder.{name}" for name in ("engine", "checkpoint_every", "recurrent_gradient_clip"))
"""What changes how a model is run or how its gradients are clipped, not what it computes."""
NO_EFFECT = ", which has no effect: random numbers go on as they were"


def check_matches(checkpoint: Mapping[str, Any], path: str, model: LightningModule, resumes: bool) -> None:
    """Refuses a checkpoint of another model than the recipe's.

    Args:
        checkpoint: What `read_checkpoint` returned.
        path: Its file, for messages.
        model: The model that recipe and command line describe.
        resumes: Whether training goes on, so that optimiser and schedule must match as well.

    Raises:
        UserError: names each difference, with both values.
    """
    made_by = checkpoint.get("zoo", {}).get("model", type(model).__name__)
    if made_by != type(model).__name__:
        raise UserError(
            f"the checkpoint {path} is of a {made_by}, and the recipe names {type(model).__name__}"
        )
    skipped = () if resumes else TRAINING
    differing = list(_differences(checkpoint.get("hyper_parameters", {}), dict(model.hparams), skipped))
    if differing:
        advice = "start a new run without --ckpt_path, or " if resumes else ""
        raise UserError(
            f"the checkpoint {path} is of another model: {'; '.join(differing[:3])}; {advice}give the "
            f"checkpoint's values"
        )


def take_over(
    checkpoint: Mapping[str, Any], model: LightningModule, data: LightningDataModule | None
) -> None:
    """Gives model and data what training has found out, so that the training data need not be at hand.

    Lightning restores the data module too, but only after its sizes have been asked for.
    """
    if isinstance(model, Task) and "network" in checkpoint.get("hyper_parameters", {}):
        model.complete(checkpoint["hyper_parameters"]["network"])
    state = None if data is None else checkpoint.get(type(data).__qualname__)
    if data is not None and state:
        data.load_state_dict(state)


def other_recipe(checkpoint: Mapping[str, Any], path: str, recipe: Mapping[str, Any]) -> str | None:
    """What is not as it was when a checkpoint was written, in a sentence; None where all is.

    Args:
        checkpoint: What `read_checkpoint` returned.
        path: Its file, for messages.
        recipe: The recipe with which training goes on.

    Raises:
        UserError: the checkpoint is from within an epoch, and the data makes other batches now.
    """
    before = checkpoint.get("zoo", {}).get("recipe")
    if before is None:
        return None  # it was not written by `zoo fit`, or by an earlier one
    old, new = _options(before), _options(recipe)
    changed = {
        key: f"{key} was {_told(old.get(key))}, is {_told(new.get(key))}" for key in _differing(old, new)
    }
    batches = [text for key, text in changed.items() if _changes_batches(key)]
    done = _batches_done(checkpoint)
    if done and batches:
        raise UserError(
            f"the checkpoint {path} is from within epoch {checkpoint['epoch'] + 1}, after {done} batches, "
            f"and {'; '.join(batches[:3])}; expected the same data, or a checkpoint from the end of an epoch"
        )
    sentences = [changed.pop("seed_everything") + NO_EFFECT] if "seed_everything" in changed else []
    if changed:
        sentences.insert(0, f"{'; '.join(changed.values())}: training goes on, but not as it would have")
    return "; ".join(sentences) or None


def _batches_done(checkpoint: Mapping[str, Any]) -> int:
    """The training batches of an epoch within which the checkpoint was written, else 0."""
    loop = checkpoint["loops"]["fit_loop"]
    epochs = loop["epoch_progress"]["current"]
    done: int = loop["epoch_loop.batch_progress"]["current"]["processed"]
    return done if epochs["ready"] > epochs["processed"] else 0


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The options that differ, without those of parts that are others altogether."""
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return [key for key in keys if not any(key.startswith(f"{other}.") for other in keys)]


def _told(value: Any) -> str:
    return "unset" if value is None else repr(value)


def _changes_batches(key: str) -> bool:
    return key.startswith("data") and key.rpartition(".")[2] not in SAME_BATCHES


def _options(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Every option of a recipe on which the weights depend, by its dotted name."""
    trainer = {key: value for key, value in (recipe.get("trainer") or {}).items() if key in TRAINS}
    found = {"seed_everything": recipe.get("seed_everything")}
    return found | dict(_flat(recipe.get("data"), "data")) | dict(_flat(trainer, "trainer"))


def _flat(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The scalars in a value by dotted names, in which parts of a list have the names of their classes."""
    if isinstance(value, Mapping) and "class_path" in value:
        yield place, value["class_path"]
        yield from _flat(value.get("init_args") or {}, place)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{place}.{key}")
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for item in value:
            yield from _flat(item, f"{place}.{item['class_path']}" if "class_path" in item else place)
    else:
        yield place, value


def _differences(saved: Any, asked: Any, skipped: Sequence[str], place: str = "") -> Iterator[str]:
    """What differs between two sets of hyper-parameters, in words."""
    for key in sorted(saved.keys() & asked.keys() - set(skipped)):
        old, new, dotted = saved[key], asked[key], f"{place}{key}"
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, (), f"{dotted}.")
        elif _plain(old) != _plain(new) and dotted not in FREE and not (new is None and key in SIZES):
            yield f"{dotted} is {old!r} in the checkpoint, {new!r} in the recipe"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
