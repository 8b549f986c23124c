"""What a network is trained for: LightningModules, imported on first use."""

from typing import Any

from zoo.registry import Registry

TASKS: Registry[Any] = Registry("task", "zoo.tasks")
