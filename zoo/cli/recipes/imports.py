"""Lets the user's own modules in."""

import importlib
import sys
from collections.abc import Iterable

from zoo.cli.errors import UserError


def import_modules(names: Iterable[str]) -> None:
    """Imports modules, from where the user stands or as installed, so that their parts are registered.

    Raises:
        UserError: there is no such module.
    """
    for name in names:
        if "" not in sys.path:
            sys.path.insert(0, "")  # as for `python -m`
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise UserError(f"--allow-import {name}: {error}; expected a module here or installed") from error
