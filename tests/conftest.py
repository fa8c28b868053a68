"""What all tests share: the last line of a run, which counts passed, failed and skipped tests."""

from __future__ import annotations

from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent


def summary_line(counts: dict[str, int]) -> str:
    """An error outside of a test's body (a fixture, an import) is a failure like any other."""
    failed = counts.get("failed", 0) + counts.get("error", 0)
    line = f"{counts.get('passed', 0)} passed, {failed} failed"
    skipped = counts.get("skipped", 0) + counts.get("xfailed", 0)
    return f"{line}, {skipped} skipped" if skipped else line


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(config, "workerinput") or reporter is None or config.option.collectonly:
        return
    line = summary_line({outcome: len(reports) for outcome, reports in reporter.stats.items()})
    (HOUSE / "build").mkdir(exist_ok=True)
    (HOUSE / "build" / "test-summary.txt").write_text(line + "\n", encoding="utf-8")
    print(line)
