"""Why cost moved."""
