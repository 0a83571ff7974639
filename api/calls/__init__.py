"""Single calls: search, traces."""
