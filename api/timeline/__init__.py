"""Which model served a requested one, when."""
