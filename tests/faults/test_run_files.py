"""What a crash can leave of the files of a run: `zoo report` makes its page of what is there."""

import random

HARM = {
    "cut short": lambda path, chance: path.write_bytes(
        path.read_bytes()[: chance.randrange(1, path.stat().st_size)]
    ),
    "empty": lambda path, chance: path.write_bytes(b""),
    "full of zeros": lambda path, chance: path.write_bytes(bytes(path.stat().st_size)),
    "without its end, which is zeros": lambda path, chance: path.write_bytes(
        path.read_bytes()[: path.stat().st_size // 2] + bytes(100)
    ),
    "noise": lambda path, chance: path.write_bytes(chance.randbytes(path.stat().st_size)),
}


def test_the_files_of_the_run_are_damaged(zoo, folder):
    watching = ("--trainer.callbacks+=GradientHistogram", "--trainer.callbacks+=GradientThroughTime")
    assert zoo("fit", "--config", "small.yaml", *watching, "--trainer.log_every_n_steps=1").code == 0
    run, chance = folder / "runs/small/version_0", random.Random(0)
    files = [path for path in run.iterdir() if path.suffix in (".csv", ".yaml", ".json", ".jsonl")]
    assert len(files) >= 5
    for path in files:
        good = path.read_bytes()
        for how, harm in HARM.items():
            harm(path, chance)
            outcome = zoo("report", str(run))
            assert outcome.code in (0, 2), (path.name, how)
            assert "Traceback" not in outcome.err, (path.name, how)
            assert len(outcome.err.splitlines()) <= 1, (path.name, how, outcome.err)
            path.write_bytes(good)
    assert zoo("report", str(run)).code == 0
