"""Moving a route from one model to another in watched steps, and back by itself when it goes wrong."""
