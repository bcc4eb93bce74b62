"""Korean particles: which of two forms follows a word."""

from typing import Final

_FIRST, _LAST, _FINALS = 0xAC00, 0xD7A3, 28
_DIGITS: Final = frozenset("013678")
"""Read aloud, these end in a consonant."""
_LATIN: Final = frozenset("lmnLMNR")


def with_particle(word: str, closed: str, opened: str) -> str:
    """Return the word with `closed` behind a final consonant, `opened` behind a vowel: 이, 가.

    Quotes and brackets at its end are not read. What nobody can tell is taken as open.
    """
    return word + (closed if _ends_in_consonant(word.rstrip("”\"')] ")) else opened)


def _ends_in_consonant(word: str) -> bool:
    last = word[-1:]
    if last and _FIRST <= ord(last) <= _LAST:
        return (ord(last) - _FIRST) % _FINALS != 0
    return last in _DIGITS or last in _LATIN
