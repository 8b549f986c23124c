"""Texts with labels, in tables or in lines of a label and a text."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from zoo.data.labelled_text import LabelledText
from zoo.data.reading.rows import UNQUOTED, parquet_rows
from zoo.data.reading.tables import PARQUET
from zoo.init.balance import balance
from zoo.init.check import check
from zoo.init.forms import FORMS
from zoo.init.found import Asked, Form, Found, counted
from zoo.init.sizes import STOPS, batch_for, epochs_for, trainer, width_for
from zoo.init.source import Source
from zoo.init.table import Column, Table

LABELS = ("label", "class", "category", "target", "sentiment")
TEXTS = ("text", "sentence", "review", "comment", "message", "tweet", "utterance", "question")
"""What columns of these kinds are called."""

MANY = 1000
"""Texts from which on words that occur once can be spared."""
RARE = "words that occur once teach nothing"


@final
@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where text and label stand."""

    separator: str
    header: bool
    text: Column
    label: Column


@final
@FORMS.register("labelled_text")
class LabelledTextForm(Form):
    """Texts with labels."""

    rank = 30
    expects = "texts with labels: CSV, TSV or Parquet with a column of each, or lines of a label and a text"

    def look(self, source: Source, asked: Asked) -> Found | None:
        layout = _layout(source, asked.target)
        if layout is None:
            return None
        labels, lengths, lacking = _counts(source, layout)
        rows = lengths.total()
        if len(labels) < 2:
            return None
        batch = batch_for(rows)
        encoding = "" if source.encoding is None else f"; encoding {source.encoding}"
        guesses = (
            f"Taken for the text: column {layout.text.name!r}; for the label: {layout.label.name!r} "
            f"(--target says otherwise){encoding}.",
        )
        recipe = _recipe(source, layout, rows, lacking, batch)
        check(source, LabelledText(**recipe["data"]["init_args"]))
        return Found(
            what=f"Texts with labels: {counted(rows, 'text')} of {source.file.name}",
            facts=tuple(_facts(labels, lengths, lacking, source)),
            guesses=guesses,
            recipe=recipe,
            comments={
                "model.init_args.network.pooling": "the strongest signal of any word counts",
                "model.init_args.network.output_dropout": "texts are learned by heart without it",
                **({"data.init_args.min_count": RARE} if rows >= MANY else {}),
                "trainer.callbacks": STOPS,
            },
        )


def _layout(source: Source, target: str | None) -> Layout | None:
    table = Table.of(source)
    if table is None:
        return None if target is not None else _label_and_text(source)
    called = _called(table, target)
    if called is not None:
        return called
    if not any(column.is_text for column in table.columns):
        return None if target is not None else _label_and_text(source)
    labels = [column for column in table.columns if column.is_label]
    label = table.named(target) if target is not None else _likeliest(labels)
    texts = [column for column in table.columns if column.is_text and column is not label]
    if label is None or not texts:
        return None
    text = max(texts, key=lambda column: column.words)
    return Layout(separator=table.separator, header=table.header, text=text, label=label)


def _called(table: Table, target: str | None) -> Layout | None:
    """Columns that are called text and label, however short the texts, and however often one occurs."""
    names = {column.name.lower(): column for column in table.columns if not column.is_numeric}
    text = next((names[name] for name in TEXTS if name in names), None)
    others = [column for column in table.columns if column is not text and column.distinct > 1]
    label = _likeliest([column for column in others if column.name.lower() in LABELS])
    label = label if target is None else table.named(target)
    if text is None or label is None or label is text or not table.header:
        return None
    return Layout(separator=table.separator, header=True, text=text, label=label)


def _likeliest(labels: Sequence[Column]) -> Column | None:
    """The column that is called like a label, or else the one of fewest values."""
    called = [each for each in labels if each.name.lower() in LABELS]
    return min(called or labels, key=lambda column: column.distinct, default=None)


def _label_and_text(source: Source) -> Layout | None:
    """Lines of a label, a space and a text: the first words are few."""
    divided = [line.split(" ", 1) for line in source.head if line.strip()]
    if len(divided) < 10 or any(len(parts) < 2 for parts in divided):
        return None
    label = Column(name="0", number=0, values=tuple(parts[0] for parts in divided), missing=0)
    text = Column(name="1", number=1, values=tuple(parts[1] for parts in divided), missing=0)
    often = min(Counter(label.values).values()) >= 2 or label.distinct <= len(divided) / 20
    if not often or label.distinct > 60 or not label.distinct > 1 or not text.is_text:
        return None
    return Layout(separator=" ", header=False, text=text, label=label)


def _counts(source: Source, layout: Layout) -> tuple[Counter[str], Counter[int], int]:
    """How often each label and each number of words occurs, and how many rows lack one of the two."""
    labels, lengths, lacking = Counter[str](), Counter[int](), 0
    for number, row in enumerate(_rows(source, layout.separator)):
        if number == 0 and layout.header:
            continue
        text, label = (
            row[k].strip() if k < len(row) else "" for k in (layout.text.number, layout.label.number)
        )
        if not text or not label:
            lacking += 1
            continue
        labels[label] += 1
        lengths[len(text.split())] += 1
    return labels, lengths, lacking


def _rows(source: Source, separator: str) -> Iterator[list[str]]:
    """All rows, a piece of the file at a time."""
    if source.file.suffix.lower() == PARQUET:
        yield from parquet_rows(source.file)
    elif separator not in UNQUOTED:
        yield from (row for row in csv.reader(source.lines(), delimiter=separator) if any(row))
    else:
        yield from (
            line.split(separator, 1 if separator == " " else -1) for line in source.lines() if line.strip()
        )


def _facts(labels: Counter[str], lengths: Counter[int], lacking: int, source: Source) -> Iterator[str]:
    rows = lengths.total()
    mean = sum(length * count for length, count in lengths.items()) / rows
    yield f"Words of a text: {min(lengths)} to {max(lengths):,}, {mean:.0f} on average."
    yield from balance(labels)
    if lacking:
        yield f"{counted(lacking, 'row')} without a text or a label: left out (empty: skip)."
    yield from (f"For {split}: {path.name}." for split, path in source.others)


def _recipe(source: Source, layout: Layout, rows: int, lacking: int, batch: int) -> dict[str, Any]:
    width = width_for(rows)
    data: dict[str, Any] = {"root": str(source.root), "separator": layout.separator, "header": layout.header}
    data |= {
        "text": layout.text.name if layout.header else layout.text.number,
        "label": layout.label.name if layout.header else layout.label.number,
    }
    if source.encoding is not None:
        data["encoding"] = source.encoding
    if lacking:
        data["empty"] = "skip"
    return {
        "seed_everything": 1,
        "model": {
            "class_path": "SequenceClassifier",
            "init_args": {
                "network": {
                    "encoder": {"cell": "lstm", "hidden_size": width, "direction": "bidirectional"},
                    "embedding_size": width,
                    "pooling": "max",
                    "input_dropout": 0.3,
                    "output_dropout": 0.5,
                },
                "optimizer": {"name": "Adam", "lr": 0.002},
            },
        },
        "data": {
            "class_path": "LabelledText",
            "init_args": {**data, "lower": True, "min_count": 2 if rows >= MANY else 1, "batch_size": batch},
        },
        "trainer": trainer(epochs_for(rows, batch)),
    }
