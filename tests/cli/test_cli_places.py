"""Where a run writes is for the command line to say: a recipe stays in the run's folder."""

import pytest
import yaml

OUTSIDE = [
    "/tmp/elsewhere",
    "../elsewhere",
    "a/../../elsewhere",
    "~/elsewhere",
    "s3://bucket/x",
    "C:\\elsewhere",
    "..",
]
PLACES = {
    "trainer.default_root_dir": lambda path: {"default_root_dir": path},
    "trainer.logger.save_dir": lambda path: {
        "logger": {"class_path": "TensorBoardLogger", "init_args": {"save_dir": path}}
    },
    "trainer.logger.name": lambda path: {
        "logger": {"class_path": "CSVLogger", "init_args": {"save_dir": "x", "name": path}}
    },
    "trainer.callbacks.dirpath": lambda path: {
        "callbacks": [{"class_path": "ModelCheckpoint", "init_args": {"dirpath": path}}]
    },
    "trainer.callbacks.filename": lambda path: {
        "callbacks": [{"class_path": "ModelCheckpoint", "init_args": {"filename": path}}]
    },
    "trainer.callbacks.file": lambda path: {
        "callbacks": [{"class_path": "GradientHistogram", "init_args": {"file": path}}]
    },
    "trainer.profiler.dirpath": lambda path: {
        "profiler": {"class_path": "SimpleProfiler", "init_args": {"dirpath": path, "filename": "p"}}
    },
}


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("place", PLACES)
def test_a_recipe_does_not_write_elsewhere(zoo, folder, place, path):
    recipe = yaml.safe_load((folder / "small.yaml").read_text())
    recipe["trainer"] |= PLACES[place](path)
    (folder / "outside.yaml").write_text(yaml.safe_dump(recipe))
    outcome = zoo("fit", "--config", "outside.yaml")
    assert outcome.code == 2
    assert f"{place} is {path!r}" in outcome.err
    assert f"--{place} on the command line" in outcome.err
    assert not (folder.parent / "elsewhere").exists()


def test_the_command_line_may_send_a_run_anywhere(zoo, folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert zoo("fit", "--config", "small.yaml", "--trainer.default_root_dir", str(elsewhere)).code == 0
    run = elsewhere / "runs/small/version_0"
    assert (run / "metrics.csv").is_file()
    assert not (folder / "runs").exists()
    tested = zoo("test", "--ckpt_path", str(run / "checkpoints/last.ckpt"))
    assert tested.code == 0, tested.err
    again = zoo("fit", "--config", str(run / "config.yaml"))
    assert again.code == 0, "what was said on the command line is no part of the recipe"


def test_a_note_may_hold_an_address(zoo, folder):
    logger = "logger: {class_path: WandbLogger, init_args: {offline: true, notes: https://example.org/x}}"
    (folder / "noted.yaml").write_text(
        (folder / "small.yaml").read_text().replace("accelerator: cpu", logger)
    )
    outcome = zoo("fit", "--config", "noted.yaml", "--trainer.fast_dev_run", "1")
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("name", ["...yaml", ".hidden.yaml", "a\x1b[31mred.yaml", "a b.yaml", "a:b.yaml"])
def test_a_run_is_named_after_its_recipe_whatever_that_is_called(zoo, folder, name):
    (folder / name).write_text((folder / "small.yaml").read_text())
    outcome = zoo("fit", "--config", name)
    assert outcome.code == 0, outcome.err
    assert "\x1b" not in outcome.out
    (made,) = (folder / "runs").iterdir()
    assert made.resolve().parent == folder / "runs"
    assert (made / "version_0/metrics.csv").is_file()
