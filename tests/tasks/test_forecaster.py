"""Forecasts: heads, metrics and naive forecasts against scipy and plain numpy; what is refused; units."""

import logging
import re

import lightning.pytorch as pl
import numpy as np
import pytest
import scipy.stats
import torch
from torch.utils.data import DataLoader
from torchmetrics.functional.regression import continuous_ranked_probability_score

import zoo
from zoo.tasks.forecast_heads import head_of
from zoo.tasks.forecast_metrics import crps
from zoo.tasks.forecast_runs import Runs, window_of
from zoo.tasks.forecast_spec import ForecastSpec
from zoo.tasks.forecast_window import Level, differences, last_value, seasonal_naive

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
HEADS = ("point", "quantile", "gaussian", "student_t", "negative_binomial")
RANDOM = np.random.default_rng(0)


def double(*shape):
    return torch.tensor(RANDOM.standard_normal(shape))


def placed_of(name, count=6):
    """A head and the numbers that it reads."""
    head = head_of(name, LEVELS)
    raw, naive = double(count, head.size), double(count).abs() + 1
    return head, head.place(raw, naive, torch.full((count,), 3.0, dtype=torch.double))


def distribution(name, placed):
    """The distribution of scipy with the same numbers."""
    numbers = placed.numpy().T
    if name == "gaussian":
        return scipy.stats.norm(numbers[0], numbers[1])
    if name == "student_t":
        return scipy.stats.t(numbers[2], numbers[0], numbers[1])
    mu, dispersion = numbers
    return scipy.stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mu))


@pytest.mark.parametrize("name", ["gaussian", "student_t", "negative_binomial"])
def test_distributions_are_those_of_scipy(name):
    head, placed = placed_of(name)
    other = distribution(name, placed)
    y = double(6) if name != "negative_binomial" else torch.arange(6.0, dtype=torch.double)
    likelihood = other.logpdf if name != "negative_binomial" else other.logpmf
    assert np.allclose(head.loss(placed, y), -likelihood(y.numpy()), rtol=1e-9)
    assert np.allclose(head.mean(placed), other.mean())
    levels = (0.05, 0.5, 0.8)
    assert np.allclose(head.quantiles(placed, levels).T, [other.ppf(level) for level in levels], rtol=1e-9)
    torch.manual_seed(0)
    drawn = head.samples(placed, 40_000)
    assert np.allclose(drawn.mean(-1), other.mean(), atol=5 * (other.std() / 200).max())


def test_quantiles_never_cross_and_cost_the_pinball_loss():
    head, placed = placed_of("quantile")
    assert (placed.diff(dim=-1) >= 0).all()
    y = double(6)
    above = y.numpy()[:, None] - placed.numpy()
    pinball = np.where(above > 0, np.array(LEVELS) * above, (np.array(LEVELS) - 1) * above)
    assert np.allclose(head.loss(placed, y), 2 * pinball.mean(1))
    assert torch.allclose(head.quantiles(placed, LEVELS), placed)
    between = [np.interp([0.02, 0.3, 0.99], LEVELS, row) for row in placed.numpy()]
    assert np.allclose(head.quantiles(placed, (0.02, 0.3, 0.99)), between)
    assert torch.allclose(head.mean(placed), placed[:, 2])


@pytest.mark.parametrize("name", HEADS)
def test_every_head_begins_at_the_naive_forecast(name):
    head = head_of(name, LEVELS)
    naive, spread = double(4).abs() + 0.5, torch.tensor(2.0)
    placed = head.place(torch.zeros(4, head.size, dtype=torch.double), naive, spread)
    assert torch.allclose(head.mean(placed), naive * (spread if head.in_units else 1))
    assert head.samples(placed, 7).shape == head.quantiles(placed, [0.5] * 7).shape == (4, 7)


def test_crps_is_that_of_all_pairs_and_of_torchmetrics_and_near_the_closed_form():
    ensemble, y = RANDOM.standard_normal((5, 9)), RANDOM.standard_normal(5)
    pairs = abs(ensemble[:, :, None] - ensemble[:, None]).mean((1, 2))
    oracle = abs(ensemble - y[:, None]).mean(1) - pairs / 2
    own = crps(torch.tensor(ensemble), torch.tensor(y))
    assert np.allclose(own, oracle)
    other = continuous_ranked_probability_score(torch.tensor(ensemble), torch.tensor(y))
    assert float(own.mean()) == pytest.approx(float(other))
    levels = (np.arange(100) + 0.5) / 100
    standard = scipy.stats.norm.ppf(levels)
    closed = y * (2 * scipy.stats.norm.cdf(y) - 1) + 2 * scipy.stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
    assert np.allclose(crps(torch.tensor(standard).expand(5, -1), torch.tensor(y)), closed, atol=2e-3)


