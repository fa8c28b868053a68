"""The command `nagare`.

Each subcommand imports what it needs when it runs, so that a kernel that is already built starts
without the parser and the templates.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from . import __version__
from .errors import NagareError, RiverErrors
from .names import is_name, suggestion

PROFILES = ("scalar", "v128", "v256", "v512")
TARGETS = ("native", "wasm")

_INTERRUPTED = 130  # as a shell says of a command that SIGINT ended
_PIPE_CLOSED = 141  # and SIGPIPE


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; its exit status: 0 fine, 1 the input or the environment is wrong, 2 the
    usage is (argparse exits with it)."""
    options = _parser().parse_args(arguments)
    try:
        status = options.handler(options)
        sys.stdout.flush()
        return status
    except (RiverErrors, NagareError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Nobody reads any more. What is still buffered goes nowhere, or Python would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED


# ---- the subcommands -----------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> int:
    from .rivers import load

    status = 0
    for path in options.files:
        try:
            count = len(load(path).rivers)
        except RiverErrors as errors:
            print(errors, file=sys.stderr)
            status = 1
        else:
            print(f"{path}: {count} river{'s' * (count != 1)}, no errors")
    return status


def _explain(options: argparse.Namespace) -> int:
    from .explain import explain, render
    from .rivers import load

    file = load(options.file)
    if options.river is not None and options.river not in file.rivers:
        raise NagareError(
            f"there is no river `{options.river}` in {options.file}",
            suggestion(options.river, file.rivers, "rivers"),
        )
    explained = explain(file, options.river)
    if options.json:
        import json

        print(json.dumps(explained, indent=2, ensure_ascii=False))
    else:
        print(render(explained))
    return 0


def _gen(options: argparse.Namespace) -> int:
    from .emit import generate
    from .rivers import load

    to_stdout = options.output == "-"
    name = Path(options.file).stem + ".h" if to_stdout else Path(options.output).name
    header = generate(load(options.file), options.profiles, name)
    if to_stdout:
        sys.stdout.write(header)
        return 0
    try:
        Path(options.output).write_text(header, encoding="utf-8", newline="\n")
    except OSError as error:
        raise NagareError(
            f"{options.output} cannot be written: {error.strerror.lower()}",
            "give another path to `-o`, or `-o -` to print the header",
        ) from None
    return 0


def _build(options: argparse.Namespace) -> int:
    from .build import build

    for line in build(options.file, options.target, options.directory, options.profiles):
        print(line)
    return 0


def _run(options: argparse.Namespace) -> int:
    from .run import run

    return run(
        options.file,
        options.river,
        dict(options.input),
        dict(options.set),
        options.target,
        options.profile,
        options.batch,
        options.stats,
    )


# ---- the arguments -------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nagare",
        description="Turns river files, chains of stream operators, into single-pass SIMD kernels.",
        epilog="examples:\n"
        "  nagare check sensors.toml                    is the file right?\n"
        "  nagare run sensors.toml by_sensor            compile it and run it\n"
        "  nagare gen sensors.toml -o sensors.h         a header for a C program\n"
        "  nagare build sensors.toml --target wasm -o site\n"
        "\n`nagare COMMAND --help` tells more of each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"nagare {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_check(commands)
    _add_explain(commands)
    _add_gen(commands)
    _add_build(commands)
    _add_run(commands)
    return parser


def _command(
    commands: argparse._SubParsersAction,
    name: str,
    handler: Callable[[argparse.Namespace], int],
    summary: str,
    examples: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(handler=handler)
    return parser


def _add_check(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "check",
        _check,
        "say what is wrong in river files, each problem with its place and a remedy",
        "  nagare check sensors.toml\n  nagare check rivers/*.toml",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a river file")


def _add_explain(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "explain",
        _explain,
        "show columns and types, the loops a river becomes, and the memory it needs",
        "  nagare explain sensors.toml\n  nagare explain sensors.toml safe --json",
    )
    _add_file(parser)
    parser.add_argument("river", metavar="RIVER", nargs="?", help="only this one (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def _add_gen(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "gen",
        _gen,
        "write the kernels of a river file as a C header",
        "  nagare gen sensors.toml -o sensors.h\n"
        "  nagare gen sensors.toml -o - --profiles scalar,v256",
    )
    _add_file(parser)
    parser.add_argument(
        "-o", "--output", metavar="OUT.h", required=True, help="the header; `-` prints it"
    )
    _add_profiles(parser)


def _add_build(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "build",
        _build,
        "compile the rivers of a file to a native program or a WASM module",
        "  nagare build sensors.toml --target native -o build\n"
        "  nagare build sensors.toml --target wasm -o site",
    )
    _add_file(parser)
    parser.add_argument("--target", choices=TARGETS, required=True, help="what to build")
    parser.add_argument(
        "-o", "--output", dest="directory", metavar="DIR", required=True, help="the folder for it"
    )
    _add_profiles(parser)


def _add_run(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "run",
        _run,
        "compile a river, feed it its files and write what comes out",
        "  nagare run sensors.toml by_sensor\n"
        "  nagare run sensors.toml safe --set lo=60 --set hi=80\n"
        "  zcat big.csv.gz | nagare run sensors.toml safe --input readings=-",
    )
    _add_file(parser)
    parser.add_argument(
        "river", metavar="RIVER", nargs="?", help="the river to run (default: the one with a `to`)"
    )
    parser.add_argument(
        "--input",
        metavar="NAME=PATH",
        type=_input,
        action=_Once,
        default=(),
        help="the CSV file of a source; `-` is standard input",
    )
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        type=_setting,
        action=_Once,
        default=(),
        help="the value of a parameter",
    )
    parser.add_argument(
        "--target", choices=TARGETS, default="native", help="where it runs (default: %(default)s)"
    )
    parser.add_argument(
        "--profile",
        choices=("auto", *PROFILES),
        default="auto",
        help="the instruction set (default: %(default)s, the best there is)",
    )
    parser.add_argument(
        "--batch", metavar="ROWS", type=_rows, help="rows handed over at once; changes no result"
    )
    parser.add_argument(
        "--stats", action="store_true", help="tell rows, bytes and time on standard error"
    )


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the river file")


def _add_profiles(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profiles",
        metavar="LIST",
        type=_profiles,
        default=PROFILES,
        help=f"instruction sets, separated by commas (default: {','.join(PROFILES)})",
    )


class _Once(argparse.Action):
    """Collects NAME=VALUE pairs, each name once."""

    def __call__(self, parser, namespace, value, option_string=None) -> None:
        pairs = getattr(namespace, self.dest)
        if any(name == value[0] for name, _ in pairs):
            raise argparse.ArgumentError(self, f"`{value[0]}` is given twice")
        setattr(namespace, self.dest, (*pairs, value))


def _input(text: str) -> tuple[str, str]:
    return _named(text, "NAME=PATH")


def _setting(text: str) -> tuple[str, str]:
    """The name may be `RIVER.PARAMETER`, where several rivers have one of that name."""
    return _named(text, "NAME=VALUE", dots=1)


def _named(text: str, form: str, dots: int = 0) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    parts = name.split(".")
    if not equals or len(parts) > dots + 1 or not all(map(is_name, parts)) or not value:
        raise argparse.ArgumentTypeError(f"`{text}` is not of the form {form}")
    return name, value


def _rows(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number of rows, 1 or more")
    return int(text)


def _profiles(text: str) -> tuple[str, ...]:
    chosen = text.split(",")
    for name in chosen:
        if name not in PROFILES:
            hint = suggestion(name, PROFILES, "profiles")
            raise argparse.ArgumentTypeError(f"there is no profile `{name}`: {hint}")
    return tuple(profile for profile in PROFILES if profile in chosen)
