"""Runs: a design snapshot simulated in its own worker process, its frames stored and streamed.

This file and what a worker imports (`worker`, `pipe`, `controls`) need no Django: a worker starts without it.
"""
