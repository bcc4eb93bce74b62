"""Runs a hub and looks, so many times a second of processor time, at where its main thread is.

`python -m simulators.bench.sampled FILE run …`: the hub's command line behind the file's name. A
sampler leaves fast calls fast, which a tracing profiler makes look slow. Looks begin with SIGUSR1
and end with SIGUSR2, which writes FILE.
"""

import json
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY_S = 0.001
"""Of processor time; the kernel rounds it up to its own tick."""

Place = tuple[str, str, int]
"""File, function, first line."""


class Looks:
    """Counts stacks, outermost first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stacks: Counter[tuple[Place, ...]] = Counter()

    def begin(self, _number: int, _frame: FrameType | None) -> None:
        self._stacks.clear()
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)

    def look(self, _number: int, frame: FrameType | None) -> None:
        stack: list[Place] = []
        while frame is not None:
            code = frame.f_code
            stack.append((code.co_filename, code.co_qualname, code.co_firstlineno))
            frame = frame.f_back
        self._stacks[tuple(reversed(stack))] += 1

    def end(self, _number: int, _frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps(list(self._stacks.items())))
        draft.replace(self._file)


def main() -> None:
    looks = Looks(Path(sys.argv.pop(1)))
    signal.signal(signal.SIGPROF, looks.look)
    signal.signal(signal.SIGUSR1, looks.begin)
    signal.signal(signal.SIGUSR2, looks.end)
    # Not `import hub.cli`: simulators know nothing of the hub's inside.
    runpy.run_module("hub.cli", run_name="sampled")["app"]()


if __name__ == "__main__":
    main()
