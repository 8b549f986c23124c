"""Texts and their translations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

from zoo.init.forms import FORMS
from zoo.init.found import Asked, Form, Found, counted
from zoo.init.sizes import STOPS, batch_for, epochs_for, trainer, width_for
from zoo.init.source import Source
from zoo.init.table import Table

# fmt: off
NAMES = frozenset([
    "source", "target", "src", "tgt", "trg", "input", "output", "text", "translation", "original",
    "arabic", "chinese", "czech", "danish", "dutch", "english", "finnish", "french", "german", "greek",
    "hindi", "hungarian", "italian", "japanese", "korean", "norwegian", "polish", "portuguese",
    "romanian", "russian", "spanish", "swedish", "turkish", "ukrainian", "deutsch", "englisch", "en",
    "de", "fr", "es", "it", "nl", "pt", "ru", "zh", "ja", "cs", "pl", "sv",
])
# fmt: on
"""What columns of translations are called."""


@final
@FORMS.register("parallel_text")
class ParallelTextForm(Form):
    """Texts and their translations."""

    rank = 25
    expects = "texts and translations: lines of a text, a tab and its translation, or train.src and train.tgt"

    def look(self, source: Source, asked: Asked) -> Found | None:
        if asked != Asked():
            return None
        pairs = _lines(source) if source.pair is not None else _columns(source)
        if pairs is None:
            return None
        names = _names(pairs) if source.pair is None else None
        pairs = pairs if names is None else pairs[1:]
        sides = [[pair[k] for pair in pairs] for k in (0, 1)]
        units = [_unit(side) for side in sides]
        count = sum(1 for line in source.lines() if line.strip()) - (names is not None)
        batch = batch_for(count)
        options: dict[str, Any] = {"root": str(source.root), "encoding": source.encoding}
        options |= {"source_unit": units[0], "target_unit": units[1]}
        guesses = ["Translated from the first to the second; source_unit and target_unit may be otherwise."]
        if names is not None:
            options |= {"header": True}
            guesses.append(
                f"Line 1 names the columns, {names[0]} and {names[1]}; header: false makes it a pair."
            )
        if source.pair is not None:
            options |= {"source": _ending(source.file), "target": _ending(source.pair)}
        return Found(
            what=f"Texts and their translations: {counted(count, 'pair')} of {source.file.name}",
            facts=tuple(_facts(sides, units, source)),
            guesses=tuple(guesses),
            recipe={
                "seed_everything": 1,
                "model": _model(max(64, width_for(count))),
                "data": {
                    "class_path": "ParallelText",
                    "init_args": {**options, "batch_size": batch},
                },
                "trainer": trainer(epochs_for(count, batch)),
            },
            comments={
                "model.init_args.decoder.attention": "each step of the target looks at what matters to it",
                "trainer.callbacks": STOPS,
            },
        )


def _model(width: int) -> dict[str, Any]:
    """A bidirectional GRU that reads, one that writes, and attention between them."""
    cell = {"cell": "gru", "hidden_size": width}
    options = {
        "network": {"encoder": {**cell, "direction": "bidirectional"}, "input_dropout": 0.1},
        "decoder": {"stack": cell, "attention": "additive"},
        "optimizer": {"name": "Adam", "lr": 0.002},
    }
    return {"class_path": "SequenceToSequence", "init_args": options}


def _lines(source: Source) -> list[tuple[str, str]]:
    """The first pairs of two files."""
    assert source.pair is not None
    other = Source(source.pair, source.pair)
    return [
        (one, two) for one, two in zip(source.head, other.head, strict=False) if one.strip() and two.strip()
    ]


def _columns(source: Source) -> list[tuple[str, str]] | None:
    """The first pairs of a table of two columns, both of which differ from row to row."""
    table = Table.of(source)
    if table is None or table.separator != "\t" or len(table.columns) != 2:
        return None
    if any(column.is_numeric or column.distinct < len(column.values) / 2 for column in table.columns):
        return None
    rows = [line.split("\t") for line in source.head if line.count("\t") == 1]
    return [(one, two) for one, two in rows if one.strip() and two.strip()] or None


def _names(pairs: list[tuple[str, str]]) -> tuple[str, str] | None:
    """The first pair, if it is two usual names, or two words where hardly another pair is."""
    if all(text.strip().lower() in NAMES for text in pairs[0]):
        return pairs[0]
    first, *others = ([len(text.split()) for text in pair] for pair in pairs)
    alike = sum(each == [1, 1] for each in others)
    return pairs[0] if first == [1, 1] and others and alike <= len(others) / 50 else None


def _facts(sides: list[list[str]], units: list[str], source: Source) -> Iterator[str]:
    for name, side, unit in zip(("Sources", "Targets"), sides, units, strict=True):
        sizes = [len(text.split()) if unit == "words" else len(text) for text in side]
        yield f"{name} by {unit}, {min(sizes)} to {max(sizes)} a text."
    yield from (f"For {split}: {path.name}." for split, path in source.others)


def _unit(side: list[str]) -> str:
    """Words, unless there are hardly two in a text."""
    words = sum(len(text.split()) for text in side) / len(side)
    return "words" if words >= 2 else "characters"


def _ending(path: Path) -> str:
    return path.suffix.removeprefix(".")
