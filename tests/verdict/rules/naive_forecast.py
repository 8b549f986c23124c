"""Forecasts are no better than those that need no training."""

CASE = (
    {"validated": {"mse": [9.0, 8.0], "mse_last_value": [12.0, 12.0], "mse_seasonal_naive": [2.0, 2.0]}},
    "No validation was better than the seasonal naive forecast",
    "",
)
