"""What `flashhead-worker` starts: the worker, with the models that lie in its own folder and no others."""

import os
import sys
from pathlib import Path

os.environ["FLASHHEAD_MODELS"] = str(Path(sys.executable).parent / "models")

from flashhead_engine.worker.__main__ import main

sys.exit(main())
