"""What will have been spent, as the API says it."""
