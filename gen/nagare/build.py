"""`nagare build`: a river file as a static library, or as a WASM module with its JavaScript."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass, replace
from pathlib import Path

from . import ir, toolchain
from .emit import VERSION, KernelView, environment, generate, kernels, storage
from .errors import NagareError
from .layout import WORD, Layout, chunk_rows, layout, stack_size
from .places import header
from .plan import Column
from .rivers import load

WASM_PROFILES = ("scalar", "v128")
_BLOCKED_ROWS = 1 << 10  # rows of output where rows only come out at the end
_TAKEN = frozenset(("rows", "then", "__proto__"))  # by the objects that hold columns and rivers


def build(path: str, target: str, directory: str, profiles: tuple[str, ...]) -> list[str]:
    """Builds the rivers of a file into a folder. Returns lines that say what was made."""
    file = load(path)
    stem, folder = Path(path).stem, Path(directory)
    if target == "native":
        return _native(file, stem, folder, profiles)
    chosen = tuple(p for p in WASM_PROFILES if p in profiles)
    if not chosen:
        raise NagareError(
            f"WASM has no profile {', '.join(profiles)}",
            f"its profiles are {' and '.join(WASM_PROFILES)}",
        )
    return _wasm(file, stem, folder, chosen)


# ---- native --------------------------------------------------------------------------------------


def _native(file: ir.RiverFile, stem: str, folder: Path, profiles: tuple[str, ...]) -> list[str]:
    library = folder / f"lib{stem}.a"
    with toolchain.making(library) as work:
        _write(work / f"{stem}.h", generate(file, profiles, f"{stem}.h"))
        _write(work / "nagare.h", header().read_text(encoding="utf-8"))
        objects = []
        for part, name in (("kernels", f"nagare_{stem}"), ("library", "nagare")):
            source, made = work / f"{part}.c", work / f"{name}.o"
            text = (
                environment()
                .get_template("module_native.c.j2")
                .render(part=part, header=f"{stem}.h")
            )
            _write(source, text)
            toolchain.compile_native([source], made, ["-O2", "-fPIC", "-c"])
            objects.append(made)
        toolchain.archive(objects, work / library.name)
        made = [library, folder / f"{stem}.h", folder / "nagare.h"]
        _publish(work, made)
    return [_size_line(path) for path in made]


# ---- WASM ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class River:
    """A kernel as the templates of the JavaScript see it."""

    view: KernelView
    layout: Layout
    js_name: str

    @property
    def doc(self) -> str:
        return self.view.kernel.river.doc.replace("*/", "* /")

    @property
    def chunk(self) -> int:
        return chunk_rows(self.view)

    @property
    def made(self) -> int:
        """Rows that the output of one call has room for."""
        return _BLOCKED_ROWS if self.view.limit == "none" else self.chunk

    @property
    def sizes(self) -> str:
        """The sizes of its structures, as an object of JavaScript."""
        there = self.layout
        return _object(
            state=there.state_size,
            params=there.params_size,
            **{"in": there.inputs["offset"] + WORD, "out": there.outputs["rows"] + WORD},
        )

    @property
    def places(self) -> str:
        """Where the fields are that are no columns."""
        there = self.layout
        return _object(
            offset=there.inputs["offset"],
            capacity=there.outputs["capacity"],
            rows=there.outputs["rows"],
            failedRow=there.state["failed_row"],
        )

    @property
    def inputs(self) -> list[Field]:
        return [Field(c, self.layout.inputs) for c in self.view.kernel.inputs]

    @property
    def outputs(self) -> list[Field]:
        return [Field(c, self.layout.outputs) for c in self.view.kernel.outputs]

    @property
    def params(self) -> list[Param]:
        return [Param(name, p, self.layout.params[name]) for name, p in self.view.kernel.params]


def _object(**numbers: int) -> str:
    return "{ " + ", ".join(f"{name}: {number}" for name, number in numbers.items()) + " }"


_ARRAYS = {
    "i8": "Int8Array", "i16": "Int16Array", "i32": "Int32Array", "i64": "BigInt64Array",
    "u8": "Uint8Array", "u16": "Uint16Array", "u32": "Uint32Array", "u64": "BigUint64Array",
    "f32": "Float32Array", "f64": "Float64Array",
}  # fmt: skip


def _scalar(kind: str) -> str:
    """The TypeScript type of one value that is given."""
    return {
        "bool": "boolean",
        "utf8": "string",
        "i64": "bigint | number",
        "u64": "bigint | number",
    }.get(storage(kind), "number")


@dataclass(frozen=True)
class Field:
    """A column of `in` or `out`; printed, it is an entry of the JavaScript's table."""

    column: Column
    places: dict[str, int]

    @property
    def name(self) -> str:
        return js_name(self.column.label)

    @property
    def note(self) -> str:
        """What the type in JavaScript does not say."""
        kind = self.column.storage
        return kind if kind.startswith("timestamp") else ""

    @property
    def ts(self) -> str:
        """Its type as it comes out."""
        kind, valid = storage(self.column.storage), " & Valid" if self.column.nullable else ""
        if kind in ("bool", "utf8"):
            return ("Bits" if kind == "bool" else "Text") + valid
        return f"Values<{_ARRAYS[kind]}>{valid}" if valid else _ARRAYS[kind]

    @property
    def ts_given(self) -> str:
        """Its types as it may be given."""
        kind, nullable = storage(self.column.storage), self.column.nullable
        value = _scalar(kind) + (" | null" if nullable else "")
        plain = f"readonly ({value})[]" if " " in value else f"readonly {value}[]"
        valid = " & MaybeValid" if nullable else ""
        if kind in ("bool", "utf8"):
            return f"{'Bits' if kind == 'bool' else 'Text'}{valid} | {plain}"
        bare = f"{_ARRAYS[kind]} | "
        return f"{bare}(Values<{_ARRAYS[kind]}>{valid}) | {plain}" if nullable else bare + plain

    def __str__(self) -> str:
        c = self.column
        parts = [
            f'name: "{self.name}"',
            f'kind: "{storage(c.storage)}"',
            f"at: {self.places[c.name]}",
        ]
        for part in ("valid", "bytes", "room"):
            if f"{c.name}_{part}" in self.places:
                parts.append(f"{part}: {self.places[f'{c.name}_{part}']}")
        return "{ " + ", ".join(parts) + " }"


