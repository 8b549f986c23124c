"""Private names of other libraries: each is there, does what is said of it, and is used in one place."""

import ast
import importlib
import inspect
import re
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import lightning.pytorch as pl
import pytest
import torch
from torch import nn
from torchmetrics import MeanMetric

import zoo
from zoo.private import TRIED_WITH, lightning_names, torch_names
from zoo.private.inherited import INHERITED

ZOO = Path(zoo.__file__).parent
PUBLIC = {"_fields", "_make", "_replace"}
"""Names that begin with _ and are documented: those of named tuples."""


def changed(library: str, what: str) -> str:
    """What to say of a name that is not as it was."""
    versions = f"{library} {TRIED_WITH[library]} (installed: {version(library)})"
    return f"{what} is not as it was in {versions}; zoo/private says what would take its place"


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(ZOO.rglob("*.py")):
        if "_recipes" not in path.parts and path.parent != ZOO / "private":
            yield path.relative_to(ZOO.parent), ast.parse(path.read_text(encoding="utf-8"))


def own_names() -> set[str]:
    """Names that begin with _ and are the zoo's own: it defines them or gives them a value on `self`."""
    found = set()
    for _, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found |= {node.attr} if ast.unparse(node.value) == "self" else set()
    return {name for name in found if is_private(name)}


def test_nothing_but_zoo_private_touches_a_private_name_of_another_library():
    own, inherited = own_names(), {(each.used_in, each.name) for each in INHERITED}
    found = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own | PUBLIC:
                found += [] if (str(path), node.attr) in inherited else [f"{path}:{node.lineno} {node.attr}"]
            if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("zoo"):
                names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
                found += [f"{path}:{node.lineno} {name}" for name in names if is_private(name)]
    assert found == [], "give it a function in zoo/private, or list it in zoo/private/inherited.py"


