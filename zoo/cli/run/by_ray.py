"""`zoo fit --launcher ray`: the processes of a run are workers of Ray Train, on any machine of a cluster."""

import os
import re
import shutil
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from zoo.cli.errors import FailedError, UserError
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.run.folder import runs_of
from zoo.registry import check_choice

LAUNCHERS = ("ray",)
TAKEN = ("launcher", "trainer.devices", "trainer.num_nodes")
"""Options that the workers have from Ray."""
ENDED = "zoo fit has ended with exit code"
"""What a worker says to Ray when it has failed."""


def fit_by_ray(inputs: RecipeInputs, let_in: Sequence[str]) -> int:
    """Has workers of Ray's train, as many as the Trainer is to have devices on all machines.

    In each of them it is as if torchrun had started it: it runs `zoo fit` in this folder, which all machines
    must share, and the first one writes the run's folder.

    Args:
        inputs: What the user gave, checked.
        let_in: Modules of the user that recipes may name.

    Returns:
        The exit code.

    Raises:
        UserError: Ray is not installed, nobody says how many workers there are to be, or they are too many.
        FailedError: a worker was lost.
    """
    recipe = inputs.merged
    check_choice("--launcher", str(recipe["launcher"]), LAUNCHERS)
    if recipe.get("folds") is not None:
        raise UserError("--folds trains fold after fold in one process; expected it without --launcher")
    trainer = recipe.get("trainer") or {}
    workers = _count(trainer)
    ray = _imported()
    os.environ.setdefault("RAY_TRAIN_ENABLE_PRINT_PATCH", "0")  # or each line comes twice
    began = not ray.is_initialized()
    if began:
        ray.init(include_dashboard=False)
    # Of this run alone, which removes it: another one of its recipe may go on for longer.
    place = runs_of(inputs.files, trainer.get("default_root_dir")).absolute() / f".ray-{uuid.uuid4().hex}"
    try:
        on_gpu = _takes_gpus(trainer.get("accelerator", "auto"), ray.cluster_resources(), workers)
        return _fit(ray, _line(inputs, let_in), workers, on_gpu, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
        if began:
            ray.shutdown()


def _imported() -> ModuleType:
    try:
        import ray  # takes a second, and few runs need it
        import ray.train.torch
    except ImportError as error:
        raise UserError(
            "--launcher ray needs Ray Train, which is not installed; pip install 'recurrent-zoo[ray]'"
        ) from error
    module: ModuleType = ray
    return module


def _count(trainer: Mapping[str, Any]) -> int:
    """How many workers there are to be."""
    devices, machines = trainer.get("devices", "auto"), trainer.get("num_nodes", 1)
    if not isinstance(devices, int) or devices < 1:
        raise UserError(
            f"--launcher ray starts as many workers as there are devices, and trainer.devices is "
            f"{devices!r}; expected a number, such as --trainer.devices=2"
        )
    return devices * int(machines)


def _takes_gpus(accelerator: str, there: Mapping[str, float], workers: int) -> bool:
    """Whether each worker gets a GPU; else it gets a processor.

    Raises:
        UserError: there are not enough, and Ray would wait for them.
    """
    on_gpu = accelerator in ("gpu", "cuda") or (accelerator == "auto" and there.get("GPU", 0) >= workers)
    kind = "GPU" if on_gpu else "CPU"
    if there.get(kind, 0) < workers:
        raise UserError(
            f"--launcher ray starts {workers} workers with a {kind} each, and Ray knows of "
            f"{there.get(kind, 0):g}; expected fewer (--trainer.devices), or more machines"
        )
    return on_gpu


def _line(inputs: RecipeInputs, let_in: Sequence[str]) -> list[str]:
    """What each worker runs."""
    files = [f"--config={path.absolute()}" for path in inputs.files]
    own = [f"--{key}={value}" for key, value in inputs.options if key not in TAKEN]
    return ["fit", *(f"--allow-import={name}" for name in let_in), *files, *own, "--trainer.devices=auto"]


def _fit(ray: ModuleType, line: list[str], workers: int, on_gpu: bool, place: Path) -> int:
    trainer = ray.train.torch.TorchTrainer(
        _work,
        train_loop_config={"line": line, "folder": str(Path.cwd())},
        scaling_config=ray.train.ScalingConfig(num_workers=workers, use_gpu=on_gpu),
        run_config=ray.train.RunConfig(name="fit", storage_path=str(place)),
    )
    try:
        trainer.fit()
    except ray.train.TrainingFailedError as error:
        code = re.search(rf"{ENDED} (\d+)", str(error))
        if code is not None:
            return int(code[1])
        raise FailedError(
            "a worker of this run has failed or was lost, and what Ray has shown of it says why; with "
            "--ckpt_path last, the same command goes on"
        ) from error
    return 0


def _work(told: Mapping[str, Any]) -> None:
    """One worker, for which Ray has set the ranks.

    Raises:
        RuntimeError: it has failed.
    """
    from zoo.cli import main  # here, for by now the environment says which process this is

    os.chdir(told["folder"])
    os.environ |= {"TORCHELASTIC_RUN_ID": "ray", "GROUP_RANK": os.environ["NODE_RANK"]}
    sys.argv = ["zoo", *told["line"]]
    code = main(told["line"])
    if code:
        raise RuntimeError(f"{ENDED} {code}")
