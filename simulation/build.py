"""Builds the simulated country through the operations that a user would run."""
