"""Two cohorts of calls compared honestly: stratified, valid at every look, with margins."""
