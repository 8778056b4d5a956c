"""Headrace's tests, laid out like the packages they test, plus `browser/` for the whole thing."""
