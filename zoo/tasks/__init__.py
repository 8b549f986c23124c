"""What a network is trained for: LightningModules, imported on first use."""

from typing import TYPE_CHECKING, Any

from zoo.registry import Registry

if TYPE_CHECKING:
    from zoo.tasks.shares import Mean as Mean

TASKS: Registry[Any] = Registry("task", "zoo.tasks")

__all__ = ["TASKS", "Mean"]

if not TYPE_CHECKING:  # which would take any name for one of these

    def __getattr__(name: str) -> Any:
        """What tasks of one's own take, imported on first use, with torch."""
        if name != "Mean":
            raise AttributeError(f"module 'zoo.tasks' has no attribute {name!r}; it has {', '.join(__all__)}")
        from zoo.tasks.shares import Mean

        return Mean
