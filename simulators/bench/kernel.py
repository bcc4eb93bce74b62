"""What the kernel says of a process and of the machine."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """Seconds of processor time since the process began, of it alone."""

    total_s: float
    main_s: float
    """Of its main thread: the event loop."""

    def __sub__(self, earlier: "Cpu") -> "Cpu":
        return Cpu(total_s=self.total_s - earlier.total_s, main_s=self.main_s - earlier.main_s)


def cpu_of(pid: int) -> Cpu:
    """Return user and system time as `/proc` counts them, in hundredths of a second."""
    process, main = Path(f"/proc/{pid}/stat"), Path(f"/proc/{pid}/task/{pid}/stat")
    return Cpu(total_s=_used_s(process), main_s=_used_s(main))


def _used_s(stat: Path) -> float:
    # The name in parentheses may hold blanks; utime and stime are fields 14 and 15.
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def machine() -> dict[str, str]:
    """Return what a figure cannot be judged without."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "processor": model or platform.processor(),
        "cores": str(os.cpu_count()),
        "memory_mb": str(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "load_before": f"{os.getloadavg()[0]:.2f}",
    }
