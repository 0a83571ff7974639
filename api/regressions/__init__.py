"""Regressions, and what people say of them."""
