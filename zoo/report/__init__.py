"""One page about a run, or about several side by side, made from the files in their folders."""

from zoo.report.write import write_report
from zoo.runs.folders import find_run

__all__ = ["find_run", "write_report"]
