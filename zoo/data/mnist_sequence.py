"""MNIST and its successors as sequences, from IDX files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

from torch import Tensor

from zoo.data import DATA
from zoo.data.base import SequenceData, check_counts
from zoo.data.batches.datasets import ImageSequences, TensorSequences
from zoo.data.batches.images import as_sequences, check_reading, given_images
from zoo.data.batches.splits import Split
from zoo.data.reading.faults import listed
from zoo.data.reading.files import existing
from zoo.data.reading.idx import read_idx

WHITE = 255
PREFIX = {"train": "train", "test": "t10k"}


@final
@DATA.register("mnist_sequence")
class MNISTSequence(SequenceData):
    """MNIST or a successor (Fashion, Kuzushiji) from IDX files in a folder, by rows or pixel by pixel.

    The folder holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
    `t10k-labels-idx1-ubyte`, each plain or with the ending `.gz`. Any number of images will do. Batches: `x`
    (B, H, W) or, by pixels, (B, H * W, 1), in [0, 1]; `y` (B,), the class.
    Reference: Le et al., 2015, https://arxiv.org/abs/1504.00941 (the pixel orders).

    Args:
        root: Folder of the IDX files.
        batch_size: Images of one batch.
        order: rows (28 steps of 28 pixels) or pixels (784 steps of 1).
        permutation: Seed of one fixed shuffle of the pixels of all images; needs order pixels.
        val_size: Images for validation, taken from the end of the training file.
        num_classes: Classes that the labels count from 0.
        seed: Decides shuffles.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    no_folds = "its files say what is tested; expected its own test set, and runs with other seeds"

    def __init__(
        self,
        root: str | Path,
        batch_size: int = 128,
        order: str = "rows",
        permutation: int | None = None,
        val_size: int = 5000,
        num_classes: int = 10,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        check_reading(order, permutation)
        check_counts(val_size=val_size, num_classes=num_classes)
        self.root = Path(root)
        self.image_order = order
        self.permutation = permutation
        self.val_size = val_size
        self.num_classes = num_classes
        self._input_size: int | None = None
        self._parts: dict[str, tuple[Tensor, Tensor]] = {}

    @property
    def sizes(self) -> dict[str, int]:
        if self._input_size is None:
            raise ValueError("MNISTSequence knows its sizes only after setup()")
        return {"input_size": self._input_size, "num_classes": self.num_classes}

    @property
    def legend(self) -> dict[str, Any]:
        return {"labels": list(range(self.num_classes))}

    def given(self, items: Sequence[Any]) -> TensorSequences:
        """Images (H, W) of pixels from 0 to 255."""
        return given_images(items, None, WHITE, self.image_order, self.permutation)

    def load(self, split: Split) -> ImageSequences:
        """Reads one split.

        Raises:
            FileNotFoundError: a file is missing.
            ValueError: a file is malformed, or two do not belong together.
        """
        pixels, labels = self._read("test" if split == "test" else "train")
        if split != "test":
            if len(labels) <= self.val_size:
                raise ValueError(
                    f"{self.root}: {len(labels)} training images leave none to train on after the last "
                    f"val_size = {self.val_size}; set a smaller val_size"
                )
            cut = len(labels) - self.val_size
            part = slice(cut) if split == "train" else slice(cut, None)
            pixels, labels = pixels[part], labels[part]
        self._input_size = pixels.shape[2]
        return ImageSequences(pixels, labels, WHITE)

    def _read(self, part: str) -> tuple[Tensor, Tensor]:
        """The sequences and labels of the training or test files, read once."""
        if part not in self._parts:
            image_file, label_file = (
                self._file(f"{PREFIX[part]}-{name}-ubyte") for name in ("images-idx3", "labels-idx1")
            )
            images, labels = read_idx(image_file, 3), read_idx(label_file, 1).long()
            if len(images) != len(labels):
                raise ValueError(f"{image_file} has {len(images)} images, {label_file} {len(labels)} labels")
            self._check_labels(label_file, labels)
            pixels = as_sequences(images, self.image_order, self.permutation)
            self._check_size(image_file, pixels)
            self._parts[part] = pixels, labels
        return self._parts[part]

    def _check_labels(self, path: Path, labels: Tensor) -> None:
        wrong = (labels >= self.num_classes).nonzero().flatten().tolist()
        if wrong:
            images = "" if len(wrong) == 1 else f" ({listed(wrong)})"
            raise ValueError(
                f"{path}: label {labels.max()}, expected less than num_classes = {self.num_classes}, in "
                f"{len(wrong)} of {len(labels)} images{images}; give num_classes: {labels.max() + 1}"
            )

    def _check_size(self, path: Path, pixels: Tensor) -> None:
        """Refuses images of another size than those read before."""
        for part, (others, _) in self._parts.items():
            if others.shape[1:] != pixels.shape[1:]:
                own, other = (" steps of ".join(map(str, each.shape[1:])) for each in (pixels, others))
                raise ValueError(
                    f"{path}: its images are {own} pixels, and those of the {part} files {other}; expected "
                    f"the same size"
                )

    def _file(self, name: str) -> Path:
        compressed = self.root / f"{name}.gz"
        return compressed if compressed.is_file() else existing(self.root / name, f"{name} (or {name}.gz)")
