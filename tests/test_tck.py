"""The core before the Technology Compatibility Kit of Reactive Streams, through the bridge in
tests/tck. docs/flow.md says what stands for what."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Container
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
KIT = HOUSE / "tests" / "tck"
JARS = HOUSE / "build" / "tck" / "jars"
NEEDED = ("java", "javac", "gcc")
# How many tests of the kit each class has, and how many of these the kit names `untested_...` and
# skips itself: it knows no way to test their rules.
TESTS = {"nagare.PublisherTest": 38, "nagare.SubscriberTest": 26, "nagare.ProcessorTest": 68}
UNTESTED = {"nagare.PublisherTest": 7, "nagare.SubscriberTest": 15, "nagare.ProcessorTest": 20}
# TestNG's exit status: one bit says that tests failed, the other that some were skipped.
RAN = (0, 1, 2, 3)
# What Java says of wrong calls in the bridge, and of subscribers that throw.
COMPLAINTS = ("WARNING in native method", "WARNING: JNI", "Exception in thread")
# Which others it skips, and why.
NO_WORDS = "the core answers with a status, whose text is the same wherever an argument is wrong"
ONE = "a processor in use has one subscriber: several need a fork, which is built before it runs"
SKIPPED = {
    ("nagare.PublisherTest", "optional_spec309_requestNegativeNumberMaySignal"
     "IllegalArgumentExceptionWithSpecificMessage"): NO_WORDS,
    ("nagare.ProcessorTest", "optional_spec309_requestNegativeNumberMaySignal"
     "IllegalArgumentExceptionWithSpecificMessage"): NO_WORDS,
    ("nagare.ProcessorTest", "optional_spec111_maySupportMultiSubscribe"): ONE,
    ("nagare.ProcessorTest", "optional_spec111_multicast_mustProduceTheSameElementsInTheSame"
     "SequenceToAllOfItsSubscribersWhenRequestingManyUpfront"): ONE,
    ("nagare.ProcessorTest", "optional_spec111_multicast_mustProduceTheSameElementsInTheSame"
     "SequenceToAllOfItsSubscribersWhenRequestingOneByOne"): ONE,
    ("nagare.ProcessorTest", "optional_spec111_multicast_mustProduceTheSameElementsInTheSame"
     "SequenceToAllOfItsSubscribersWhenRequestingManyUpfrontAndCompleteAsExpected"): ONE,
    ("nagare.ProcessorTest",
     "optional_spec111_registeredSubscribersMustReceiveOnNextOrOnCompleteSignals"): ONE,
    ("nagare.ProcessorTest",
     "required_mustRequestFromUpstreamForElementsThatHaveBeenRequestedLongAgo"): ONE,
    ("nagare.ProcessorTest", "required_spec104_mustCallOnErrorOnAllItsSubscribersIfItEncounters"
     "ANonRecoverableError"): ONE,
}  # fmt: skip


def run(*command: object, answers: Container[int] = (0,)) -> str:
    """What the command says; the test fails if it answers anything else."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=HOUSE, capture_output=True, text=True, timeout=120)
    assert done.returncode in answers, done.stdout[-8000:] + done.stderr[-8000:]
    return done.stdout + done.stderr


def made_bridge(folder: Path) -> Path:
    home = Path(shutil.which("javac") or "").resolve().parent.parent
    out = folder / "bridge.so"
    run("gcc", "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O1", "-shared", "-fPIC", "-pthread",
        "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual",
        "-Werror", "-isystem", home / "include", "-isystem", home / "include" / "linux",
        "-I", HOUSE, KIT / "bridge.c", "-o", out)  # fmt: skip
    return out


def results(folder: Path) -> dict[tuple[str, str], str]:
    """The kit's answer to each of its tests, by class and name: PASS, SKIP, or why it failed."""
    report = ElementTree.parse(folder / "testng-results.xml")
    found = {}
    for kind in report.iter("class"):
        for method in kind.iter("test-method"):
            answer = str(method.get("status"))
            if answer == "FAIL":
                answer = method.findtext("exception/message", answer).strip()
            elif method.get("is-config") == "true":
                continue
            found[str(kind.get("name")), str(method.get("name"))] = answer
    return found


def test_the_technology_compatibility_kit(tmp_path: Path) -> None:
    lacking = [tool for tool in NEEDED if shutil.which(tool) is None]
    if lacking or not list(JARS.glob("reactive-streams-tck-*.jar")):
        pytest.skip(
            f"the kit of Reactive Streams needs {' and '.join(lacking) or 'its jars'}: install "
            "default-jdk-headless, maven and gcc, then run tools/setup.sh tck"
        )
    bridge = made_bridge(tmp_path)
    classes, report = tmp_path / "classes", tmp_path / "report"
    sources = sorted((KIT / "src").rglob("*.java"))
    run("javac", "-Xlint:all", "-Werror", "-cp", f"{JARS}/*", "-d", classes, *sources)  # fmt: skip
    told = run("java", "-Xcheck:jni", f"-Dnagare.bridge={bridge}", "-cp", f"{classes}:{JARS}/*",
               "org.testng.TestNG", "-d", report, "-testclass", ",".join(TESTS),
               answers=RAN)  # fmt: skip
    assert not [complaint for complaint in COMPLAINTS if complaint in told], told[-8000:]
    found = results(report)
    failed = {test: answer for test, answer in found.items() if answer not in ("PASS", "SKIP")}
    assert failed == {}
    assert Counter(kind for kind, _ in found) == TESTS
    skipped = {test for test, answer in found.items() if answer == "SKIP"}
    untested = {(kind, name) for kind, name in skipped if name.startswith("untested_")}
    assert Counter(kind for kind, _ in untested) == UNTESTED
    assert skipped - untested == SKIPPED.keys()
