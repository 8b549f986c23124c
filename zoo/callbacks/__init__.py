"""What watches and repairs a run: Lightning callbacks, imported on first use."""

from typing import Any

from zoo.registry import Registry

CALLBACKS: Registry[Any] = Registry("callback")
CALLBACKS.declare("exact_resume", "zoo.callbacks.exact_resume:ExactResume")
CALLBACKS.declare("gradient_clipping", "zoo.callbacks.gradient_clipping:GradientClipping")
CALLBACKS.declare("gradient_histogram", "zoo.callbacks.gradient_histogram:GradientHistogram")
CALLBACKS.declare("gradient_through_time", "zoo.callbacks.gradient_through_time:GradientThroughTime")
CALLBACKS.declare("non_finite_guard", "zoo.callbacks.non_finite_guard:NonFiniteGuard")
CALLBACKS.declare("recurrence_health", "zoo.callbacks.recurrence_health:RecurrenceHealth")
CALLBACKS.declare("verdict", "zoo.callbacks.verdict:Verdict")
