"""What holds for all tests."""

import asyncio


def pytest_configure() -> None:
    # Asked for a loop before the first test, asyncio makes one that pytest-asyncio then drops
    # unclosed, and whichever test meets the garbage collector fails for it.
    asyncio.set_event_loop(None)
