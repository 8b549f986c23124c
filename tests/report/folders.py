"""Folders of runs that never were."""

import json
import math

from zoo.diagnostics.histogram import LogBins, Summary
from zoo.runs.gradient_records import GradientRecord, append_gradients

BINS = LogBins(min_exponent=-9, max_exponent=1, bins_per_decade=2)
GATES = "ifgo"
CONFIG = """\
# recurrent-zoo 0.1.0, torch 2.13.0
trainer:
  max_epochs: 2
  default_root_dir: /home/somebody/work
model:
  class_path: zoo.tasks.sequence_classifier.SequenceClassifier
  init_args:
    network:
      encoder:
        cell: {class_path: zoo.cells.lstm.LSTMSpec}
        num_layers: 3
        hidden_size: 8
        direction: forward
        wiring: {class_path: zoo.wiring.PlainSpec}
"""
ENVIRONMENT = {
    "model": "SequenceClassifier lstm-3x8, 1,234 parameters",
    "zoo": "0.1.0",
    "torch": "2.13.0",
    "platform": "Linux",
    "command": "zoo fit --config plain",
    "started": "2026-01-02 03:04 UTC",
}
EVENT = {"step": 12, "epoch": 0, "kind": "skip", "text": "Skipped step 12, for layer 2 was NaN."}


def summary(exponent, nonfinite=0):
    """100 entries, in the bin of 10^exponent and the one above it, one to three."""
    place = round((exponent - BINS.min_exponent) * BINS.bins_per_decade)
    counts = [0] * BINS.count
    counts[place], counts[place + 1] = 25, 75
    return Summary(norm=10 * 10**exponent, counts=tuple(counts), under=0, over=0, zero=0, nonfinite=nonfinite)


def record(step, slope=-1.0, layers=3, broken=False):
    """Layers whose gradients are `slope` decades apart, by gate, clipped to a tenth."""

    def moment(shift):
        names = {}
        for layer in range(layers):
            exponent = -2 + slope * (layers - 1 - layer) + shift
            for block in ("weight_ih", "weight_hh", "bias_hh"):
                for gate in GATES:
                    name = f"model.encoder.layers.{layer}.directions.forward_.cell.{block}:{gate}"
                    names[name] = summary(exponent, nonfinite=int(broken and layer == 0))
        return names | {"model.head.weight": summary(-1 + shift)}

    return GradientRecord(step=step, optimizer=0, bins=BINS, before=moment(0), after=moment(-1))


def passage(step, decay, steps=20):
    """Gradients that lose the same factor at each step back."""
    ways = [f"layer_{layer}/forward" for layer in (1, 2, 3)]
    norms = [decay**lag for lag in range(steps)]
    return {"step": step, "state": dict.fromkeys(ways, norms), "weight": dict.fromkeys(ways, norms)}


def metrics(steps=40, loss=lambda step: 2 / (1 + step)):
    rows = [
        "epoch,gradient/clipped,gradient/norm_after,gradient/norm_before,layer_1/forward/f/saturated,step,test/loss,train/loss,val/loss"
    ]
    for step in range(0, steps, 4):
        rows.append(f"{step * 2 // steps},0.5,1.0,{2 + step},{step / steps},{step},,{loss(step)},")
        rows.append(f"{step * 2 // steps},,,,,{step},,,{loss(step) + 0.5}")
    rows.append(f"2,,,,,{steps},0.625,,")
    return "\n".join(rows) + "\n"


def make_run(folder, decay=0.5, slope=-1.0, steps=40):
    """A run with everything in its folder."""
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "metrics.csv").write_text(metrics(steps))
    for step in range(0, steps, 4):
        append_gradients(folder / "gradients.jsonl", record(step, slope))
    lines = [json.dumps(passage(step, decay)) for step in range(0, steps, 4)]
    (folder / "through_time.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "events.jsonl").write_text(json.dumps(EVENT) + "\n")
    (folder / "environment.json").write_text(json.dumps(ENVIRONMENT))
    return folder


def beyond(decay, lag, steps=20):
    """The share of a geometric series that lies beyond a term."""
    return (math.pow(decay, lag + 1) - math.pow(decay, steps)) / (1 - math.pow(decay, steps))
