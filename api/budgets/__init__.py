"""What a scope may spend, and how far it has come."""
