"""Designs: saved documents, their versions, and the rules for changing them."""