@dataclass(frozen=True)
class Param:
    """A parameter; printed, it is an entry of the JavaScript's table."""

    c_name: str
    parameter: ir.Parameter
    at: int

    @property
    def name(self) -> str:
        return js_name(self.c_name)

    @property
    def required(self) -> bool:
        return self.parameter.default is None

    @property
    def ts(self) -> str:
        return _scalar(self.parameter.type.kind)

    @property
    def default(self) -> str:
        value = self.parameter.default
        text = "" if value is None else str(value).lower() if value in (True, False) else str(value)
        return f"{self.parameter.type.kind} = {text}" if text else self.parameter.type.kind

    def __str__(self) -> str:
        return (
            f'{{ what: "parameter", name: "{self.name}", '
            f'kind: "{storage(self.parameter.type.kind)}", at: {self.at}, '
            f"required: {str(self.required).lower()} }}"
        )


def js_name(name: str) -> str:
    """What a column, parameter or river is called in JavaScript, where some names are taken."""
    return name + "_" if name.rstrip("_") in _TAKEN or name in _TAKEN else name


def _wasm(file: ir.RiverFile, stem: str, folder: Path, profiles: tuple[str, ...]) -> list[str]:
    views = [replace(view, small=True) for view in kernels(file)]
    rivers = [River(v, layout(v), js_name(v.name)) for v in views]
    exports = [f"{v.name}_{call}" for v in views for call in ("init", "push", "flush")]
    module = folder / f"{stem}.wasm"
    with toolchain.making(module) as work:
        _write(work / "kernels.h", generate(file, profiles, "kernels.h", views))
        _write(work / "module.c", _render("module.c.j2", file, stem, rivers))
        options = ["-O2", *([toolchain.WASM_SIMD] if "v128" in profiles else [])]
        shrunk = toolchain.compile_wasm(
            [work / "module.c"], work / module.name, stack_size=stack_size(views),
            exports=[*exports, "__heap_base"], options=options, shrink=True)  # fmt: skip
        _write(work / f"{stem}.js", _render("module.js.j2", file, stem, rivers))
        _write(work / f"{stem}.d.ts", _render("module.d.ts.j2", file, stem, rivers))
        made = [module, folder / f"{stem}.js", folder / f"{stem}.d.ts"]
        _publish(work, made)
    lines = [_size_line(path) for path in made]
    if not shrunk:
        lines.append(
            "there is no wasm-opt (Debian's package binaryen), which makes modules smaller"
        )
    return lines


# ---- files ---------------------------------------------------------------------------------------


def _render(template: str, file: ir.RiverFile, stem: str, rivers: list[River]) -> str:
    return (
        environment()
        .get_template(template)
        .render(source=Path(file.path).name, stem=stem, version=VERSION, rivers=rivers)
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _publish(work: Path, paths: list[Path]) -> None:
    """Moves finished files to where they belong, over those of an earlier build."""
    for path in paths:
        os.replace(work / path.name, path)


def _size_line(path: Path) -> str:
    content = path.read_bytes()
    squeezed = len(gzip.compress(content, 9, mtime=0))
    return f"{path}: {len(content):,} bytes, {squeezed:,} by gzip"
