"""Runs a plan: here by local processes."""
