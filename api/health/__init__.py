"""How each series fares."""
