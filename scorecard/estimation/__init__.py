"""Estimation, one question a module. Everything is pure; ``scorecard.statistics`` is the one door to it."""
