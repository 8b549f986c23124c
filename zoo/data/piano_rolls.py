"""Polyphonic music: which keys sound next."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Sampler

from zoo.data import DATA
from zoo.data.base import Record, SequenceData, check_counts
from zoo.data.batches.datasets import Batch, RaggedSequences, SequenceDataset
from zoo.data.batches.orders import Bucketed, InOrder
from zoo.data.batches.splits import Split
from zoo.data.reading.roll_files import Pieces, read_rolls


@final
class Rolls(SequenceDataset):
    """Pieces of different lengths, each frame with the next one as its target.

    Args:
        pieces: (T, N) each, uint8, 1 where a key sounds.
    """

    def __init__(self, pieces: Sequence[Tensor]) -> None:
        self.pieces = RaggedSequences(pieces)
        self.lengths = self.pieces.lengths - 1

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """`x` (B, T - 1, N), `y` (B, T - 1, N), one frame later, and `lengths` (B,) if they differ."""
        batch = self.pieces.__getitems__(indices)
        frames = batch["x"].float()
        made = {"x": frames[:, :-1], "y": frames[:, 1:]}
        return made | ({"lengths": batch["lengths"] - 1} if "lengths" in batch else {})


@final
@DATA.register("piano_rolls")
class PianoRolls(SequenceData):
    """Piano rolls from one file: of MATLAB (.mat, version 5 to 7.2) or of numpy (.npz).

    A file of MATLAB has cells traindata, validdata and testdata with one matrix (T, N) for each piece, as
    those of Bai et al. have; one of numpy has arrays train_0, train_1, ..., valid_0, ..., test_0, ...
    (T, N), or train, valid and test (pieces, T, N). Each entry is 0, or 1 where a key sounds.
    Batches: `x` (B, T, N), all frames of a piece but the last; `y` (B, T, N), the frame after each; `lengths`
    (B,) if they differ. The first frame is no target, as in Bai et al.
    Reference: Boulanger-Lewandowski et al., 2012, https://arxiv.org/abs/1206.6392; Bai et al., 2018,
    https://arxiv.org/abs/1803.01271.

    Args:
        root: The file, or a folder with one such file.
        lowest: MIDI number of the first key, by which predictions are named; 21 is the lowest of a piano.
        batch_size: Pieces of one batch.
        seed: Decides shuffles.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    no_folds = "its files say what is tested; expected its own test set, and runs with other seeds"

    def __init__(
        self,
        root: str | Path | None = None,
        lowest: int = 21,
        batch_size: int = 8,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        if root is None:
            raise ValueError("no data is named: give root, a .mat or .npz file of piano rolls")
        check_counts(lowest=lowest + 1)
        self.root, self.lowest = Path(root), lowest
        self._pieces: Pieces = {}
        self._keys: int | None = None

    @property
    def sizes(self) -> dict[str, int]:
        if self._keys is None:
            self._keys = self.pieces("train")[0].shape[1]
        return {"input_size": self._keys, "num_labels": self._keys}

    @property
    def legend(self) -> dict[str, Any]:
        """`labels`, the MIDI numbers of the keys."""
        return {"labels": [self.lowest + key for key in range(self.sizes["num_labels"])]}

    def pieces(self, split: Split) -> list[Tensor]:
        """The pieces of a split.

        Raises:
            FileNotFoundError: there is no file.
            ValueError: it has another format, or is malformed.
        """
        if not self._pieces:
            self._pieces = read_rolls(self._file())
        return self._pieces[split]

    def load(self, split: Split) -> Rolls:
        return Rolls(self.pieces(split))

    def state_dict(self) -> dict[str, Any]:
        """The number of keys, for the checkpoint."""
        return {} if self._keys is None else {"keys": self._keys}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over the number of keys that a model was trained with."""
        self._keys = state_dict.get("keys")

    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        assert isinstance(data, Rolls)
        return Bucketed(data.lengths, self.whole_batch, self.seed) if split == "train" else InOrder(data)

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """What is predicted for each frame of each piece but its first."""
        for piece, record in enumerate(records):
            yield {"piece": piece, **record}

    def given(self, items: Sequence[Any]) -> SequenceDataset:
        """Pieces of a user's own, arrays (T, N) of 0 and 1; the next frame is predicted after each.

        Raises:
            ValueError: one is no piano roll of these keys.
        """
        keys, pieces = self.sizes["input_size"], []
        for number, item in enumerate(items):
            roll = torch.as_tensor(np.asarray(item))
            if (
                roll.ndim != 2
                or roll.shape[1] != keys
                or not roll.shape[0]
                or not ((roll == 0) | (roll == 1)).all()
            ):
                raise ValueError(
                    f"item {number} has shape {tuple(roll.shape)}; expected (T, {keys}) of 0 and 1"
                )
            pieces.append(roll.float())
        return RaggedSequences(pieces)

    def _file(self) -> Path:
        """The file of piano rolls."""
        if not self.root.is_dir():
            return self.root
        found = sorted(path for path in self.root.iterdir() if path.suffix.lower() in (".mat", ".npz"))
        if len(found) != 1:
            names = ", ".join(path.name for path in found) or "none"
            raise ValueError(
                f"{self.root} has {len(found)} files of piano rolls ({names}); give root as one file"
            )
        return found[0]
