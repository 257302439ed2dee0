"""When things run: jobs, the nightly schedule, sensors that keep months up to date, runs from the command line."""
