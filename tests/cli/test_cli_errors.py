"""A user's mistake ends with code 2, one short message that names it, and nothing begun."""

import subprocess
import sys

import pytest

from zoo.cli.recipes.check import OF_FUNCTIONS
from zoo.registry.source import public_classes
from zoo.tasks.optimisation import OPTIMIZERS, SCHEDULES

IN_RECIPE = [
    ("hidden_size", "hiden_size", ["changed.yaml, line 6", "'hiden_size'", "did you mean 'hidden_size'"]),
    ("pooling", "poling", ["changed.yaml, line 8", "ModelSpec", "did you mean 'pooling'"]),
    ("network", "netwrk", ["SequenceClassifier has no option 'netwrk'", "did you mean 'network'"]),
    ("SequenceClassifier", "SequenceClasifier", ["unknown model", "did you mean 'SequenceClassifier'"]),
    ("class_path: Digits", "class_path: Digts", ["unknown data module", "did you mean 'Digits'"]),
    ("cell: lstm", "cell: lstn", ["unknown cell 'lstn'", "did you mean 'lstm'"]),
    ("cell: lstm", "cell: {name: lstm, forget_bais: 1}", ["LSTMSpec", "did you mean 'forget_bias'"]),
    ("cell: lstm", "cell: {class_path: LSTNSpec}", ["unknown cell 'LSTNSpec'"]),
    ("wiring: residual", "wiring: residul", ["unknown wiring 'residul'", "did you mean 'residual'"]),
    (
        "bidirectional",
        "bidirectionl",
        ["encoder.direction is 'bidirectionl'", "did you mean 'bidirectional'"],
    ),
    ("pooling: max", "pooling: mx", ["network.pooling is 'mx'", "'attention'"]),
    ("max_epochs", "max_epoch", ["Trainer has no option 'max_epoch'", "did you mean 'max_epochs'"]),
    ("max_epochs: 1", "max_epochs: one", ["line 14", "trainer.max_epochs is 'one'", "expected int or null"]),
    ("seed_everything: 3", "config: other.yaml", ["line 1: unknown key 'config'; expected one of"]),
    ("batch_size: 32", "batch_size: thirty", ["data.batch_size is 'thirty'", "expected int"]),
    ("batch_size: 32", "batch_sze: 32", ["Digits has no option 'batch_sze'", "did you mean 'batch_size'"]),
    ("batch_size: 32", "batch_size: 0", ["batch_size must be at least 1, got 0"]),
    ("hidden_size: 8", "hidden_size: -5", ["line 6", "hidden_size is -5", "at least 1"]),
    ("hidden_size: 8", "hidden_size: eight", ["encoder.hidden_size is 'eight'", "expected int or a list"]),
    ("num_layers: 2", "num_layers: 0", ["num_layers is 0"]),
    ("dropout: 0.1", "dropout: 1.5", ["dropout is 1.5"]),
    ("lr: 0.01", "lr: .nan", ["lr is nan", "expected a"]),
    ("lr: 0.01", "lr: -1", ["lr is -1"]),
    ("name: Adam", "name: Adm", ["optimizer is 'Adm'", "did you mean 'Adam'"]),
    ("accelerator: cpu", "accelerator: cup", ["accelerator='cup'", "cpu"]),
    ("accelerator: cpu", "gradient_clip_val: -1", ["gradient_clip_val is -1", "0 or more"]),
    ("accelerator: cpu", "callbacks: [GradientCliping]", ["unknown callback", "GradientClipping"]),
    ("accelerator: cpu", "callbacks: [{class_path: EarlyStoping}]", ["did you mean 'EarlyStopping'"]),
    ("accelerator: cpu", "callbacks: [EarlyStopping]", ["EarlyStopping: monitor is required"]),
    ("accelerator: cpu", "logger: WandLogger", ["unknown logger", "did you mean 'WandbLogger'"]),
    ("accelerator: cpu", "accelerator: cpu\ntrainr: {}", ["unknown key 'trainr'", "did you mean 'trainer'"]),
    ("accelerator: cpu", "accelerator: cpu\ndata: digits", ["line 19", "'data' stands twice"]),
    ("accelerator: cpu", "accelerator: cpu\n  max_epochs: 2", ["'max_epochs' stands twice"]),
]


@pytest.mark.parametrize(("old", "new", "said"), IN_RECIPE, ids=[new.strip()[:40] for _, new, _ in IN_RECIPE])
def test_a_mistake_in_a_recipe(zoo, folder, old, new, said):
    recipe = (folder / "small.yaml").read_text()
    assert old in recipe
    (folder / "changed.yaml").write_text(recipe.replace(old, new, 1))
    _check(zoo("fit", "--config", "changed.yaml"), said, folder)


