"""Receives, commits, acknowledges, and hands out what follows: the moving part of the hub."""