@pytest.mark.parametrize("known", INHERITED, ids=lambda known: f"{known.owner}.{known.name}")
def test_what_is_inherited_or_overridden_is_there(known):
    module, _, name = known.owner.partition(":")
    owner = getattr(importlib.import_module(module), name)
    said = changed(module.partition(".")[0], f"{known.owner}.{known.name}")
    written = [inspect.getsource(base) for base in owner.__mro__ if base.__module__ != "builtins"]
    assert any(re.search(rf"\b{known.name}\b", text) for text in written), said
    if known.parameters is not None:
        taken = [
            parameter.name
            for parameter in inspect.signature(getattr(owner, known.name)).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        taken = taken[1:] if taken[:1] == ["self"] else taken
        assert tuple(taken[: len(known.parameters)]) == known.parameters, said
    assert known.name in (ZOO.parent / known.used_in).read_text(encoding="utf-8"), "it is no longer used"


def test_torch_tells_when_it_is_traced_transformed_and_in_forward_mode():
    seen = []

    def look(x):
        seen.append((torch_names.is_traced(), torch_names.is_transformed(), torch_names.is_in_forward_mode()))
        return x.sin()

    x = torch.ones(2)
    look(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated
        torch.jit.trace(look, x, check_trace=False)
    torch.func.vmap(look)(x)
    with torch.autograd.forward_ad.dual_level():
        look(x)
    expected = [(False, False, False), (True, False, False), (False, True, False), (False, False, True)]
    assert seen == expected, changed("torch", "what tells how a function is run")


def test_torch_tells_what_an_operation_does_and_is_made_of():
    sees, of = [], torch.ops.aten

    class Mode(torch_names.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            sees.append(function)
            return function(*args, **(kwargs or {}))

    with Mode():
        torch.ones(2).add_(1)
    assert of.add_.Tensor in sees, changed("torch", "TorchDispatchMode")
    assert torch_names.has_side_effects(of.add_.Tensor), changed("torch", "OpOverload._schema")
    assert not torch_names.has_side_effects(of.add.Tensor), changed("torch", "OpOverload._schema")
    assert of.silu.default in torch_names.decompositions(), changed("torch", "torch._decomp")
    assert torch_names.tree_leaves([1, (2, {"a": 3})]) == [1, 2, 3], changed("torch", "tree_leaves")


def test_torch_does_many_tensors_at_once():
    tensors = [torch.tensor([3.0, -4.0]), torch.tensor([12.0])]
    assert [float(norm) for norm in torch_names.norms_of(tensors)] == [5, 12], changed(
        "torch", "_foreach_norm"
    )
    assert torch_names.norms_of(tensors, torch.float64)[0].dtype == torch.float64, changed(
        "torch", "_foreach_norm"
    )
    torch_names.multiply_all_(tensors, torch.tensor(2.0))
    assert [part.tolist() for part in tensors] == [[6, -8], [24]], changed("torch", "_foreach_mul_")
    low, high = [torch.tensor(-7.0)] * 2, [torch.tensor(5.0)] * 2
    torch_names.clamp_all_(tensors, low, high)
    assert [part.tolist() for part in tensors] == [[5, -7], [5]], changed("torch", "_foreach_clamp_*_")


def test_torch_runs_a_graph_over_time():
    def add(total, x, factor):
        total = total + factor * x
        return [total, total.clone()]

    graph = torch.fx.symbolic_trace(add)
    x = torch.tensor([[1.0], [2.0], [4.0]])
    total, sums = torch_names.scan_graph(graph, [torch.zeros(1)], [x], (torch.tensor(2.0),))
    assert (total.tolist(), sums.flatten().tolist()) == ([14.0], [2.0, 6.0, 14.0]), changed(
        "torch", "scan_op"
    )


class Watched(pl.Callback):
    """Asks everything that can be asked of a Trainer's loops, step by step."""

    def __init__(self):
        self.seen = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        asked = ("accumulates", "validates_now", "epoch_ends", "logs_this_step")
        self.seen.append(tuple(getattr(lightning_names, name)(trainer) for name in asked))
        self.processed = lightning_names.batches_processed(trainer.fit_loop)
        self.loaders = lightning_names.training_loaders(trainer)
        self.cluster = lightning_names.cluster_of(trainer)

    def on_train_end(self, trainer, pl_module):
        loops = (trainer.fit_loop, trainer.fit_loop.epoch_loop, trainer.fit_loop.epoch_loop.val_loop)
        for loop in loops:
            loop._restarting = True
            lightning_names.forget_restart(loop)
        self.restarting = [loop.restarting for loop in loops]
        loops[-1]._has_run = False
        lightning_names.mark_validated(trainer.fit_loop)
        self.has_run = loops[-1]._has_run


class Small(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).sum()

    def validation_step(self, batch, batch_idx):
        pass

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def test_lightning_tells_where_a_fit_is(tmp_path):
    watched = Watched()
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    options = {"max_epochs": 1, "accumulate_grad_batches": 2, "log_every_n_steps": 2, "val_check_interval": 4}
    trainer = pl.Trainer(
        callbacks=[watched],
        accelerator="cpu",
        default_root_dir=tmp_path,
        enable_model_summary=False,
        **quiet,
        **options,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of loaders without workers
        trainer.fit(Small(), torch.ones(4, 1, 2), torch.ones(1, 1, 2))
    told = changed("lightning", "what tells where a fit is")
    yes, no = True, False
    assert [step[:3] for step in watched.seen] == [
        (yes, no, no),
        (no, no, no),
        (yes, no, no),
        (no, yes, yes),
    ], told
    assert watched.seen[-1][3], told
    assert watched.processed == 4, told
    assert watched.loaders.flattened, told
    assert watched.cluster.main_address, told
    assert watched.restarting == [False] * 3, changed("lightning", "_Loop._restarting")
    assert watched.has_run, changed("lightning", "_EvaluationLoop._has_run")


def test_lightning_tells_of_modules_and_optimisers():
    parameters = [torch.ones(1, requires_grad=True)]
    plain, said = torch.optim.SGD(parameters, 0.1), changed("lightning", "_optimizer_handles_unscaling")
    assert not lightning_names.unscales_itself(plain), said
    plain._step_supports_amp_scaling = True
    assert lightning_names.unscales_itself(plain), said
    module = Small()
    assert not lightning_names.is_compiled(module), changed("lightning", "LightningModule._compiler_ctx")
    module._compiler_ctx = {}
    assert lightning_names.is_compiled(module), changed("lightning", "LightningModule._compiler_ctx")


def test_a_merged_metric_counts_as_updated():
    metric = MeanMetric()
    metric.merge_state({"mean_value": torch.tensor(6.0), "weight": torch.tensor(3.0)})
    lightning_names.count_update(metric)
    assert metric.compute() == 2, changed("torchmetrics", "Metric._update_count")  # or it would warn
    assert metric.update_called, changed("torchmetrics", "Metric._update_count")


def test_wandb_shows_the_process_of_its_service(private_wandb, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    process = lightning_names.wandb_service()
    assert process is not None, changed("wandb", "the service's process")
    assert process.poll() is None, changed("wandb", "the service's process")
