"""Sandbox servers that behave like the partners of `docs/partners`, well and badly."""
