"""Tests that drive a real Chromium against a real server; they run after all others."""
