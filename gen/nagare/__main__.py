"""`python -m nagare`: the command `nagare`."""

from .cli import main

raise SystemExit(main())
