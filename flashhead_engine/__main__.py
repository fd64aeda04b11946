"""`python -m flashhead_engine` is the `flashhead` command."""

import sys

from .cli import main

sys.exit(main())
