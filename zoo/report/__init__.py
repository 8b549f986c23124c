"""One page about a run, or about several side by side, made from the files in their folders."""

from zoo.report.folders import find_run
from zoo.report.write import write_report

__all__ = ["find_run", "write_report"]
