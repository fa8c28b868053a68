"""What a figure was measured on: the CPU, its caches, and the versions of what compiled and ran."""

import os
import subprocess
from pathlib import Path


def first_line(command: list[str]) -> str:
    """The first line a command prints, or `none` where there is no such command."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return done.stdout.partition("\n")[0].strip()


def cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def caches() -> str:
    found = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind = (folder / "type").read_text().strip()
        if kind != "Instruction":
            level = (folder / "level").read_text().strip()
            found.append(f"L{level} {(folder / 'size').read_text().strip()}")
    return ", ".join(found) or "unknown"


def load() -> str:
    return f"{os.getloadavg()[0]:.2f} on {os.cpu_count()} CPUs"


def describe(compilers: dict[str, str]) -> dict[str, str]:
    facts = {"cpu": cpu_name(), "caches": caches(), "load before": load()}
    for name, command in compilers.items():
        facts[name] = first_line([command, "--version"])
    facts["node"] = first_line(["node", "--version"])
    return facts
