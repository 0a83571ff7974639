"""The command line: the only place where services are wired together."""
