"""Cells whose new state is linear in the old one, run over all of time without a loop over their steps."""

from zoo.engines.scan.affine_form import LinearForm, linear_form
from zoo.engines.scan.run import LinearRun, refusal, run_linear
from zoo.engines.scan.scan import linear_scan

__all__ = ["LinearForm", "LinearRun", "linear_form", "linear_scan", "refusal", "run_linear"]