def test_naive_forecasts_and_differences():
    past = torch.arange(10.0)[None, :, None]
    assert last_value(past, 3).flatten().tolist() == [9, 9, 9]
    assert seasonal_naive(past, 5, 4).flatten().tolist() == [6, 7, 8, 9, 6]
    assert differences(past, 4).flatten().tolist() == [0] * 4 + [4] * 6
    level = Level.of(double(3, 8, 2))
    values = double(3, 5, 2)
    assert torch.allclose(level.up(level.down(values)), values)
    assert Level.of(torch.ones(1, 4, 1)).spread.item() == 1


def task_of(mode="direct", targets=2, known=3, static=2, **forecast):
    """A forecaster of any head, and a batch for it."""
    spec = ForecastSpec(mode=mode, targets=targets, known=known, static=static, horizon=4, **forecast)
    width = 5 if mode == "direct" else targets
    pooling = "last" if mode == "direct" else "none"
    head = head_of(spec.head, spec.quantiles)
    size = targets * head.size * (4 if mode == "direct" else 1)
    added = known + static + (0 if spec.lag is None else targets)
    network = {
        "encoder": {"cell": "gru", "hidden_size": 5, "engine": "reference"},
        "pooling": pooling,
        "input_size": width + added,
        "output_size": size,
    }
    past, y = torch.randn(3, 8, width), torch.randn(3, 4, targets)
    if spec.head == "negative_binomial":
        past, y = past.abs().mul(3).round(), y.abs().mul(3).round()
    batch = {"x": past, "y": y, "known": torch.randn(3, 12, known), "static": torch.randn(3, static)}
    return zoo.Forecaster(network, forecast=spec), batch


def trainer(folder, **options):
    quiet = dict.fromkeys(
        ("logger", "enable_progress_bar", "enable_model_summary", "enable_checkpointing"), False
    )
    return pl.Trainer(accelerator="cpu", default_root_dir=folder, **(quiet | options))


def loader(*batches):
    return DataLoader(list(batches), batch_size=None, num_workers=0)


class Seeds(pl.Callback):
    """Paths are drawn by chance; the loss before them draws nothing."""

    def on_test_batch_start(self, *_):
        torch.manual_seed(1)


@pytest.mark.parametrize("mode", ["direct", "autoregressive"])
@pytest.mark.parametrize("head", HEADS)
def test_metrics_are_those_of_the_forecasts_in_the_units_of_the_data(tmp_path, mode, head):
    torch.manual_seed(0)
    task, batch = task_of(mode, head=head, season=3, samples=30)
    counts = head == "negative_binomial"
    units = {"center": torch.zeros(3, 2), "spread": torch.ones(3, 2)}
    units = (
        units if counts else {"center": torch.tensor([[5.0, -1]] * 3), "spread": torch.tensor([[2.0, 4]] * 3)}
    )
    batch |= units
    found = trainer(tmp_path, callbacks=[Seeds()]).test(task, loader(batch), verbose=False)[0]
    torch.manual_seed(1)
    with torch.no_grad():
        predicted = task.eval().predict_step(batch, 0)

    def own(values):
        return (values * units["spread"][:, None] + units["center"][:, None]).numpy()

    y, past, mean = own(batch["y"]), own(batch["x"][..., :2]), predicted[..., 0].numpy()
    naive = past[:, [5, 6, 7, 5]]
    scale = abs(past[:, 3:] - past[:, :-3]).mean(1, keepdims=True)
    expected = {
        "mse": ((mean - y) ** 2).mean(),
        "mae": abs(mean - y).mean(),
        "mase": (abs(mean - y) / scale).mean(),
        "smape": (2 * abs(mean - y) / np.maximum(abs(mean) + abs(y), 1.17e-6)).mean(),
        "mse_last_value": ((past[:, -1:] - y) ** 2).mean(),
        "mse_seasonal_naive": ((naive - y) ** 2).mean(),
        "mase_seasonal_naive": (abs(naive - y) / scale).mean(),
    }
    if head != "point":
        inside = (predicted[..., 1].numpy() <= y) & (y <= predicted[..., 2].numpy())
        expected["coverage"] = inside.mean()
        assert predicted.shape == (3, 4, 2, 3)
        assert found["test/crps"] > 0
    for name, value in expected.items():
        assert found[f"test/{name}"] == pytest.approx(value, rel=1e-4), name


