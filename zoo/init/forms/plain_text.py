"""Text without labels: a language model learns to go on with it."""

from typing import NamedTuple, final

from zoo.init.forms import FORMS
from zoo.init.found import Asked, Form, Found, counted
from zoo.init.sizes import trainer
from zoo.init.source import Source

CELLS_OF_TEXT = 5_000_000
"""Characters beyond which words are modelled, and no longer characters."""
ENDINGS = (".txt", ".text", ".md", ".rst", ".tex", "")


class Size(NamedTuple):
    """How much text there is; `kinds` are different characters."""

    characters: int
    words: int
    lines: int
    kinds: int


@final
@FORMS.register("plain_text")
class PlainTextForm(Form):
    """Text without labels."""

    rank = 90
    expects = "plain text, for a language model"

    def look(self, source: Source, asked: Asked) -> Found | None:
        if asked != Asked() or source.encoding is None or source.file.suffix.lower() not in ENDINGS:
            return None
        size = _size(source)
        if not size.words:
            return None
        whole_words = "<unk>" in "\n".join(source.head) or size.characters > CELLS_OF_TEXT
        unit = "words" if whole_words else "characters"
        width = 256 if size.characters > 500_000 else 128
        streams, steps = (20, 35) if whole_words else (32, 64)
        tokens = size.words + size.lines if whole_words else size.characters
        streams = max(1, min(streams, tokens // (steps * 10)))
        epochs = max(3, min(40, round(4000 * streams * steps / tokens)))
        data = {"root": str(source.root), "unit": unit, "encoding": source.encoding, "batch_size": streams}
        network = {"encoder": {"cell": "lstm", "hidden_size": width, "num_layers": 2, "dropout": 0.1}}
        other = "characters" if whole_words else "words"
        return Found(
            what=f"Text: {counted(size.characters, 'character')} of {source.file.name}",
            facts=(
                f"{counted(size.lines, 'line')}, {counted(size.words, 'word')}, "
                f"{counted(size.kinds, 'different character')}.",
                *(f"For {split}: {path.name}." for split, path in source.others),
            ),
            guesses=(f"Modelled by {unit} (unit: {other} says otherwise); encoding {source.encoding}.",),
            recipe={
                "seed_everything": 1,
                "model": {
                    "class_path": "LanguageModel",
                    "init_args": {"network": network, "optimizer": {"name": "Adam", "lr": 0.003}},
                },
                "data": {"class_path": "TextFile", "init_args": {**data, "steps": steps}},
                "trainer": trainer(epochs, patience=2),
            },
            comments={
                "data.init_args.steps": "gradients flow through so many tokens, the state beyond them",
                "trainer.callbacks": "training ends when val/loss has not fallen for two epochs",
            },
        )


def _size(source: Source) -> Size:
    """Counts a text, a line at a time."""
    characters = words = lines = 0
    kinds: set[str] = set()
    for line in source.lines():
        characters += len(line) + 1
        words += len(line.split())
        lines += 1
        kinds.update(line)
    return Size(characters, words, lines, len(kinds))
