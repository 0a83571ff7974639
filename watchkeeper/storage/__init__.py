"""The store: ClickHouse, as a server or embedded (chDB). SQL text lives in this package and nowhere else."""
