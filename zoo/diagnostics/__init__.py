"""Pure functions that measure how gradients flow.

`watch(model)` records what the layers of a model do; the other functions look into what it recorded.
"""

from zoo.diagnostics.gates import Gates, Saturation, gate_saturation, memory_horizon
from zoo.diagnostics.jacobians import jacobian_singular_values, lyapunov_exponents, step_jacobians
from zoo.diagnostics.through_time import (
    error_by_lag,
    gradient_by_lag,
    lag_norms,
    share_beyond,
    state_gradients,
    weight_gradient_by_lag,
    weight_gradients,
)
from zoo.diagnostics.unit_stats import dead_units, recurrent_spectra, recurrent_weights, state_norm
from zoo.diagnostics.watching import watch

__all__ = [
    "Gates",
    "Saturation",
    "dead_units",
    "error_by_lag",
    "gate_saturation",
    "gradient_by_lag",
    "jacobian_singular_values",
    "lag_norms",
    "lyapunov_exponents",
    "memory_horizon",
    "recurrent_spectra",
    "recurrent_weights",
    "share_beyond",
    "state_gradients",
    "state_norm",
    "step_jacobians",
    "watch",
    "weight_gradient_by_lag",
    "weight_gradients",
]
