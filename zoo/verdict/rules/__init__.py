"""The rules of a verdict, one file each: whatever file here has a `RULE` is a rule."""

import pkgutil
from importlib import import_module

from zoo.verdict.rule import CAUSES, Rule


def _found() -> tuple[Rule, ...]:
    modules = (import_module(f"{__name__}.{file.name}") for file in pkgutil.iter_modules(__path__))
    rules: list[Rule] = [module.RULE for module in modules]
    return tuple(sorted(rules, key=lambda rule: (CAUSES.index(rule.cause), rule.place)))


RULES = _found()
"""Every rule, in the order in which they speak."""
