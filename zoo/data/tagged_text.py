"""Tagged text on the user's own files: parts of speech, names, chunks."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

from torch import Tensor
from torch.utils.data import Dataset, Sampler

from zoo.data import DATA
from zoo.data.base import Record, check_counts, check_option
from zoo.data.batches.datasets import IGNORED, Batch, SequenceDataset
from zoo.data.batches.orders import Bucketed, ByLength, InOrder
from zoo.data.batches.splits import Split, chance
from zoo.data.batches.tagged_sequences import TaggedSequences
from zoo.data.reading.faults import listed
from zoo.data.reading.files import tell
from zoo.data.reading.split_files import SplitFiles
from zoo.data.reading.tagged_rows import TaggedRows, TaggedSentence
from zoo.data.reading.untagged import untagged
from zoo.data.text import TextData
from zoo.data.words.vocabulary import Characters, Words
from zoo.data.words.word_forms import WordForms
from zoo.data.words.word_vectors import start_of
from zoo.registry import nearest

UNSEEN = ("refuse", "ignore")
STEPS = {"tokens": "word", "tags": "tag", "probabilities": "probability", "given_tags": "given_tag"}
"""What is said of the words of a sentence -> what it is called for one."""
MOST_TAGS = 24  # that an error shows


@final
@DATA.register("tagged_text")
class TaggedText(TextData):
    """Sentences with a tag for each word, from files in columns (CoNLL) or CoNLL-U; batched by length.

    A row holds a word, a blank line ends a sentence. In column files lines that begin with -DOCSTART- end a
    sentence, too, and lines that begin with # and have not as many columns as the rows are comments, of which
    a line says how many were met. In CoNLL-U comments, words written as one (1-2) and empty nodes (1.1) are
    left out, and a tag "_" is none.

    The vocabulary is learned from the training sentences only: `<pad>` is 0, `<unk>` is 1; so are the
    characters, 0 for padding and 1 for unknown ones. Tags are numbered in sorted order. Batches: `x` (B, T),
    words; `y` (B, T), the tag, -100 beyond the end and where there is none; `lengths` (B,) if they differ;
    `characters` (B, T, C). For predicting, sentences come in the order of the file, and a file given as
    predict has no `y`.

    Args:
        root: A folder with files called like train, dev and test (`en_ewt-ud-dev.conllu`), or one file, which
            is divided by chance among those of train, val and test that are not given.
        train: Training file, instead of the one in root.
        val: Validation file, instead of the one in root; with train and test but without val, a part of the
            training file is held out.
        test: Test file, instead of the one in root.
        predict: File to predict on, for which tags are not needed, or with a sentence in each line; the test
            set if not given.
        format: "conllu", other "columns", or "auto", for what the ending .conllu says.
        token: Column of the word, by number from 0 or by name; by default the first one, in CoNLL-U form.
        tag: Column of the tag, by number, -1 for the last, or by name; by default the last one, in CoNLL-U
            upos; xpos and deprel are others. A name of another file stands in its first line.
        separator: Between columns; by default a tab where there is one, else any white space.
        encoding: Encoding of the files.
        lower: Whether to turn words to lower case; characters keep theirs.
        digits: "zero" reads every digit of a word as 0; "keep" as it is.
        min_count: Words that are less frequent in the training sentences become `<unk>`.
        vocab_size: Most words, `<pad>` and `<unk>` included; None keeps all.
        max_length: Most words of a sentence; None keeps all.
        characters: Whether batches hold the characters of words, too.
        max_characters: Most characters of a word, its first ones; None keeps all.
        unseen: Whether to refuse a tag that training data does not have, or to ignore it: it is not counted.
        vectors: Pretrained vectors that the embedding of words starts from: GloVe, word2vec's text form or
            fastText's .vec, also ending in .gz. Read when training begins, and never again.
        val_fraction: Share of a divided file for validation.
        test_fraction: Share of a divided file for testing.
        batch_size: Sentences of one batch.
        seed: Decides split and shuffles.
        num_workers: Processes that load batches; 0 loads in the training process.
        folds: Folds of a cross-validation, of which one is tested; of the others val_fraction is held out for
            validation, and test_fraction says nothing. Needs one file, given as root.
        fold: The fold that is tested, from 0.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        train: str | Path | None = None,
        val: str | Path | None = None,
        test: str | Path | None = None,
        predict: str | Path | None = None,
        format: str = "auto",
        token: int | str | None = None,
        tag: int | str | None = None,
        separator: str | None = None,
        encoding: str = "utf-8",
        lower: bool = False,
        digits: str = "keep",
        min_count: int = 1,
        vocab_size: int | None = None,
        max_length: int | None = None,
        characters: bool = False,
        max_characters: int | None = None,
        unseen: str = "refuse",
        vectors: str | Path | None = None,
        val_fraction: float = 0.1,
        test_fraction: float = 0.1,
        batch_size: int = 32,
        seed: int = 0,
        num_workers: int = 0,
        folds: int | None = None,
        fold: int = 0,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        self.chance = chance(seed, folds, fold)
        check_option("unseen", unseen, UNSEEN)
        _check_most(max_length=max_length, max_characters=max_characters)
        files: dict[Split, str | Path | None] = {"train": train, "val": val, "test": test, "predict": predict}
        self.files = SplitFiles(root, files, val_fraction, test_fraction, by=self.chance)
        self.reader = TaggedRows(format=format, token=token, tag=tag, separator=separator, encoding=encoding)
        self.forms = WordForms(lower=lower, digits=digits, min_count=min_count, vocab_size=vocab_size)
        self.max_length, self.max_characters = max_length, max_characters
        self.characters, self.unseen = characters, unseen
        self.vectors = None if vectors is None else Path(vectors)
        self.tags: list[str] = []
        self.alphabet = Characters([])
        self._sentences: dict[Split, list[TaggedSentence]] = {}

    @property
    def tests_early(self) -> bool:
        return True

    @property
    def sizes(self) -> dict[str, int]:
        words = len(self._words())
        own = {"character_vocab_size": 1 + len(self.alphabet)} if self.characters else {}
        return {"vocab_size": words, "num_classes": len(self.tags)} | own

    @property
    def legend(self) -> dict[str, Any]:
        return {"tags": self.tags}

    def learn(self) -> Words:
        """Learns tags, characters and vocabulary from the training sentences.

        Raises:
            FileNotFoundError: there is no training file.
            ValueError: the file is malformed, or all tags are the same.
        """
        sentences = self.sentences("train")
        self.tags = sorted({tag for sentence in sentences for tag in sentence.tags if tag is not None})
        if len(self.tags) < 2:
            raise ValueError(
                f"{sentences[0].path}: every tag is {self.tags[0]!r}, expected two different ones"
            )
        tokens = [token for sentence in sentences for token in sentence.tokens]
        self.alphabet = Characters.learn("".join(tokens))
        return self.forms.learn(tokens)

    def sentences(self, split: Split) -> list[TaggedSentence]:
        """The sentences of a split, in the order of their file.

        Raises:
            FileNotFoundError: there is no file for the split.
            ValueError: the file is malformed; names the line.
        """
        if split not in self._sentences:
            source = self.files.find(split)
            predicts = split == "predict"
            found = (
                untagged(source.path, self.reader, self.tags) if predicts else self.reader.read(source.path)
            )
            sentences = [self._cut(sentence) for sentence in found]
            self._sentences |= source.divided(sentences, self.chance, [0] * len(sentences))
        return self._sentences[split]

    def load(self, split: Split) -> TaggedSequences:
        self._words()
        sentences = self.sentences(split)
        tags = None if split == "predict" else self._numbered_tags(sentences)
        return self._sequences([sentence.tokens for sentence in sentences], tags)

    def load_predict(self) -> Dataset[Batch]:
        return self.load("predict") if "predict" in self.files.given else self.dataset("test")

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Each sentence with the line it begins in, its words, and the tags that the file gives."""
        split: Split = "predict" if "predict" in self.files.given else "test"
        sentences = self.sentences(split)
        is_tagged = any(tag is not None for sentence in sentences for tag in sentence.tags)
        for number, (sentence, record) in enumerate(zip(sentences, records, strict=False), 1):
            given = {"given_tags": list(sentence.tags)} if is_tagged else {}
            words = {"tokens": list(sentence.tokens), **record, **given}
            yield {"sentence": number, "line": sentence.lines[0], **words}

    def by_step(self, row: Record) -> Iterator[Record]:
        """A row for each word."""
        names = [name for name in STEPS if name in row]
        for values in zip(*(row[name] for name in names), strict=True):
            word = dict(zip((STEPS[name] for name in names), values, strict=True))
            yield {"sentence": row["sentence"], "line": row["line"], **word}

    def given(self, items: Sequence[Any]) -> TaggedSequences:
        """Sentences, as lists of words or as texts in which white space divides them.

        Raises:
            ValueError: one has no word, or is none of these.
        """
        return self._sequences([_words_of(number, item) for number, item in enumerate(items)])

    def embedding_start(self) -> tuple[Tensor, Tensor] | None:
        """Words by their numbers (N,), and their vectors (N, E) in the file `vectors`; None without one."""
        return start_of(self.vectors, self._words())

    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        assert isinstance(data, TaggedSequences)
        if split == "train":
            return Bucketed(data.lengths, self.whole_batch, self.seed)
        return InOrder(data) if split == "predict" else ByLength(data.lengths)

    def state_dict(self) -> dict[str, Any]:
        """Vocabulary, characters and tags as plain values, for the checkpoint."""
        state = super().state_dict()
        return {**state, "tags": list(self.tags), "characters": list(self.alphabet.types)} if state else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over a checkpoint's vocabulary, characters and tags."""
        super().load_state_dict(state_dict)
        self.tags, self.alphabet = list(state_dict["tags"]), Characters(state_dict["characters"])

    def _words(self) -> Words:
        """The vocabulary, before which neither tags nor characters are known."""
        words = self.vocabulary
        assert isinstance(words, Words)
        return words

    def _cut(self, sentence: TaggedSentence) -> TaggedSentence:
        path, lines, tokens, tags = sentence
        most = self.max_length
        return TaggedSentence(path, lines[:most], tokens[:most], tags[:most])

    def _sequences(
        self, sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[int]] | None = None
    ) -> TaggedSequences:
        words = self._words()
        items = [words.numbers(map(self.forms.of, tokens)) for tokens in sentences]
        if not self.characters:
            return TaggedSequences(items, tags)
        spelled = [[self._spelled(token) for token in tokens] for tokens in sentences]
        return TaggedSequences(items, tags, spelled)

    def _spelled(self, token: str) -> list[int]:
        """The characters of a word as numbers, of which 0 is left for padding."""
        return [1 + number for number in self.alphabet.encode(token[: self.max_characters])]

    def _numbered_tags(self, sentences: list[TaggedSentence]) -> list[list[int]]:
        numbers: dict[str | None, int] = {tag: number for number, tag in enumerate(self.tags)}
        numbers[None] = IGNORED
        unknown = [
            (sentence.path, line, tag)
            for sentence in sentences
            for line, tag in zip(sentence.lines, sentence.tags, strict=True)
            if tag not in numbers
        ]
        if unknown:
            self._meet(unknown)
        return [[numbers.get(tag, IGNORED) for tag in sentence.tags] for sentence in sentences]

    def _meet(self, unknown: list[tuple[Path, int, str | None]]) -> None:
        """Refuses tags that do not occur in the training data, or says that they are not counted."""
        path, line, tag = unknown[0]
        others = list(dict.fromkeys(repr(each) for _, _, each in unknown if each != tag))
        too = f", nor do {listed(others)}" if others else ""
        said = (
            f"{path}, line {line}: tag {tag!r} does not occur in the training data, in {len(unknown)} rows "
            f"(lines {listed([number for _, number, _ in unknown])}){too}"
        )
        if self.unseen == "ignore":
            tell(f"{said}: not counted")
            return
        raise ValueError(
            f"{said}{nearest(str(tag), self.tags) or ';'} Known: {listed(self.tags, MOST_TAGS)}; "
            f"unseen: ignore does not count them"
        )


def _check_most(**values: int | None) -> None:
    check_counts(**{name: value for name, value in values.items() if value is not None})


def _words_of(number: int, item: object) -> list[str]:
    words = item.split() if isinstance(item, str) else item
    if not isinstance(words, list | tuple) or not words or not all(isinstance(word, str) for word in words):
        raise ValueError(
            f"item {number} is {item!r}; expected a text of at least one word, or a list of them"
        )
    if "" in words:
        raise ValueError(f"item {number} has an empty word, in {item!r}; expected none")
    return list(words)
