"""A patient is built, inspected, trained, and treated as it was told."""

import math
import statistics
import time
import warnings
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer, seed_everything

import zoo
from ward.patients import Patient
from ward.sickness import HURTS, Sick
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.run.examination import examined, largest_embedding
from zoo.cli.run.inspect import inspecting
from zoo.tasks.base import Task
from zoo.verdict.judge import Finding, judge
from zoo.verdict.measured import network_in
from zoo.verdict.measurements import Measurements
from zoo.verdict.placing import placed

RECIPES = Path(__file__).parent / "recipes"
BATCHES, SEEDS = 4, (1, 2, 3)
SEED = 1
"""Of what is inspected."""
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}
METRICS = ("accuracy", "mse")


@dataclass(frozen=True)
class Body:
    """What a recipe makes: a task, data, and the callbacks that training has."""

    task: Task
    data: Any
    callbacks: list[Any]
    recipe: Mapping[str, Any]

    @classmethod
    def of(cls, patient: Patient, seed: int, line: str = "") -> "Body":
        """The patient, perhaps with a line of advice followed, as `zoo fit` reads both."""
        options = [tuple(option.split("=", 1)) for option in patient.options]
        options += [placed(line)] if line else []
        inputs = RecipeInputs([RECIPES / f"{patient.task}.yaml"], options)
        recipe = inputs.merged
        seed_everything(seed, verbose=False)
        task, data = (_built(recipe[part]) for part in ("model", "data"))
        data.setup("fit")
        task = type(task)(**{**task.hparams, "network": task.network.resolved(_sizes(task, data)).plain()})
        with torch.no_grad():
            if patient.hurt:
                HURTS[patient.hurt](task)
        data = Sick(data, patient.data) if patient.data else data
        return cls(task, data, [_built(part) for part in recipe["trainer"]["callbacks"]], recipe)


def _sizes(task: Task, data: Any) -> dict[str, int]:
    return task.model_sizes(dict(data.sizes))


def _built(part: Mapping[str, Any]) -> Any:
    """What a part of a recipe names, with its options; specs stay plain."""
    name = part["class_path"].rpartition(".")[2]
    return getattr(zoo, name)(**_plain(part.get("init_args") or {}))


def _plain(value: Any) -> Any:
    """A recipe's options with the names of specs in place of their import paths."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "class_path" in value:
        return getattr(zoo, value["class_path"].rpartition(".")[2])(**_plain(value.get("init_args") or {}))
    return {key: _plain(inner) for key, inner in value.items()}


def inspected(patient: Patient) -> tuple[Body, Measurements]:
    """A patient and what is measured of it before it is trained."""
    body = Body.of(patient, SEED)
    measured = _measured(body)
    arguments = {**QUIET, "callbacks": body.callbacks}
    return body, examined(measured, body.task, body.data, arguments)


def _measured(body: Body) -> Measurements:
    state = deepcopy(body.task.state_dict())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inspection, trainer = inspecting(
            {**QUIET, "callbacks": body.callbacks}, network_in(body.recipe), BATCHES
        )
        trainer.fit(body.task, datamodule=body.data)
    body.task.load_state_dict(state)
    return inspection.measured


def trained(patient: Patient, seed: int, line: str = "") -> tuple[Body, float]:
    """A patient after a training, and how good it is on validation data."""
    body = Body.of(patient, seed, line)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = Trainer(
            **QUIET,
            callbacks=deepcopy(body.callbacks),
            max_steps=patient.steps,
            max_epochs=-1,
            limit_val_batches=0,
            num_sanity_val_steps=0,
        )
        trainer.fit(body.task, datamodule=body.data)
        validator = Trainer(**QUIET)
        validator.validate(body.task, datamodule=body.data, verbose=False)
    found = validator.callback_metrics
    name = next(name for name in METRICS if f"val/{name}" in found)
    return body, float(found[f"val/{name}"])


def treated(patient: Patient, short: bool = False) -> list[dict[str, Any]]:
    """A row for each line of advice, or one where there is none: what was said first, and what it did."""
    began = time.monotonic()
    _, measured = inspected(patient)
    findings = judge(measured)
    first = replace(patient, steps=20) if short else patient
    seeds = SEEDS[:1] if short or not findings[0].advice else SEEDS
    befores = [trained(first, seed) for seed in seeds]
    row = _said(patient, findings, _judged_after(befores[0][0], measured)) | _spread(
        "before", [metric for _, metric in befores]
    )
    rows = []
    for line in findings[0].advice or ("",):
        afters = [trained(first, seed, line)[1] for seed in seeds] if line else []
        rows.append(row | {"advice": line} | _spread("after", afters))
        rows[-1] |= {"effect": effect(rows[-1]), "seconds": f"{time.monotonic() - began:.0f}"}
    return rows


def _judged_after(body: Body, measured: Measurements) -> list[Finding]:
    """What is said of a trained patient: copies learn from fresh weights, as before it was trained."""
    known = {"data": measured.data, "learning": measured.learning}
    return judge(replace(_measured(body), embedding=largest_embedding(body.task), **known))


def _said(patient: Patient, findings: list[Finding], after: list[Finding]) -> dict[str, Any]:
    said = findings[0].rule if findings[0].severity != "good" else "healthy"
    said_after = after[0].rule if after[0].severity != "good" else "healthy"
    right = patient.right or ("healthy",)
    right_after = (*right, "healthy") if patient.heals else right
    return {
        "patient": patient.name,
        "task": patient.task,
        "illness": patient.right[0] if patient.right else "healthy",
        "said": said,
        "is_right": said in right,
        "said_after_training": said_after,
        "is_right_after": said_after in right_after,
        "also": "; ".join((*(finding.rule for finding in findings[1:]), *findings[0].explains)),
        "text": findings[0].text,
    }


def _spread(when: str, metrics: list[float]) -> dict[str, str]:
    """Mean and standard deviation over seeds."""
    mean = f"{statistics.fmean(metrics):.5g}" if metrics else ""
    return {when: mean, f"{when}_spread": f"{statistics.stdev(metrics):.3g}" if len(metrics) > 1 else ""}


def effect(row: Mapping[str, str]) -> str:
    """What a line of advice did to the metric: better, worse beyond the spread, or the same."""
    if not row["after"]:
        return ""
    before, after = float(row["before"]), float(row["after"])
    gain = before - after if row["task"] == "adding" else after - before
    if math.isnan(before) and not math.isnan(after):
        return "better"
    spread = max(float(row["before_spread"] or 0), float(row["after_spread"] or 0))
    return "better" if gain > 0 else "worse" if gain < -spread else "same"
