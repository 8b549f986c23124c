"""Networks with known illnesses, for `tests/clinic.py`."""