ON_THE_COMMAND_LINE = [
    ("fti", ["unknown command 'fti'", "did you mean 'fit'"]),
    ("--config small.yaml", ["the first argument is the command", "fit"]),
    ("fit", ["no model", "zoo list recipes"]),
    ("fit --model sequence_classifier", ["no data", "zoo list data"]),
    ("fit --config", ["--config needs"]),
    ("fit --config small.yaml --foo 3", ["unknown key 'foo'"]),
    ("fit --config small.yaml stray", ["stray"]),
    ("fit --config small.yaml --trainer.max_epoch 3", ["did you mean 'max_epochs'"]),
    ("fit --config small.yaml --trainer.max_epochs three", ["trainer.max_epochs is 'three'"]),
    ("fit --config small.yaml --model.network.encoder.cel gru", ["has no option 'cel'", "'cell'"]),
    ("fit --config small.yaml --model.network.encoder.cell grru", ["unknown cell 'grru'", "'gru'"]),
    ("fit --config small.yaml --model.network.encoder.hidden_size -5", ["hidden_size is -5"]),
    (
        "fit --config small.yaml --model.network.encoder.cell gru --model.network.encoder.cell.reset afer",
        ["encoder.cell.reset is 'afer'", "'after'"],
    ),
    (
        "fit --config small.yaml --model.network.encoder.cell=gru --model.network.encoder.cell.forget_bias=1",
        ["GRUSpec has no option 'forget_bias'"],
    ),
    ("fit --config small.yaml --data.batch_sze 5", ["did you mean 'batch_size'"]),
    ("fit --config small.yaml --data digits --data.batch_size x", ["data.batch_size is 'x'"]),
    ("fit --config small.yaml --trainer.callbacks+=EarlyStoping", ["did you mean 'EarlyStopping'"]),
    (
        "fit --config small.yaml --trainer.callbacks+=EarlyStopping --trainer.callbacks.monitr val/loss",
        ["EarlyStopping has no option 'monitr'", "did you mean 'monitor'"],
    ),
    ("fit --config small.yaml --trainer.strategy fsdp", ["trainer.strategy is 'fsdp'", "splits weights"]),
    (
        'fit --config small.yaml --trainer.strategy {"class_path":"ModelParallelStrategy"}',
        ["trainer.strategy is 'ModelParallelStrategy'", "splits weights", "expected 'ddp' or 'auto'"],
    ),
    ("fit --config small.yaml --weights_only false", ["unknown key 'weights_only'"]),
    ("fit --config digits_bilstm_residul", ["unknown recipe", "did you mean 'digits_bilstm_residual'"]),
    ("fit --config missing.yaml", ["there is no recipe file missing.yaml"]),
    ("fit --config empty.yaml", ["empty.yaml is empty"]),
    ("fit --config binary.yaml", ["binary.yaml is not a text file"]),
    ("fit --config sub.yaml", ["sub.yaml is a folder"]),
    ("fit --config broken.yaml", ["broken.yaml, line 2"]),
    ("fit --config text.yaml", ["text.yaml holds str"]),
    ("fit --config list.yaml", ["list.yaml holds a list"]),
    ("fit --config small.yaml --config changed.yaml", ["unknown key 'epochs'", "changed.yaml, line 1"]),
    ("fit --allow-import no_such_module --config small.yaml", ["--allow-import no_such_module"]),
    ("fit --allow-import a-b --config small.yaml", ["takes the name of a module"]),
    ("test --config small.yaml", ["test needs trained weights", "--ckpt_path"]),
    ("validate --config small.yaml", ["validate needs trained weights"]),
    ("predict --config small.yaml", ["predict needs trained weights"]),
    ("list cels", ["unknown kind 'cels'", "did you mean 'cells'"]),
    ("list --all", ["usage: zoo list"]),
    ("show lstn", ["nothing is called 'lstn'", "did you mean 'lstm'"]),
    ("show lstm gru", ["show takes no 'gru'", "usage: zoo show"]),
]


@pytest.mark.parametrize(("line", "said"), ON_THE_COMMAND_LINE, ids=[line for line, _ in ON_THE_COMMAND_LINE])
def test_a_mistake_on_the_command_line(zoo, folder, line, said):
    (folder / "empty.yaml").write_text("")
    (folder / "binary.yaml").write_bytes(b"\xff\xfe\x00\x80" * 50)
    (folder / "sub.yaml").mkdir()
    (folder / "broken.yaml").write_text("model: [1,\n  b: {")
    (folder / "text.yaml").write_text("just text\n")
    (folder / "list.yaml").write_text("[1, 2]\n")
    (folder / "changed.yaml").write_text("epochs: 3\n")
    _check(zoo(*line.split()), said, folder)


def test_debugging_shows_the_traceback(zoo, monkeypatch):
    monkeypatch.setenv("ZOO_DEBUG", "1")
    with pytest.raises(Exception, match="no model"):
        zoo("fit")


def _check(outcome, said, folder):
    assert outcome.code == 2
    assert outcome.err.startswith("zoo: error: ")
    for words in said:
        assert words in outcome.err
    assert len(outcome.err.strip().splitlines()) <= 5
    assert "Traceback" not in outcome.err
    assert "usage: zoo fit" not in outcome.err
    assert outcome.out == ""
    assert not (folder / "runs").exists() or not any((folder / "runs").rglob("*.*"))


TYPOS = (
    "--trainer.max_epoch=1",
    "--model.network.encoder.cell=lstmm",
    "--model.network.encoder.hidden=8",
    "--model.optimizer.name=Adan",
    "--model.schedule.name=StepL",
    "--data=Digit",
    "--data.batch=8",
    "--trainer.callbacks+=GradientClippin",
)


def test_a_typo_is_said_before_torch_is_imported(folder):
    program = f"import sys\nfrom zoo.cli import main\nfor typo in {TYPOS}:\n"
    program += "    code = main(['fit', '--config', 'small.yaml', typo])\n"
    program += "    print(code, sorted({'torch', 'lightning', 'numpy'} & sys.modules.keys()))\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["2 []"] * len(TYPOS)
    assert len(done.stderr.splitlines()) == len(TYPOS)


def test_names_of_torch_are_known_without_importing_it():
    assert public_classes("torch.optim") == sorted(OPTIMIZERS)
    known = set(public_classes("torch.optim.lr_scheduler")) - set(OF_FUNCTIONS)
    assert known == set(SCHEDULES)
