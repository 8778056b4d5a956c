"""Runs and what is computed from them: replications, statistics, executors."""
