"""The kinds of Amazon Web Services."""
