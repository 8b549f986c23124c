"""Data sets of the UEA/UCR archive: a class or a number for each series."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor
from torch.utils.data import Sampler

from zoo.data import DATA
from zoo.data.base import Record, SequenceData, check_option
from zoo.data.batches.datasets import RaggedSequences, SequenceDataset
from zoo.data.batches.orders import Bucketed, InOrder
from zoo.data.batches.splits import Fold, Split, chance, check_fractions, stratified_split
from zoo.data.reading.archive_files import ENDINGS, Case, Header, read_archive
from zoo.data.reading.faults import listed
from zoo.data.reading.labels import numbered
from zoo.data.time_series.scaling import SCALES, Scaling, filled
from zoo.data.time_series.steps import two_axes


@final
@DATA.register("time_series_archive")
class TimeSeriesArchive(SequenceData):
    """Series with a class or a number each, as the UEA/UCR archive has them: `.ts` or ARFF files.

    Univariate, multivariate, of unequal lengths, and with missing values (`?`), which are filled with the
    last value before them, or with the training mean where there is none. Validation is held out of the
    training file, stratified by class. Batches: `x` (B, T, I); `y`, the class (B,) or the scaled number
    (B, 1); `lengths` (B,) if they differ.
    Reference: Dau et al., 2019, https://arxiv.org/abs/1810.07758; Bagnall et al., 2018,
    https://arxiv.org/abs/1811.00075.

    Args:
        root: Folder with NAME_TRAIN.ts and NAME_TEST.ts (or .arff), or one of the two files.
        name: NAME, where the folder has several data sets.
        scale: standard (mean and standard deviation of each dimension of the training part), robust or none.
        masks: Whether `x` has a further column for each dimension: 1 where its value was missing.
        val_fraction: Share of the training file for validation; 0 validates on the test file, so that no
            choice may be made by it.
        encoding: Encoding of the files.
        batch_size: Series of one batch.
        seed: Decides shuffles and what is held out.
        num_workers: Processes that load batches; 0 loads in the training process.
        folds: Folds of a cross-validation in the series of both files, of which one is tested; of the others
            val_fraction, which may not be 0, is held out for validation.
        fold: The fold that is tested, from 0.
    """

    def __init__(
        self,
        root: str | Path,
        name: str | None = None,
        scale: str = "standard",
        masks: bool = False,
        val_fraction: float = 0.2,
        encoding: str = "utf-8",
        batch_size: int = 32,
        seed: int = 0,
        num_workers: int = 0,
        folds: int | None = None,
        fold: int = 0,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        self.chance = chance(seed, folds, fold)
        check_option("scale", scale, SCALES)
        check_fractions(val_fraction, 0.0, zero=folds is None, by=self.chance)
        self.root, self.name, self.scale, self.masks = Path(root), name, scale, masks
        self.val_fraction, self.encoding = val_fraction, encoding
        self.labels: list[str] = []
        self.number: Scaling | None = None
        self._scaling: Scaling | None = None
        self._read: dict[Path, tuple[Header, list[Case]]] = {}

    def path(self, part: str) -> Path:
        """The file called like `NAME_TRAIN.ts`.

        Args:
            part: "TRAIN" or "TEST".

        Raises:
            FileNotFoundError: there is none.
            ValueError: there are several.
        """
        folder, name = self.root, self.name
        if self.root.is_file():
            folder, name = self.root.parent, self.root.stem.rpartition("_")[0]
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        named = [path for path in files if path.suffix.lower() in ENDINGS]
        fitting = [
            path
            for path in named
            if path.stem.upper().endswith(f"_{part}") and name in (None, path.stem[: -1 - len(part)])
        ]
        if self.root.is_file():
            fitting = [path for path in fitting if path.suffix == self.root.suffix]
        names = listed([path.name for path in named], 10) or "none"
        if not fitting:
            wanted = f"{name or 'NAME'}_{part}.ts"
            raise FileNotFoundError(
                f"{folder} has no file called like {wanted} or .arff (such files: {names})"
            )
        if len({path.stem for path in fitting}) > 1:
            raise ValueError(f"{folder} has several data sets ({names}); give the name of one as name")
        return fitting[-1]  # .ts before .arff

    def cases(self, split: Split) -> list[Case]:
        """The series of a split, in the order of their file; of a fold, those of the training file first.

        Raises:
            FileNotFoundError: there is no file for it.
            ValueError: the file is malformed; names the line.
        """
        part = "test" if split == "val" and self.val_fraction == 0 else split
        if isinstance(self.chance, Fold):
            return self._part([*self._file("TRAIN")[1], *self._file("TEST")[1]], part)
        return self._file("TEST")[1] if part == "test" else self._part(self._file("TRAIN")[1], part)

    def _part(self, cases: list[Case], split: Split) -> list[Case]:
        names = sorted({"" if self._is_number else case.label for case in cases})
        strata = torch.tensor([0 if self._is_number else names.index(case.label) for case in cases])
        chosen = stratified_split(strata, self.val_fraction, 0.0, self.chance, names)[split]
        return [cases[k] for k in chosen.tolist()]

    def _place(self, case: Case) -> tuple[Path, int]:
        """The file of a series, and its line there."""
        homes = (path for path, (_, cases) in self._read.items() if any(case is each for each in cases))
        return next(homes), case.line

    @property
    def scaling(self) -> Scaling:
        """The scaling of the dimensions, from the training part unless a checkpoint brought it."""
        if self._scaling is None:
            cases = self.cases("train")
            if self._is_number:
                numbers = np.array([[self._number(case)] for case in cases])
                self.number = Scaling.fitted([numbers], "none" if self.scale == "none" else "standard")
            else:
                occurring = {case.label for case in cases}
                named = self._file("TRAIN")[0].labels or sorted(occurring)
                self.labels = [label for label in named if label in occurring]
            self._scaling = Scaling.fitted([case.values for case in cases], self.scale)
        return self._scaling

    @property
    def tests_early(self) -> bool:
        return True

    @property
    def sizes(self) -> dict[str, int]:
        width = len(self.scaling.center) * (2 if self.masks else 1)
        return {"input_size": width} | (
            {"num_classes": len(self.labels)} if self.labels else {"output_size": 1}
        )

    @property
    def legend(self) -> dict[str, Any]:
        return {"labels": self.labels} if self.labels else {}

    def load(self, split: Split) -> RaggedSequences:
        scaling, cases = self.scaling, self.cases(split)
        for case in cases:
            if case.values.shape[1] != len(scaling.center):
                path, line = self._place(case)
                raise ValueError(
                    f"{path}, line {line}: {case.values.shape[1]} dimensions, expected those of the "
                    f"training data, {len(scaling.center)}"
                )
        return RaggedSequences([self._tensor(case.values) for case in cases], self._targets(cases))

    def in_units(self, numbers: Tensor) -> Tensor:
        if self.number is None:
            return numbers
        return numbers * float(self.number.spread[0]) + float(self.number.center[0])

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Each series by its line in the test file, of folds also by its file, with the label given there."""
        several = isinstance(self.chance, Fold)
        for case, record in zip(self.cases("test"), records, strict=False):
            home = {"file": self._place(case)[0].name} if several else {}
            yield {**home, "line": case.line, **self.said(record), "given_label": case.label}

    def given(self, items: Sequence[Any]) -> RaggedSequences:
        """Arrays (T, I) in their own units, NaN where a value is missing.

        Raises:
            ValueError: they are of another width.
        """
        names = [f"dimension {k}" for k in range(len(self.scaling.center))]
        return RaggedSequences(
            [self._tensor(two_axes(k, item, names, 1, fills=True)) for k, item in enumerate(items)]
        )

    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        assert isinstance(data, RaggedSequences)
        return Bucketed(data.lengths, self.whole_batch, self.seed) if split == "train" else InOrder(data)

    def state_dict(self) -> dict[str, Any]:
        """Scaling and labels as plain values, for the checkpoint."""
        if self._scaling is None:
            return {}
        number = None if self.number is None else self.number.plain()
        return {"labels": list(self.labels), "scaling": self._scaling.plain(), "number": number}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what a checkpoint's model was trained with."""
        if not state_dict or state_dict == self.state_dict():
            return
        self.labels, self._scaling = list(state_dict["labels"]), Scaling.restored(state_dict["scaling"])
        number = state_dict["number"]
        self.number = None if number is None else Scaling.restored(number)
        self._datasets.clear()

    @property
    def _is_number(self) -> bool:
        return self._file("TRAIN")[0].is_number

    def _file(self, part: str) -> tuple[Header, list[Case]]:
        path = self.path(part)
        if path not in self._read:
            self._read[path] = read_archive(path, self.encoding)
        return self._read[path]

    def _tensor(self, values: Float64[np.ndarray, "..."]) -> Tensor:
        x = self.scaling.down(filled(values)).nan_to_num_(0)
        return torch.cat([x, torch.from_numpy(np.isnan(values)).float()], 1) if self.masks else x

    def _number(self, case: Case) -> float:
        try:
            return float(case.label)
        except ValueError:
            path, line = self._place(case)
            raise ValueError(
                f"{path}, line {line}: the target is {case.label!r}, expected a number"
            ) from None

    def _targets(self, cases: Sequence[Case]) -> Tensor:
        if self.number is not None:
            return self.number.down(np.array([[self._number(case)] for case in cases]))
        numbers = numbered(
            [case.label for case in cases],
            self.labels,
            lambda item: "{}, line {}".format(*self._place(cases[item])),
            lambda items: f"{len(items)} of {len(cases)} series",
        )
        return torch.tensor(numbers)
