"""What a run can become when it goes on with another number of processes that load its data: the same run."""

import pytest
import torch

INTERRUPTED = "runs/small/version_0/checkpoints/interrupted.ckpt"


def trained(folder, version):
    """What is left of a run: weights, optimiser, the state of the generators."""
    path = folder / f"runs/small/version_{version}/checkpoints/last.ckpt"
    checkpoint = torch.load(path, weights_only=True)
    kept = ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step")
    return {key: checkpoint[key] for key in kept}


def leaves(value):
    """All values in dicts and lists, in order."""
    if isinstance(value, dict | list | tuple):
        inner = value.values() if isinstance(value, dict) else value
        return [leaf for item in inner for leaf in leaves(item)]
    return [value]


@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 0)])
def test_a_run_goes_on_with_another_number_of_workers(zoo, folder, fit_until, monkeypatch, before, after):
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.2)
    assert fit_until("the_run_is_told_to_end", f"--data.num_workers={before}").code == 143
    assert torch.load(folder / INTERRUPTED, weights_only=True)["global_step"] == 6
    long = ("fit", "--config", "small.yaml", "--trainer.max_epochs=3")
    resumed = zoo(*long, "--ckpt_path", INTERRUPTED, f"--data.num_workers={after}")
    assert resumed.code == 0, resumed.err
    assert zoo(*long).code == 0
    left, whole = leaves(trained(folder, 1)), leaves(trained(folder, 2))
    assert len(left) == len(whole) > 20
    for one, other in zip(left, whole, strict=True):
        assert torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other
