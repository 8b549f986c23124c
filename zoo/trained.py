"""A trained model with all that it takes to use it: vocabulary, labels, scaling."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, final

import torch
from lightning.pytorch import LightningDataModule

from zoo.data import DATA
from zoo.data.base import SequenceData
from zoo.data.batches.datasets import RaggedSequences, SequenceDataset
from zoo.data.batches.given import given_arrays
from zoo.data.streams import StreamData
from zoo.data.time_series.own_frames import is_frame
from zoo.data.words.vocabulary import UNKNOWN_CHARACTER, Vocabulary
from zoo.generation import Sampling, tokens_after
from zoo.pretrained import Handed, is_handed, read_folder
from zoo.pretrained.folder import fill
from zoo.registry import Registry, UnknownNameError
from zoo.runs.checkpoint_file import read_checkpoint
from zoo.runs.folders import checkpoint_in
from zoo.tasks import TASKS
from zoo.tasks.answers import Map, Record
from zoo.tasks.base import Task
from zoo.tasks.contract import Batch
from zoo.tasks.language_model import LanguageModel
from zoo.tasks.sequence_to_sequence import SequenceToSequence


def load(path: str | Path, data: SequenceData | None = None) -> "Trained":
    """A trained model, from a checkpoint, the folder of a run, of which it takes the best one, or an export.

    Either is read as data: it names registered parts, and nothing in it runs.

    Args:
        path: A file that `zoo fit` or a Trainer with a task of the zoo has written, `runs/NAME/version_K`, or
            `runs/NAME` for its newest version; or a folder of `zoo export` or `zoo pull`.
        data: A data module made as that of the run, which takes over what that had learned. A checkpoint of
            `zoo fit` says by itself what its data was; one of a Trainer in Python does not.

    Raises:
        ValueError: there is no such checkpoint, it is damaged, or it is of something else.
        UnknownNameError: it is of a task or a data module that is not registered.
    """
    if is_handed(Path(path)):
        return _handed_on(read_folder(Path(path)), data)
    file = checkpoint_in(Path(path)) if Path(path).is_dir() else Path(path)
    checkpoint = read_checkpoint(str(file))
    kind = _registered(TASKS, str(checkpoint.get("task", "a module of Lightning")))
    known = _data_of(checkpoint) if data is None else _taught(data, checkpoint.get(type(data).__qualname__))
    return Trained(kind.load_from_checkpoint(file, map_location="cpu"), known)


@final
class Trained:
    """A trained model that takes what a user has, and says what a user reads.

    Args:
        task: The task, with its weights.
        data: The kind of data it was trained on, which has learned what there is to learn; None where that is
            not known.
    """

    def __init__(self, task: Task, data: SequenceData | None) -> None:
        self.task = task.eval()
        self.data = data

    @torch.no_grad()
    def predict(self, items: Any, batch_size: int = 64) -> list[Record]:
        """What the model says of each item, in their order.

        Args:
            items: Texts, arrays (T, I) of features, or what else the data module takes for one; a single text
                is one item, an array (N, T, I) is N of them, a frame is one series or one for each id.
            batch_size: Items that are computed at once.

        Returns:
            For each item its label and probabilities, its tags, its numbers: plain values by name.

        Raises:
            ValueError: an item is not what the model was trained on, or there are none.
        """
        records = dict[int, Record]()
        for chosen, predicted, batch in self._answered(items, batch_size):
            said = self.task.records(predicted, batch, self._legend)
            in_units = said if self.data is None else map(self.data.said, said)
            records |= zip(chosen, in_units, strict=True)
        return [records[number] for number in range(len(records))]

    @torch.no_grad()
    def attention(self, items: Any, batch_size: int = 64) -> list[Map]:
        """Where the decoder looked while it wrote its answer to each item, in their order.

        Args:
            items: As for `predict`.
            batch_size: Items that are computed at once.

        Returns:
            For each item the weights, `values` (U, S), with the symbols of the answer, `rows`, and of the
            source, `columns`.

        Raises:
            ValueError: the model has no attention, an item is not what it was trained on, or there are none.
        """
        if not isinstance(self.task, SequenceToSequence) or self.task.decoder.attention == "none":
            raise ValueError(
                f"this {type(self.task).__name__} has no attention; expected a SequenceToSequence with a "
                f"decoder that has"
            )
        maps = dict[int, Map]()
        for chosen, predicted, batch in self._answered(items, batch_size):
            called = {place: f"item {number}" for place, number in enumerate(chosen)}
            maps |= zip(chosen, self.task.maps(predicted, batch, called, self._legend), strict=True)
        return [maps[number] for number in range(len(maps))]

    def _answered(self, items: Any, batch_size: int) -> Iterator[tuple[list[int], Any, Batch]]:
        """The numbers of some items, what is predicted for them, and the batch that they are."""
        items = [items] if isinstance(items, str) or is_frame(items) else list(items)
        if not items:
            raise ValueError("there are no items to predict; expected at least one")
        given = self._as_data(items)
        for chosen in _batches(given, batch_size):
            batch = {name: part.to(self.task.device) for name, part in given.__getitems__(chosen).items()}
            yield chosen, self.task.predict_step(batch, 0), batch

    @property
    def _legend(self) -> dict[str, Any]:
        return {} if self.data is None else self.data.legend

    def generate(
        self,
        prompt: str,
        count: int = 200,
        sampling: Sampling = Sampling(),  # noqa: B008 (it is frozen)
    ) -> Iterator[str]:
        """What a language model writes after a prompt, piece by piece as it is drawn.

        Args:
            prompt: The text to go on from.
            count: Tokens to draw: characters, words or byte pairs, as the model was trained.
            sampling: How each is drawn.

        Raises:
            ValueError: it is no language model, there is no vocabulary, or the prompt is empty.
        """
        if not isinstance(self.task, LanguageModel):
            raise ValueError(f"{type(self.task).__name__} does not write text; expected a LanguageModel")
        if not isinstance(self.data, StreamData):
            raise ValueError(
                "there is no vocabulary for the model's tokens; expected a run of `zoo fit`, or "
                "load(PATH, data)"
            )
        begun = self.data.prompt(prompt)
        tokens = torch.tensor(begun, dtype=torch.long, device=self.task.device)
        vocabulary = self.data.vocabulary
        drawn = islice(tokens_after(self.task.model, tokens, sampling, vocabulary.reserved), count)
        return pieces(vocabulary, begun, drawn)

    def _as_data(self, items: Sequence[Any]) -> SequenceDataset:
        if self.data is not None:
            return self.data.given(items)
        width = self.task.network.input_size
        if width is None:
            raise ValueError(
                "the model reads tokens, and there is no vocabulary; expected a run of `zoo fit`, or "
                "load(PATH, data)"
            )
        return given_arrays(items, width)


def pieces(vocabulary: Vocabulary, before: Sequence[int], tokens: Iterable[int]) -> Iterator[str]:
    """What each token adds to the text of those before it; of a character in several tokens all at once."""
    known, said = list(before), vocabulary.decode(before)
    for token in tokens:
        known.append(token)
        text = vocabulary.decode(known)
        if not text.endswith(UNKNOWN_CHARACTER):
            yield text[len(said) :]
            said = text


def _batches(data: SequenceDataset, size: int) -> Iterator[list[int]]:
    """Items of like lengths together."""
    order = list(range(len(data)))
    if isinstance(data, RaggedSequences):
        order = data.lengths.argsort(stable=True).tolist()
    for first in range(0, len(order), size):
        yield order[first : first + size]


def _registered(registry: Registry[Any], name: str) -> Any:
    """The part whose class has this name.

    Raises:
        UnknownNameError: no part has it.
    """
    key = registry.key_of(name)
    if key is None:
        raise UnknownNameError(
            f"the checkpoint is of {name}, which is not registered; if it is your own, import its module "
            f"before"
        )
    return registry[key]


def _handed_on(handed: Handed, data: SequenceData | None) -> Trained:
    """The model in a folder of `zoo export`.

    Raises:
        ValueError: it holds no task, or what it holds does not fit.
        UnknownNameError: it is of a task or a data module that is not registered.
    """
    card = handed.card
    if card["kind"] != "task":
        raise ValueError(
            f"the folder is of a {card['kind']}, not of a task; expected one of `zoo export`, or "
            f"`from_pretrained` of the class"
        )
    try:
        task = TASKS[card["task"]](**card["hyper_parameters"])
    except (TypeError, KeyError) as error:
        raise ValueError(f"no task can be made of the card: {error}; expected one of `zoo export`") from error
    fill(task, handed.weights)
    task.complete(task.network)  # so that it is known to have been trained
    kept = card["data"]
    if data is None and kept is not None:
        data = _data(DATA[kept["name"]], kept["options"])
    return Trained(task, None if data is None else _taught(data, kept and kept["learned"]))


def _data_of(checkpoint: Mapping[str, Any]) -> SequenceData | None:
    """The data module of the run that wrote a checkpoint, with what it had learned.

    Raises:
        ValueError: what the checkpoint says of it makes none, or nothing of what it had learned is there.
    """
    recipe = checkpoint.get("zoo", {}).get("recipe", {}).get("data")
    if not recipe:
        return None
    if not isinstance(recipe, Mapping) or not isinstance(recipe.get("class_path"), str):
        raise ValueError(f"the checkpoint says {recipe!r} of its data; expected class_path and init_args")
    kind = _registered(DATA, recipe["class_path"])
    return _taught(_data(kind, recipe.get("init_args") or {}), checkpoint.get(kind.__qualname__))


def _data(kind: Callable[..., Any], options: Mapping[str, Any]) -> SequenceData:
    """A data module.

    Raises:
        ValueError: it does not take these options.
    """
    try:
        data = kind(**options)
    except TypeError as error:
        raise ValueError(f"the checkpoint's data cannot be made: {error}") from error
    assert isinstance(data, SequenceData)
    return data


def _taught(data: SequenceData, state: Any) -> SequenceData:
    """A data module that has learned what that of the run had.

    Raises:
        ValueError: nothing of that is there.
    """
    kind = type(data)
    if state:
        data.load_state_dict(state)
    elif kind.load_state_dict is not LightningDataModule.load_state_dict:
        raise ValueError(  # it would learn from whatever lies where the training data did
            f"the checkpoint has nothing of what {kind.__name__} had learned; expected one of a run with it"
        )
    return data
