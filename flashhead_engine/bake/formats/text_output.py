"""A text file that grows line by line and appears whole."""

from contextlib import suppress
from pathlib import Path

from ..outputs import PendingFile, explained


class TextOutput:
    """Written as UTF-8 with "\\n" on every system, so that the same line bakes to the same bytes."""

    def __init__(self, path: Path) -> None:
        self._output = PendingFile(path)
        self.path = self._output.path
        with explained(self.path):
            self._file = self._output.temporary.open("w", encoding="utf-8", newline="\n")

    def write(self, text: str) -> None:
        """Raises OutputError, possibly for text given earlier."""
        with explained(self.path):
            self._file.write(text)

    def commit(self) -> None:
        """Raises OutputError."""
        with explained(self.path):
            self._file.close()
        self._output.commit()

    def discard(self) -> None:
        """Remove what was written. Does nothing after commit()."""
        with suppress(OSError):
            self._file.close()
        self._output.discard()
