"""Closed forms of queueing theory, and where a design meets them."""