def test_a_forecast_in_one_step_is_the_same_in_both_modes_when_it_goes_along_the_truth():
    """What it says of step 1 does not depend on y, and of step 2 on y of step 1 only."""
    torch.manual_seed(0)
    task, batch = task_of("autoregressive", season=3)
    runs = Runs(model=task.model.eval(), spec=task.forecast, head=task.head)
    window = window_of(batch, task.forecast, task.head)
    with torch.no_grad():
        truth = runs.along_truth(window)[..., 0]
        itself = runs.along_itself(window)[..., 0]
        other = window_of({**batch, "y": itself_in_units(itself, window)}, task.forecast, task.head)
        again = runs.along_truth(other)[..., 0]
    assert torch.allclose(truth[:, 0], itself[:, 0], atol=1e-5)
    assert not torch.allclose(truth[:, 1], itself[:, 1], atol=1e-5)
    assert torch.allclose(again, itself, atol=1e-4)


def itself_in_units(values, window):
    return window.level.up(values)


@pytest.mark.parametrize("mode", ["direct", "autoregressive"])
def test_forecasts_follow_a_shift_and_a_scale_of_the_window(mode):
    torch.manual_seed(0)
    task, batch = task_of(mode, season=3)
    moved = {**batch, "x": torch.cat([batch["x"][..., :2] * 10 + 7, batch["x"][..., 2:]], -1)}
    first, second = (task.eval().predict_step(each, 0).detach() for each in (batch, moved))
    assert torch.allclose(first * 10 + 7, second, atol=1e-3)


@pytest.mark.parametrize("mode", ["direct", "autoregressive"])
def test_known_covariates_reach_each_step_and_no_step_before(mode):
    torch.manual_seed(0)
    task, batch = task_of(mode, known=1)
    known = batch["known"].clone().requires_grad_()
    task.eval().predict_step({**batch, "known": known}, 0)[:, -1].sum().backward()
    reached = known.grad.abs().sum((0, 2)) > 0
    assert reached[8:].all()


def test_a_checkpoint_brings_back_what_is_forecast(tmp_path):
    task, batch = task_of(head="quantile", season=3)
    run = trainer(tmp_path, max_steps=1)
    run.fit(task, loader(batch), loader(batch))
    run.save_checkpoint(tmp_path / "kept.ckpt")
    again = zoo.Forecaster.load_from_checkpoint(tmp_path / "kept.ckpt")
    assert again.forecast == task.forecast
    assert torch.equal(again.eval().predict_step(batch, 0), task.eval().predict_step(batch, 0))


@pytest.mark.parametrize("head", HEADS)
def test_every_head_learns_step_by_step_from_known_covariates(tmp_path, head):
    """The value is 1 where the covariate, which says nothing in the window, is 1 at its step."""
    rows = [(1 + 2 * (step * step % 7 < 3)) for step in range(120)]
    lines = "\n".join(f"{value},{value - 1}" for value in rows)
    (tmp_path / "some.csv").write_text(f"v,k\n{lines}\n")
    pl.seed_everything(0, verbose=False)
    data = zoo.Series(tmp_path / "some.csv", targets="v", known="k", horizon=3, input_steps=8, scale="none")
    network = {"encoder": {"cell": "gru", "hidden_size": 12}}
    forecast = {"head": head, "mode": "autoregressive", "samples": 20}
    task = zoo.Forecaster(network, {"name": "Adam", "lr": 0.02}, forecast=forecast)
    run = trainer(tmp_path, max_epochs=12, limit_val_batches=0)
    run.fit(task, data)
    found = run.test(task, data, verbose=False)[0]
    assert found["test/mse"] < 0.5 * found["test/mse_last_value"]


def wave(folder, noise=0.1, level=5.0):
    """A season of 12, with a trend."""
    steps = np.arange(300)
    values = level + np.sin(steps * np.pi / 6) + 0.02 * steps + noise * RANDOM.standard_normal(300)
    (folder / "wave.csv").write_text("v\n" + "\n".join(f"{value:.4f}" for value in values))
    return folder / "wave.csv"


def test_a_trained_forecaster_is_better_than_what_needs_no_training_and_says_so(tmp_path, caplog):
    pl.seed_everything(1, verbose=False)
    data = zoo.Series(wave(tmp_path), horizon=6, input_steps=24, season=12, predict=tmp_path / "wave.csv")
    network = {"encoder": {"cell": "gru", "hidden_size": 16}, "pooling": "last"}
    task = zoo.Forecaster(network, {"name": "Adam", "lr": 0.01}, forecast={"head": "gaussian"})
    run = trainer(tmp_path, max_epochs=12)
    run.fit(task, data)
    with caplog.at_level(logging.INFO, logger="zoo"):
        found = run.test(task, data, verbose=False)[0]
    assert found["test/mse"] < min(found["test/mse_last_value"], found["test/mse_seasonal_naive"])
    assert 0.5 < found["test/coverage"] < 1
    assert (
        "the forecasts are better than the last value and the seasonal naive forecast: mse 0.0" in caplog.text
    )
    (predicted,) = run.predict(task, data)
    (batch,) = data.predict_dataloader()
    (row,) = data.rows(task.records(predicted, batch, data.legend))
    assert row.keys() == {"series", "time", "forecast", "lower", "upper"}
    assert row["time"] == list(range(300, 306))
    truth = 5 + np.sin(np.arange(300, 306) * np.pi / 6) + 6
    assert abs(np.array(row["forecast"]) - truth).max() < 0.5
    assert np.less(row["lower"], row["upper"]).all()


