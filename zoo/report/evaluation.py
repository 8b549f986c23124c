"""What a run gets wrong, as `zoo evaluate` has found it."""

from collections.abc import Sequence

from zoo.report.figure import Section, Table
from zoo.report.run import Run, remarks
from zoo.runs.evaluation import EVALUATION


def evaluation(runs: Sequence[Run]) -> Section | None:
    """The section of what was got wrong; None where nobody has evaluated."""
    found = [run for run in runs if run.evaluation]
    notes = remarks(runs, EVALUATION)
    if not found and not notes:
        return None
    several = len(runs) > 1
    tables = [
        Table(
            f"{run.name}: {sheet.title}" if several else sheet.title,
            tuple(sheet.head),
            tuple(tuple(row) for row in sheet.rows),
        )
        for run in found
        for sheet in run.evaluation
    ]
    return Section(
        title="What it gets wrong",
        caption="On test data, as `zoo evaluate` measured it: F1 is high only where what is said is right "
        "and what is right is said. The worst are worth reading: they may be labelled wrongly.",
        tables=tables,
        notes=notes,
    )
