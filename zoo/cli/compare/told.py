"""Prints a comparison, and writes its table and its picture."""

from collections.abc import Sequence
from pathlib import Path

from zoo.callbacks.say import say
from zoo.cli.compare.comparison_folder import trials_in
from zoo.cli.errors import FailedError, UserError, of_disk
from zoo.comparison.finished import finished
from zoo.comparison.measure import chosen
from zoo.comparison.picture import draw
from zoo.comparison.standing import contests, standings
from zoo.comparison.trial import Trial
from zoo.comparison.write import CSV, PAGE, PICTURE, page, tables, told, write_page, write_trials
from zoo.registry import unknown


def compare_finished(
    folders: Sequence[Path], metric: str | None, against: str | None, output: Path | None
) -> None:
    """Compares runs that have ended; nothing is written unless somebody says where.

    Raises:
        UserError: they have nothing in common.
        ValueError: a folder holds no run.
        FailedError: what was found cannot be written.
    """
    kept = [trial for folder in folders for trial in trials_in(folder).values()]
    others = [folder for folder in folders if not trials_in(folder)]
    tell([*kept, *finished(others)], metric, against, output)


def tell(trials: Sequence[Trial], metric: str | None, against: str | None, folder: Path | None) -> None:
    """Prints what runs come to, and writes it to a folder.

    Args:
        trials: The runs.
        metric: What they are compared by; None takes the task's own.
        against: The variant that the others are held against; None is the first that has not failed.
        folder: None writes nothing.

    Raises:
        UserError: there is nothing to compare by, or no such variant.
        FailedError: what was found cannot be written.
    """
    if not any(trial.metrics for trial in trials):
        raise FailedError(f"no run has measured anything; the first says: {trials[0].error}")
    try:
        measure = chosen([trial for trial in trials if not trial.error] or trials, metric)
    except ValueError as error:
        raise UserError(str(error)) from error
    found = standings(trials, measure)
    names = [standing.variant for standing in found]
    if against is not None and against not in names:
        raise UserError(unknown("variant", against, names))
    reference = against or next((standing.variant for standing in found if standing.values), names[0])
    held = contests(found, reference, measure)
    shown = tables(found, held, reference, measure)
    for line in told(found, held, shown):
        print(line, flush=True)
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_trials(trials, folder / CSV)
        write_page(page(found, held, shown), folder / PAGE)
        draw(found, measure, folder / PICTURE)
    except OSError as error:
        raise FailedError(f"the comparison cannot be written: {of_disk(error)}") from error
    say("table", str(folder / CSV))
    say("page", str(folder / PAGE))
    say("picture", str(folder / PICTURE))
