"""Kinds of AI pipelines."""
