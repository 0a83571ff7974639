"""A provider's own figures against the stored calls."""
