"""The Django side of Headrace: it keeps designs, starts runs in worker processes and streams their frames.

Importing this package imports nothing but the standard library: `manage.py` does so before Django exists.
"""
