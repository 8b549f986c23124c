"""Says what a search has found, and writes it: a table of all trials, a page, pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from matplotlib.figure import Figure

from zoo.comparison.measure import Measure
from zoo.comparison.table import lines, markdown
from zoo.pictures.wording import number
from zoo.report.figure import Table
from zoo.runs.atomic_file import atomic_file
from zoo.runs.record_file import write_rows
from zoo.sweep.importance import paint_importance
from zoo.sweep.parallel import paint_parallel
from zoo.sweep.scale import Scale
from zoo.sweep.trial import SweepTrial, ranked

CSV, PAGE, PARALLEL, IMPORTANCE = "sweep.csv", "sweep.md", "parallel.png", "importance.png"
SHOWN = 10
"""Trials in the tables for people; all of them are in the CSV file."""


@final
@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search has found so far.

    Attributes:
        trials: All of them.
        scales: Of the options that vary.
        measure: What was made better.
        importances: Option -> its share of 1; nothing where trials are too few to say.
    """

    trials: Sequence[SweepTrial]
    scales: Sequence[Scale]
    measure: Measure
    importances: Mapping[str, float]

    @property
    def order(self) -> list[SweepTrial]:
        """The trials that came to their end, the best first."""
        return ranked(self.trials, self.measure)

    def told(self) -> Iterator[str]:
        """All of it as lines for a terminal."""
        table = self._table()
        yield from ("", table.title, "", *(f"  {line}" for line in lines(table)), "")
        yield from self._sentences()

    def write(self, folder: Path, best: Path | None) -> None:
        """Writes all of it.

        Args:
            folder: Where to.
            best: The recipe of the best trial.

        Raises:
            OSError: it cannot be written.
        """
        self.write_table(folder)
        pictures = self._pictures()
        for name, figure in pictures.items():
            with atomic_file(folder / name) as file:
                figure.savefig(file, format="png")
        with atomic_file(folder / PAGE) as file:
            file.write(self._page(list(pictures), best).encode())

    def write_table(self, folder: Path) -> None:
        """Writes the row of each trial.

        Raises:
            OSError: it cannot be written.
        """
        write_rows((trial.row(self.measure.name) for trial in self.trials), folder / CSV)

    def _pictures(self) -> dict[str, Figure]:
        found: dict[str, Figure] = {}
        if self.order:
            found[PARALLEL] = paint_parallel(self.trials, self.scales, self.measure)
        if self.importances:
            found[IMPORTANCE] = paint_importance(self.importances, self.measure)
        return found

    def _page(self, pictures: Sequence[str], best: Path | None) -> str:
        table = self._table()
        blocks = ["# Sweep", f"## {table.title}", "\n".join(markdown(table)), *self._sentences()]
        if best is not None:
            blocks.append(f"The best trial's recipe: `zoo fit --config {best}`")
        blocks += [f"![{name.partition('.')[0]}]({name})" for name in pictures]
        return "\n\n".join(blocks) + "\n"

    def _table(self) -> Table:
        names = [scale.name for scale in self.scales]
        head = ("trial", self.measure.name, *names, "parameters", "epochs", "seconds")
        rows = tuple(_cells(trial, names) for trial in self.order[:SHOWN])
        return Table(f"{self.measure.name} of the best trials, {self.measure.words}", head, rows)

    def _sentences(self) -> Iterator[str]:
        """What the table does not say."""
        counts = {
            "came to their end": len(self.order),
            "were given up early": sum(trial.outcome == "pruned" for trial in self.trials),
            "have failed": sum(trial.outcome == "failed" for trial in self.trials),
            "are not done": sum(trial.outcome == "open" for trial in self.trials),
        }
        told = ", ".join(f"{count} {words}" for words, count in counts.items() if count)
        yield f"Of {len(self.trials)} trials {told}."
        for trial in self.trials:
            if trial.error:
                chosen = ", ".join(f"{name} {value}" for name, value in trial.chosen.items())
                yield f"Failed: trial {trial.number} ({chosen}): {trial.error}"


def _cells(trial: SweepTrial, names: Sequence[str]) -> tuple[str, ...]:
    chosen = [trial.chosen[name] for name in names]
    return (
        str(trial.number),
        number(trial.value),
        *(number(value) if isinstance(value, float) else str(value) for value in chosen),
        "–" if trial.parameters is None else f"{trial.parameters:,}",
        str(trial.epochs),
        "–" if trial.seconds is None else f"{trial.seconds:.1f}",
    )
