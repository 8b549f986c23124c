"""The forms that data comes in, one file each; each knows its own."""

from typing import Any

from zoo.registry import Registry

FORMS: Registry[Any] = Registry("form of data", "zoo.init.forms")
