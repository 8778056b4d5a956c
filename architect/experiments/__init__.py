"""Experiments: comparisons, sweeps and capacity searches, each in a worker process of its own.

This file and what a worker imports (`worker`) need no Django: a worker starts without it.
"""
