"""What the compilers of this machine can do, found out by having them do it."""

from __future__ import annotations

import os
import subprocess
from functools import cache


@cache
def can_link_32_bits(compiler: str) -> bool:
    """Whether a program can be made with -m32. Asking where the libraries stand is not enough:
    compilers name the 64-bit ones where they have no others."""
    language = "c++" if "++" in compiler else "c"
    header = "new" if language == "c++" else "stdio.h"
    made = subprocess.run(
        [compiler, "-m32", "-x", language, "-", "-o", os.devnull],
        input=f"#include <{header}>\nint main(void) {{ return 0; }}\n",
        capture_output=True,
        text=True,
    )
    return made.returncode == 0
