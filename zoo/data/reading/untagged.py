"""Sentences that are to be tagged: rows of words, which may have tags, or a sentence in each line."""

from collections.abc import Collection
from pathlib import Path

from zoo.data.reading.files import read_text, tell
from zoo.data.reading.tagged_rows import DOCUMENT, TaggedRows, TaggedSentence


def untagged(path: Path, reader: TaggedRows, tags: Collection[str]) -> list[TaggedSentence]:
    """The sentences of a file, with the tags that it gives them, if it does.

    Args:
        path: The file.
        reader: How files in columns are read.
        tags: Those that a model knows.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it has no sentence, or rows are at fault; names their lines.
    """
    text = read_text(path, reader.encoding)
    if not reader.is_conllu(path) and reader.separator is None and _is_prose(text, tags):
        tell(f"{path}: lines are taken for sentences, whose words are between spaces")
        lines = [(number, line.split()) for number, line in enumerate(text.split("\n"), 1)]
        return [
            TaggedSentence(path, (number,) * len(words), tuple(words), (None,) * len(words))
            for number, words in lines
            if words
        ]
    try:
        found = reader.read(path)
    except ValueError:  # there need not be tags
        return reader.read(path, tagged=False)
    given = {tag for sentence in found for tag in sentence.tags}
    return found if given & set(tags) else reader.read(path, tagged=False)


def _is_prose(text: str, tags: Collection[str]) -> bool:
    """Whether lines are sentences: of different lengths, or alike by chance and without tags."""
    if "\t" in text:
        return False
    lines = text.strip().split("\n")
    rows = [line.split() for line in lines if line.strip() and not line.startswith(("#", DOCUMENT))]
    widths = {len(row) for row in rows}
    if len(widths) != 1:
        return True
    in_blocks = any(not line.strip() for line in lines)
    return widths != {1} and not in_blocks and not {row[-1] for row in rows} & set(tags)
