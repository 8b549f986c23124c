"""Where sequences come from: LightningDataModules, one file per source, imported on first use."""

from typing import Any

from zoo.registry import Registry

DATA: Registry[Any] = Registry("data module", "zoo.data")
