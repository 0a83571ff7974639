"""How budgets stand, for whoever shows that and whoever warns of it."""
