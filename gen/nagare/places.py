"""Where the generator finds its own files, both in a checkout and when it is installed."""

from __future__ import annotations

from pathlib import Path

from nagare.errors import NagareError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def _find(name: str) -> Path:
    """The file or folder `name`: a wheel has it inside the package, a checkout beside gen/."""
    for place in (_PACKAGE, _CHECKOUT):
        if (place / name).exists():
            return place / name
    raise NagareError(
        f"`{name}` is missing beside the generator",
        "install nagare again, or run it from its checkout",
    )


def templates() -> Path:
    """The folder of the Jinja2 templates."""
    return _find("templates")


def header() -> Path:
    """The library, nagare.h."""
    return _find("nagare.h")


def include_folder() -> Path:
    """What a C compiler's -I needs so that a generated header finds nagare.h."""
    return header().parent
