"""Stay, re-route or migrate: what the evidence says a route should do, or that it does not say enough."""
