"""What a teacher would say of a run, from its files."""

import warnings
from pathlib import Path

from zoo.verdict.judge import Finding, judge
from zoo.verdict.measured import measurements_of


def verdict_of(folder: Path) -> list[Finding]:
    """The findings on a run; where its files are too broken to judge, that is the finding."""
    with warnings.catch_warnings():
        # The page says itself what of a file is left out.
        warnings.simplefilter("ignore")
        try:
            return judge(measurements_of(folder))
        except (ValueError, TypeError, LookupError, AttributeError, OSError, ArithmeticError) as error:
            told = str(error).partition("\n")[0]
            return [Finding(severity="warning", text=f"The files of this run cannot be judged: {told}.")]
