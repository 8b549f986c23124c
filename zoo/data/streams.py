"""Parallel streams of one long text, for language models that carry their state from batch to batch."""

from abc import abstractmethod
from typing import Any, final

import torch
from jaxtyping import Int64
from torch import Tensor
from torch.utils.data import Dataset, DistributedSampler, Sampler

from zoo.data.base import check_counts
from zoo.data.batches.datasets import IGNORED, Batch
from zoo.data.batches.loader import ResumableLoader
from zoo.data.batches.orders import InOrder
from zoo.data.batches.splits import Split
from zoo.data.text import TextData


@final
class TokenStreams(Dataset[Batch]):
    """A text cut into parallel streams, and these into chunks; item k is the k-th chunk of every stream.

    Every token but the first is the target exactly once. Streams are equally long; what the last ones lack is
    filled with ignored targets at their end. The last chunk may be shorter than the others.

    Args:
        tokens: The text, as numbers.
        streams: How many streams to cut; fewer than tokens.
        steps: Tokens of one chunk.
    """

    def __init__(self, tokens: Int64[Tensor, " N"], streams: int, steps: int) -> None:
        pairs = len(tokens) - 1
        length = -(-pairs // streams)
        x, y = tokens.new_zeros(streams * length), tokens.new_full((streams * length,), IGNORED)
        x[:pairs], y[:pairs] = tokens[:-1], tokens[1:]
        self.tokens = tokens
        self.x = x.view(streams, length)
        self.y = y.view(streams, length)
        self.steps = steps

    def share(self, rank: int, ranks: int) -> "TokenStreams":
        """The streams of one device among `ranks`, each of which gets as many as there are now."""
        streams = len(self.x)
        shared = TokenStreams(self.tokens, streams * ranks, self.steps)
        mine = slice(rank * streams, (rank + 1) * streams)
        shared.x, shared.y = shared.x[mine], shared.y[mine]
        return shared

    def __len__(self) -> int:
        return -(-self.x.shape[1] // self.steps)

    def __getitem__(self, index: int) -> Batch:
        """`x` and `y` (B, T), the tokens and those after them, and `starts` (B,): the streams begin here."""
        if not 0 <= index < len(self):
            raise IndexError(f"chunk {index} of {len(self)}")
        chunk = slice(index * self.steps, (index + 1) * self.steps)
        return {
            "x": self.x[:, chunk].contiguous(),
            "y": self.y[:, chunk].contiguous(),
            "starts": torch.full((len(self.x),), index == 0),
        }


class StreamData(TextData):
    """Text for language models, in parallel streams.

    Args:
        batch_size: Parallel streams for training and validation.
        steps: Tokens of one chunk, through which gradients flow.
        test_batch_size: Parallel streams for testing and predicting; 1 reads the text as it stands.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    no_folds = "a text is one stream, and has no items to divide; expected its own test text"

    def __init__(self, batch_size: int, steps: int, test_batch_size: int, num_workers: int) -> None:
        super().__init__(batch_size, num_workers=num_workers)
        check_counts(steps=steps, test_batch_size=test_batch_size)
        self.steps = steps
        self.test_batch_size = test_batch_size

    @abstractmethod
    def text(self, split: Split) -> str:
        """The text of a split."""

    @property
    def legend(self) -> dict[str, Any]:
        """The `tokens` of the vocabulary, in the order of their numbers; `decode` makes a text of numbers."""
        decode = self.vocabulary.decode
        return {"tokens": [decode([number]) for number in range(len(self.vocabulary))], "decode": decode}

    def prompt(self, text: str) -> list[int]:
        """The numbers of a text that a model is to go on from."""
        return self.vocabulary.encode_open(text)

    def load(self, split: Split) -> TokenStreams:
        tokens = torch.tensor(self.vocabulary.encode(self.text(split)), dtype=torch.long)
        name = "batch_size" if split in ("train", "val") else "test_batch_size"
        streams = self.batch_size if name == "batch_size" else self.test_batch_size
        if len(tokens) <= streams:
            raise ValueError(
                f"the {split} text has {len(tokens)} tokens, too few for {streams} parallel streams; "
                f"set {name} to less than {max(2, len(tokens))} or give more text"
            )
        return TokenStreams(tokens, streams, self.steps)

    @final
    def loader(self, split: Split) -> ResumableLoader:
        """A new loader over a split: chunk by chunk, in the order of the text.

        Of several processes each has streams of its own in training and validation; in a test each reads all
        of the text, as one process would, for other streams would begin anew elsewhere.
        """
        data = self.dataset(split)
        if not isinstance(data, TokenStreams):
            raise self.unexpected(split, data, "TokenStreams of zoo.data.streams")
        order: Sampler[int] = InOrder(data)
        if self.trainer is not None and self.trainer.world_size > 1:
            if split in ("train", "val"):
                data = data.share(self.trainer.global_rank, self.trainer.world_size)
            # When it sees this sampler, Lightning does not share out what is shared already, or is not to be.
            order = DistributedSampler(data, num_replicas=1, rank=0, shuffle=False)
        return self.loader_over(data, order, batch_size=None)
