"""Chance that can be had again: the same words, the same run."""

from random import Random


def chance(*words: object) -> Random:
    """Return a generator of its own for these words; nothing secret may come from it."""
    return Random("/".join(map(str, words)))  # noqa: S311 - simulated chance, not a secret
