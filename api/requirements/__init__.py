"""What a route needs of its model: stated by people, else inferred from its calls."""
