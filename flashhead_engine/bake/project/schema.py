"""Write the JSON Schema of project files: python -m flashhead_engine.bake.project.schema docs"""

import sys
from pathlib import Path

from ..formats.schemas import schema_text
from ..outputs import write_whole
from .file import ProjectFile

NAME = "bake-project.schema.json"

if __name__ == "__main__":
    write_whole(Path(sys.argv[1]) / NAME, schema_text(ProjectFile))
