"""Forms of answers that many routes share."""
