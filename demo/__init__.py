"""`python -m demo`: a mock provider, real instrumented traffic, and what Watchkeeper makes of it."""
