"""The curated models, a file for each paper or family: what has `MODELS` is in the catalogue."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module

from zoo.catalogue.entry import NamedModel


def _found() -> Mapping[str, NamedModel]:
    """Every model by its name, in alphabetical order."""
    found = dict[str, NamedModel]()
    for file in pkgutil.iter_modules(__path__):
        own: Mapping[str, NamedModel] = import_module(f"{__name__}.{file.name}").MODELS
        assert not found.keys() & own.keys(), f"{file.name} names a model that another file has"
        found |= own
    return dict(sorted(found.items()))


MODELS = _found()
"""Every curated model by its name."""