def test_a_network_that_was_trained_takes_horizon_and_season_from_the_data(tmp_path):
    data = zoo.Series(wave(tmp_path), horizon=6, input_steps=24, season=12)
    network = {"encoder": {"cell": "gru", "hidden_size": 4}, "pooling": "last"}
    first, second = zoo.Forecaster(network), zoo.Forecaster(network)
    run = trainer(tmp_path, max_steps=1, limit_val_batches=0)
    run.fit(first, data)
    run.save_checkpoint(tmp_path / "kept.ckpt")
    found = run.test(first, data, verbose=False)
    second.complete(first.hparams["network"])
    again = trainer(tmp_path).test(
        second, data, ckpt_path=tmp_path / "kept.ckpt", verbose=False, weights_only=True
    )
    assert again == found
    assert "test/mse_seasonal_naive" in found[0]


def test_a_forecast_that_is_no_number_is_not_left_out_of_the_mean(tmp_path, caplog):
    task, batch = task_of()
    other = {**batch, "x": batch["x"] * float("nan")}
    found = trainer(tmp_path).test(task, loader(batch, other), verbose=False)[0]
    assert np.isnan(found["test/mse"])
    assert "NOT better" in caplog.text


def test_a_forecaster_that_is_worse_says_that(tmp_path, caplog):
    task, batch = task_of(season=3)
    torch.nn.init.constant_(task.model.head.bias, 50.0)
    trainer(tmp_path).test(task, loader(batch), verbose=False)
    assert "the forecasts are NOT better than the last value and the seasonal naive forecast" in caplog.text
    assert caplog.records[-1].levelname == "WARNING"


def predict(batch, options):
    task, whole = task_of(**options)
    task.predict_step({**whole, **batch}, 0)


def refused(message, batch=None, **options):
    with pytest.raises(ValueError, match=re.escape(message)):
        predict(batch or {}, options)


def made(mode="direct", pooling="last", direction="forward", **forecast):
    encoder = {"cell": "gru", "hidden_size": 4, "direction": direction}
    return zoo.Forecaster({"encoder": encoder, "pooling": pooling}, forecast={"mode": mode, **forecast})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: made(horizon=0), "horizon is 0"),
        (lambda: made(pooling="none"), "a direct forecast is made from the whole window; got pooling 'none'"),
        (
            lambda: made("autoregressive", "none", "bidirectional"),
            "a bidirectional layer has read the window from its",
        ),
        (
            lambda: made("autoregressive", "none", "backward"),
            "a backward layer has read the window from its end",
        ),
        (
            lambda: made("autoregressive"),
            "an autoregressive forecast is made at every step; got pooling 'last'",
        ),
        (lambda: made(quantiles=[0.5, 0.1]), "quantiles is [0.5, 0.1]; expected ascending levels"),
        (lambda: made(interval=1.0), "interval is 1.0; expected a probability"),
        (lambda: made(residual="seasonal", horizon=2), "residual is 'seasonal' without a season"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_a_bidirectional_encoder_of_the_past_is_no_leak():
    assert made(direction="bidirectional").network.encoder.direction == "bidirectional"


def test_batches_that_do_not_fit_are_refused():
    refused("the window has 8 steps, and a season 9", season=9)
    refused("known has 11 steps for a window of 8 and a horizon of 4", batch={"known": torch.randn(3, 11, 3)})
    counts = {"head": "negative_binomial"}
    refused("'negative_binomial' is for counts", batch={"x": torch.randn(3, 8, 5)}, **counts)
    refused("lengths in", batch={"lengths": torch.tensor([8, 8, 8])})
    short = {"x": torch.randn(3, 3, 5), "known": torch.randn(3, 7, 3)}
    refused("the window has 3 steps, which read what is known of the 4", batch=short)


def test_sizes_that_contradict_are_refused(tmp_path):
    path = wave(tmp_path)
    data = zoo.Series(path, horizon=6, input_steps=24)
    with pytest.raises(ValueError, match="horizon is 5, but the data has 6"):
        trainer(tmp_path, fast_dev_run=True).fit(made(horizon=5), data)
    task = made("autoregressive", "none")
    path.write_text("v,w\n" + "\n".join(f"{k},{k % 3}" for k in range(100)))
    data = zoo.Series(path, horizon=6, input_steps=24, targets="v", past="w")
    with pytest.raises(ValueError, match="feeds on itself, and x has 2 columns for 1 variables"):
        trainer(tmp_path, fast_dev_run=True).fit(task, data)
