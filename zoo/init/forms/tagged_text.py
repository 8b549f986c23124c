"""Sentences with a tag for each word."""

from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import Any, final

from zoo.data.tagged_text import TaggedText
from zoo.init.balance import balance
from zoo.init.forms import FORMS
from zoo.init.found import Asked, Form, Found, counted
from zoo.init.sizes import STOPS, batch_for, epochs_for, trainer
from zoo.init.source import Source

LONGEST = 200
"""Rows between blank lines, at the most, of what is a file of sentences."""
FEWEST = 3
"""Sentences without which a file in columns may be something else."""
SPANS = ("B-", "I-", "E-", "S-")


@final
@FORMS.register("tagged_text")
class TaggedTextForm(Form):
    """Sentences with a tag for each word."""

    rank = 20
    expects = (
        "sentences with a tag for each word: CoNLL-U, or a word and its tag in a line, a blank line between"
    )

    def look(self, source: Source, asked: Asked) -> Found | None:
        is_conllu = source.file.suffix.lower() == ".conllu"
        if not is_conllu and not _has_sentences(source.head):
            return None
        column = _column(asked.target)
        encoding = source.encoding or "utf-8"
        data = TaggedText(source.root, tag=column, encoding=encoding)
        data.learn()
        sentences = data.sentences("train")
        tags = Counter(tag for sentence in sentences for tag in sentence.tags if tag is not None)
        words, lengths = tags.total(), [len(sentence.tokens) for sentence in sentences]
        in_spans = any(tag.startswith(SPANS) for tag in tags)
        batch = batch_for(len(sentences))
        told = "upos" if is_conllu and column is None else _told(column)
        chain = " The tags are those of spans: a CRF scores which follows which." if in_spans else ""
        options = {"root": str(source.root), "tag": column, "encoding": encoding, "characters": True}
        count = counted(len(sentences), "training sentence")
        return Found(
            what=f"Sentences with a tag for each word: {count} of {source.file.name}",
            facts=(
                f"{counted(words, 'word')}, {min(lengths)} to {max(lengths)} in a sentence.",
                *balance(tags, "tag"),
                *_others(data, source, tags),
            ),
            guesses=(f"Taken for the tag: {told} (--target says otherwise).{chain}",),
            recipe={
                "seed_everything": 1,
                "model": _model(in_spans),
                "data": {
                    "class_path": "TaggedText",
                    "init_args": {**options, "max_characters": 30, "unseen": "ignore", "batch_size": batch},
                },
                "trainer": trainer(min(15, epochs_for(len(sentences), batch)), patience=3),
            },
            comments={
                "model.init_args.network.characters": "words never seen before are read by their letters",
                "data.init_args.unseen": "a tag that only test data has is not counted, which is said",
                "trainer.callbacks": STOPS,
            },
        )


def _others(data: TaggedText, source: Source, tags: Counter[str]) -> Iterator[str]:
    """The files of other splits, and the first tag of each that training has not."""
    for split, path in source.others:
        rows = (
            (line, tag)
            for sentence in data.sentences(split)
            for line, tag in zip(sentence.lines, sentence.tags, strict=True)
        )
        unseen = next(((line, tag) for line, tag in rows if tag is not None and tag not in tags), None)
        where = "" if unseen is None else f", line {unseen[0]}: tag {unseen[1]!r} is none of training"
        yield f"For {split}: {path.name}{where}{', and not counted (unseen: ignore)' if where else ''}."


def _model(in_spans: bool) -> dict[str, Any]:
    """A BiLSTM over words, each read by its embedding and by a BiLSTM over its characters."""
    letters = {"cell": "lstm", "hidden_size": 50, "direction": "bidirectional"}
    network = {
        "encoder": {"cell": "lstm", "hidden_size": 100, "direction": "bidirectional"},
        "embedding_size": 64,
        "characters": {"encoder": letters, "embedding_size": 32},
        "input_dropout": 0.2,
        "output_dropout": 0.3,
    }
    options = {"network": network, "crf": in_spans, "optimizer": {"name": "Adam", "lr": 0.002}}
    return {"class_path": "SequenceTagger", "init_args": options}


def _column(target: str | None) -> int | str | None:
    return int(target) if target is not None and target.isdigit() else target


def _told(column: int | str | None) -> str:
    return "the last column" if column is None else f"column {column!r}"


def _has_sentences(lines: list[str]) -> bool:
    """Whether rows of as many columns stand in blocks, and few different words in the last column."""
    blocks: list[list[list[str]]] = [[]]
    for line in lines:
        if not line.strip():
            blocks.append([])
        elif not line.startswith(("#", "-DOCSTART-")):
            blocks[-1].append(line.split())
    blocks = [block for block in blocks if block]
    rows = [row for block in blocks for row in block]
    if len(blocks) < FEWEST or not 1 < median(map(len, blocks)) <= LONGEST:
        return False
    widths = Counter(map(len, rows))
    width, count = widths.most_common(1)[0]
    tags = {row[-1] for row in rows}
    return 2 <= width <= 20 and count > 0.95 * len(rows) and 1 < len(tags) <= max(10, len(rows) / 4)
