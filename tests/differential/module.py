"""Rivers built as a WASM module, run in Node: stands in for a native driver."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from nagare.build import build, js_name
from nagare.emit import kernels, storage
from nagare.ir import Type
from nagare.rivers import load

from . import blob
from .program import ROOT, Crash

DRIVER = ROOT / "tests" / "wasm" / "drive.mjs"


class Module:
    """A module built for one profile, with its driver."""

    def __init__(self, source: Path, folder: Path, profile: str) -> None:
        build(str(source), "wasm", str(folder), (profile,))
        self.script = folder / f"{source.stem}.js"
        self.operators = [_operator(view, profile) for view in kernels(load(str(source)))]
        self.description = folder / "operators.json"
        self.description.write_text(json.dumps([_described(o) for o in self.operators]))

    def run(self, cases: Sequence[blob.Case]) -> list[list[blob.Result]]:
        """The results of each case, one for each of its runs."""
        given, results = self.script.with_suffix(".cases"), self.script.with_suffix(".results")
        given.write_bytes(b"".join(blob.encode(c, self.operators[c.operator]) for c in cases))
        results.unlink(missing_ok=True)
        command = ["node", str(DRIVER), *map(str, (self.script, self.description, given, results))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        reader = blob.Reader(results.read_bytes() if results.exists() else b"")
        read: list[list[blob.Result]] = []
        try:
            for case in cases:
                outputs = self.operators[case.operator].outputs
                read.append([reader.result(outputs) for _ in case.runs])
        except EOFError:
            raise Crash(len(read), done.stderr, read) from None
        assert done.returncode == 0, done.stderr
        return read


def _operator(view, profile: str) -> blob.Operator:
    kernel = view.kernel
    root = view.rivers[0].input_schema
    return blob.Operator(
        view.name,
        0,
        (profile,),
        {c.label: root[c.label] for c in kernel.inputs},
        dict(kernel.river.schema),
        {name: Type(p.type.kind) for name, p in kernel.params},
    )


def _described(operator: blob.Operator) -> dict:
    def fields(types: dict[str, Type]) -> list[dict]:
        return [
            {"name": js_name(name), "type": storage(t.kind), "nullable": t.nullable}
            for name, t in types.items()
        ]

    return {
        "name": js_name(operator.name),
        "inputs": fields(operator.inputs),
        "outputs": fields(operator.outputs),
        "params": fields(operator.params),
    }
