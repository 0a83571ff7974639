"""The same calls elsewhere: what they would have cost."""
