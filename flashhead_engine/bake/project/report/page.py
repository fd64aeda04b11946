"""The page itself: a template with its style and its program, and the rows as data."""

import base64
import hashlib
from collections import Counter
from pathlib import Path

import msgspec

from ....errors import MissingDependencyError
from ...gate import QualityLimits
from ..file import Project
from ..ledger import DONE
from .pictures import CURVE_HZ
from .rows import STATES, Found

try:
    import jinja2
    from markupsafe import Markup
except ImportError as error:
    raise MissingDependencyError(
        f'A report needs Jinja ({error}). Install it with: pip install "flashhead-engine[bake]"'
    ) from error

_FOLDER = Path(__file__).parent


def render_page(project: Project, found: list[Found]) -> str:
    """HTML that needs nothing but the media beside it: a content security policy lets nothing else run or load."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    # In their order, which the page keeps.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "separators": (",", ":")}
    # Files of this program, not of a project: they go in as they are.
    style, program = (Markup((_FOLDER / name).read_text("utf-8")) for name in ("page.css", "page.js"))
    done = [one.entry for one in found if one.entry.state == DONE]
    # Who baked a line just before its run was killed did not write down how long that took.
    timed = [entry for entry in done if entry.elapsed_s]
    baked_s = sum(entry.elapsed_s for entry in timed)
    counts = Counter(one.row.state for one in found)
    return environment.get_template("page.html").render(
        title=project.path.name,
        style=style,
        style_hash=_hash(style),
        program=program,
        program_hash=_hash(program),
        states=STATES,
        counts=counts,
        audio_s=sum(entry.duration_us for entry in done) / 1e6,
        baked_s=baked_s,
        x_real_time=sum(entry.duration_us for entry in timed) / 1e6 / baked_s if baked_s else None,
        characters=sorted({one.row.character for one in found} - {""}),
        languages=sorted({one.row.language for one in found} - {""}),
        limits=_limits(project.quality),
        data={"rows": msgspec.to_builtins([one.row for one in found]), "states": STATES, "curve_hz": CURVE_HZ},
    )


def _limits(limits: QualityLimits) -> str:
    return ", ".join(f"{name} = {str(value).lower()}" for name, value in msgspec.structs.asdict(limits).items())


def _hash(text: str) -> str:
    """As a content security policy names what is inside a page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
