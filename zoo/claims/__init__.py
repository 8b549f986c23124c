"""Sentences about recurrent networks, each with what measures it and a rule that judges what was measured."""

from typing import Any

from zoo.registry import Registry

CLAIMS: Registry[Any] = Registry("claim", "zoo.claims", declares=())
