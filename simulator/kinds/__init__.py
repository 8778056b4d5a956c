"""The kinds of node: one file per kind, and the catalogue that lists them."""
