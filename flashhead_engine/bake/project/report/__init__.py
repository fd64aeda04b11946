"""The report of a project: one HTML page to find the lines that came out badly, and to look at and listen to them."""

from pathlib import Path

from ...outputs import write_whole
from ..file import Project
from ..ledger import DONE, Ledger
from .page import render_page
from .pictures import Pictures
from .rows import collect_rows


def write_report(project: Project, ledger: Ledger, page: Path, thumbnails: int) -> int:
    """Write the page and return how many lines it has. `thumbnails`: how many lines get a picture, the worst first.

    Raises ProjectError when a source cannot be read, AvatarError, OutputError and MissingDependencyError.
    """
    found = collect_rows(project, ledger, page)
    pictures = Pictures(project)
    for one in found:
        if one.entry.state == DONE:
            pictures.add(one, with_thumbnail=thumbnails > 0)
            thumbnails -= 1
    write_whole(page, render_page(project, found).encode())
    return len(found)
