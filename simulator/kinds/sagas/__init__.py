"""Sagas: sequences of local transactions that are undone when one of them fails."""
