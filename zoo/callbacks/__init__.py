"""What watches and repairs a run: Lightning callbacks, imported on first use."""

from typing import Any

from zoo.registry import Registry

CALLBACKS: Registry[Any] = Registry("callback", "zoo.callbacks")
