"""Which models serve a route: weights, who follows them, and forms that other routers read."""
