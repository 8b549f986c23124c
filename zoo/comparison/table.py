"""The tables of a comparison, for people: on a terminal, and as Markdown."""

import math
from collections.abc import Sequence

from zoo.comparison.measure import Measure
from zoo.comparison.paired import LEVEL
from zoo.comparison.standing import Contest, Standing, best
from zoo.pictures.wording import number
from zoo.report.figure import Table

NOTHING = "–"


def overview(found: Sequence[Standing], measure: Measure) -> Table:
    """A row for each variant; that with the best mean has a star."""
    first = best(found, measure)
    count = max((len(standing.trials) for standing in found), default=0)
    has_encoder = any(trial.encoder_parameters for standing in found for trial in standing.trials)
    head = ["variant", "stack", "parameters", *(["in encoder"] if has_encoder else []), measure.name]
    head += ["± std", "runs", "seconds", "verdict"]
    rows = [_row(standing, standing is first, has_encoder) for standing in found]
    title = f"{measure.name}, mean of {count} {'run' if count == 1 else 'runs'}, {measure.words}"
    return Table(title, tuple(head), tuple(rows))


def _row(standing: Standing, is_best: bool, has_encoder: bool) -> tuple[str, ...]:
    sizes = [trial for trial in standing.trials if trial.parameters is not None]
    known = sizes[0] if sizes else standing.trials[0]
    encoder = [_count(known.encoder_parameters)] if has_encoder else []
    done, begun = len(standing.values), len(standing.trials)
    return (
        f"{standing.variant}{' *' if is_best else ''}",
        known.stack or NOTHING,
        _count(known.parameters),
        *encoder,
        decimals(standing.mean, standing.deviation),
        decimals(standing.deviation, standing.deviation),
        str(begun) if done == begun else f"{done} of {begun}",
        NOTHING if math.isnan(standing.seconds) else f"{standing.seconds:,.1f}",
        standing.verdict or NOTHING,
    )


def decisions(found: Sequence[Contest], against: str, measure: Measure) -> Table | None:
    """A row for each variant that is held against another; None where no seeds pair."""
    if not found:
        return None
    head = ("variant", "difference", "interval of it", "p", "verdict")
    several = f" of all {len(found)} together" if len(found) > 1 else ""
    title = f"{measure.name} less that of {against}, seed by seed; intervals of 95 %{several}"
    return Table(title, head, tuple(_decision(each) for each in found))


def _decision(contest: Contest) -> tuple[str, ...]:
    pairs = contest.paired
    spread = (pairs.high - pairs.low) / 20
    ends = [_signed(end, spread) for end in (pairs.low, pairs.high)]
    return (
        contest.variant,
        _signed(pairs.mean, spread),
        NOTHING if math.isnan(pairs.low) else f"{ends[0]} to {ends[1]}",
        f"{contest.p:.2g}",
        contest.verdict,
    )


def failures(found: Sequence[Standing]) -> list[str]:
    """A line for each run that has failed."""
    return [
        f"{trial.variant}{'' if trial.seed is None else f', seed {trial.seed}'}: {trial.error}"
        for standing in found
        for trial in standing.failed
    ]


def findings(found: Sequence[Standing]) -> list[str]:
    """What the verdicts say in full: for each variant the sentence of its first run that has one."""
    told = [
        (standing.variant, trial.finding)
        for standing in found
        for trial in standing.trials[:1]
        if trial.finding
    ]
    return [f"{variant}: {sentence}" for variant, sentence in told]


def lines(table: Table) -> list[str]:
    """A table in columns: the first is to the left, as is what has words; numbers are to the right."""
    rows = [table.head, *table.rows]
    columns = [
        _aligned([row[place] for row in rows], is_first=place == 0) for place in range(len(table.head))
    ]
    return ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]


def markdown(table: Table) -> list[str]:
    """A table in Markdown."""
    rules = ["---" if place == 0 else "---:" for place in range(len(table.head))]
    return [f"| {' | '.join(cells)} |" for cells in (table.head, rules, *table.rows)]


def _aligned(cells: Sequence[str], is_first: bool) -> list[str]:
    width = max(map(len, cells))
    has_words = any(cell[:1].isalpha() for cell in cells[1:])
    return [cell.ljust(width) if is_first or has_words else cell.rjust(width) for cell in cells]


def decimals(value: float, spread: float) -> str:
    """A number with the digits that its spread leaves meaning to: two of the spread."""
    if math.isnan(value):
        return NOTHING
    if not (math.isfinite(spread) and spread > 1e-9 * abs(value) and math.isfinite(value)):
        return number(value)
    places = min(max(1 - math.floor(math.log10(spread)), 0), 6)
    return f"{value:,.{places}f}"


def _signed(value: float, spread: float) -> str:
    text = decimals(value, spread)
    return text if text.startswith(("-", "−", NOTHING)) else f"+{text}"


def _count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


LEGEND = (
    "std: over seeds, of the sample (n - 1). *: the best mean, which by itself decides nothing.",
    f"p: how often random signs make the mean difference as large, by Holm where there are several; a "
    f"verdict needs {LEVEL:g} or less. if normal: by the interval alone, which takes differences for normal.",
)
