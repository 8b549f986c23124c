"""Checkpoints that would run something if they could."""

import os

import torch


class Payload:
    """Makes the file `touched` in the working folder when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch touched",)


def hostile(checkpoint, how):
    """The checkpoint with something in it that names code."""
    kept, path = checkpoint["hyper_parameters"], {"_class_path": "hostile_module.Touch"}
    changes = {
        "a payload": {"callbacks": {**checkpoint["callbacks"], "Mine": Payload()}},
        "a payload in place of weights": {"state_dict": Payload()},
        "an instantiator": {"hyper_parameters": {**kept, "_instantiator": "hostile_module.touch"}},
        "a class path": {"hyper_parameters": {**kept, **path}},
        "a class path in its network": {
            "hyper_parameters": {
                **kept,
                "network": {**kept["network"], "_class_path": "hostile_module.Touch"},
            }
        },
        "a type of its hyper-parameters": {
            "hparams_name": "__class__",
            "hparams_type": "hostile_module.Touch",
        },
    }
    return {**checkpoint, **changes[how]}


WAYS = (
    "a payload",
    "a payload in place of weights",
    "an instantiator",
    "a class path",
    "a class path in its network",
    "a type of its hyper-parameters",
)
MODULE = """
from pathlib import Path

Path("touched").write_text("")


def touch(*arguments, **options):
    pass


class Touch(dict):
    pass
"""


def write(checkpoint, path, how):
    """Writes a hostile checkpoint, and the module that it names beside it."""
    torch.save(hostile(checkpoint, how), path)
    path.with_name("hostile_module.py").write_text(MODULE)
