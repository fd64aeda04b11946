"""A run over a project: what has to be baked, baking it, and removing what belongs to no line any more."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ...avatar.bundle import SAMPLES
from ...errors import AudioError, FlashHeadError, MissingDependencyError, OutputError
from ...transcript.phonemes import phonemise
from ..formats import FORMATS, line_name
from ..formats.base import Rig
from ..gate import QualityLimits, Verdict, judge
from ..head import load_head
from ..manifest import SUFFIX, ManifestError, load_manifest
from ..outputs import check_replaceable_file, explained
from ..plan import LineRequest, output_of
from ..quality import Quality
from .executor import Executor, Job
from .file import Character, Project, ProjectError
from .key import GLB, line_key
from .ledger import DONE, FAILED, PENDING, Entry, Ledger
from .sources import Line, Problem, collect_lines

_UNFINISHED = ".flashhead-*.part"
_OWN_PICTURE = re.compile(r"[0-9]{6}\.png")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run has before it. `removed`: lines of the ledger that are in the project no more. `warnings`: what a
    person should know of characters, by key of the project file."""

    jobs: list[Job]
    unchanged: int
    problems: list[Problem]
    removed: list[str]
    warnings: dict[str, str]


def plan_run(project: Project, ledger: Ledger, only_failed: bool = False) -> Plan:
    """Compare the project with the ledger, under the output lock; what is wrong with rows goes into the ledger.

    Raises ProjectError when a source cannot be read, or a character's avatar or model is missing, and
    MissingDependencyError when texts are to be followed without espeak-ng.
    """
    warnings = _check_characters(project)
    lines, problems = collect_lines(project)
    entries = ledger.entries()
    names = {line.name for line in lines} | {problem.name for problem in problems}
    removed = [name for name in entries if name not in names]
    if only_failed:
        failed = {name for name, entry in entries.items() if entry.state == FAILED}
        lines = [line for line in lines if line.name in failed]
        problems = [problem for problem in problems if problem.name in failed or not problem.name]
    for folder in {_folder(project, line) for line in lines}:
        _remove_unfinished(folder)
    hashes = _AudioHashes(ledger)
    jobs, found, unchanged = [], [], 0
    for line in lines:
        try:
            job = _job(project, line, hashes)
        except FlashHeadError as error:
            problems.append(Problem(line.name, line.where, str(error)))
            continue
        entry = entries.get(line.name)
        if entry is not None and entry.state == DONE and entry.key == job.request.key and _all_there(project, entry):
            unchanged += 1
        # With another key, outputs of a run that was killed may stand beside an older manifest.
        elif (entry is None or entry.key == job.request.key) and (baked := _already_baked(project, job)) is not None:
            unchanged += 1
            found.append(baked)
        else:
            jobs.append(job)
    if any(job.text for job in jobs):
        _check_texts()
    hashes.save()
    ledger.save(found)
    ledger.save(Entry(job.name, PENDING, job.request.key) for job in jobs)
    ledger.save(Entry(problem.name, FAILED, error=str(problem)) for problem in problems if problem.name)
    return Plan(jobs, unchanged, problems, removed, warnings)


def bake(plan: Plan, ledger: Ledger, executor: Executor, stopping: Callable[[], bool]) -> Iterator[Entry]:
    """Bake the jobs of a plan; each entry is in the ledger when it is yielded."""
    for entry in executor.run(plan.jobs, stopping):
        ledger.save([entry])
        yield entry


def verdict(entry: Entry, limits: QualityLimits) -> Verdict | None:
    """How good a line came out; None for one that is not baked."""
    if entry.state != DONE or entry.quality is None:
        return None
    return judge(msgspec.convert(entry.quality, Quality), limits)


def prune(project: Project, ledger: Ledger, removed: Iterable[str]) -> tuple[list[str], list[str]]:
    """Remove the files of lines that are gone and of formats that are no longer chosen. Returns the paths that were
    removed, and why others were not."""
    for name in removed:
        ledger.forget(name)
    # A line that was renamed in case alone owns the same file on Windows and macOS.
    owned = {_same_file(path) for entry in ledger.entries().values() for path in entry.files}
    gone, kept = [], []
    for path in ledger.orphans():
        if _same_file(path) not in owned:
            try:
                _remove(project.output, path)
            except OutputError as error:
                kept.append(str(error))
                continue
            gone.append(path)
        ledger.pruned(path)
    return gone, kept


def _check_characters(project: Project) -> dict[str, str]:
    """Say once what would else be said of each line; returns warnings by character."""
    problems, warnings = [], {}
    for name, character in project.characters.items():
        formats, head = project.formats_of(character), _head(project, character)
        settings = project.session_settings(character, 0, character.emotion)
        try:
            avatar = avatar_of(project, character)
            line_key("", formats, avatar, head, character.tier, settings, "", "")
            if GLB in formats and (warning := load_head(head).warning) is not None:
                warnings[f"characters.{name}"] = warning
        except FlashHeadError as error:
            problems.append(f"{project.path}: characters.{name}: {error}")
    if problems:
        raise ProjectError("\n".join(problems))
    return warnings


def _check_texts() -> None:
    try:
        phonemise("a", "en")
    except MissingDependencyError as error:
        raise MissingDependencyError(
            f"{error} Or set follow_text = false in [settings]: then texts are neither followed nor checked."
        ) from error


def _same_file(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _remove(output: Path, name: str) -> None:
    path = output / name
    if not path.resolve().is_relative_to(output.resolve()):
        raise OutputError(f"{path}: lies outside the output folder, so it is not removed. Remove it by hand.")
    with explained(path):
        if path.is_dir():
            pictures = list(path.iterdir())
            if any(not _OWN_PICTURE.fullmatch(picture.name) for picture in pictures):
                raise OutputError(
                    f"{path}: holds files that were not baked, so it is not removed. Remove it by hand."
                )
            for picture in pictures:
                picture.unlink()
            path.rmdir()
            return
        check_replaceable_file(path)
        path.unlink(missing_ok=True)


def _folder(project: Project, line: Line) -> Path:
    return (project.output / line.name).parent


def _remove_unfinished(folder: Path) -> None:
    """What a run that was killed has left; under the lock nobody else writes here."""
    for path in folder.glob(_UNFINISHED):
        with explained(path):
            if path.is_dir():
                for file in path.iterdir():
                    file.unlink()
                path.rmdir()
            else:
                path.unlink()


def _job(project: Project, line: Line, hashes: "_AudioHashes") -> Job:
    character = project.characters[line.character]
    formats = project.formats_of(character)
    settings = project.session_settings(character, _seed(project, line), line.emotion)
    avatar, head = avatar_of(project, character), _head(project, character)
    text = line.text if project.settings.follow_text and line.language else ""
    size, sha256 = hashes.of(line.audio)
    folder, name = _folder(project, line), line.name.rpartition("/")[2]
    request = LineRequest(
        audio=line.audio,
        outputs=tuple(output_of(folder, name, FORMATS[chosen], line.audio) for chosen in formats),
        avatar=avatar,
        tier=character.tier,
        settings=settings,
        rig=Rig(head=head),
        key=line_key(sha256, formats, avatar, head, character.tier, settings, line.language, text),
    )
    return Job(line.name, request, sha256, size, line.language, text)


def _seed(project: Project, line: Line) -> int:
    """Each line blinks and sways in its own way, always the same."""
    digest = hashlib.sha256(f"{project.settings.seed}/{line.name}".encode()).digest()
    return int.from_bytes(digest[:4], "little")


def avatar_of(project: Project, character: Character) -> str:
    """What `load_avatar` takes."""
    return character.avatar if character.avatar in SAMPLES else str(project.path.parent / character.avatar)


def _head(project: Project, character: Character) -> Path | None:
    return None if character.head is None else project.path.parent / character.head


def _all_there(project: Project, entry: Entry) -> bool:
    return all((project.output / file).exists() for file in entry.files)


def _already_baked(project: Project, job: Job) -> Entry | None:
    """What a run has finished that was killed before it could write that down: the manifest comes last."""
    output = job.request.outputs[0]
    path = output.with_name(f"{line_name(output)}{SUFFIX}")
    if not path.exists():
        return None
    try:
        manifest = load_manifest(path)
    except ManifestError:
        return None
    if manifest.key != job.request.key or manifest.audio.sha256 != job.audio_sha256 or manifest.quality is None:
        return None
    files = [path.parent / entry.file for entry in manifest.outputs]
    if not all(file.exists() for file in files):
        return None
    ignored = manifest.transcript is not None and not manifest.transcript.followed
    return Entry(
        job.name,
        DONE,
        manifest.key,
        files=tuple(file.relative_to(project.output).as_posix() for file in (*files, path)),
        warning=f"{job.request.audio}: baked from the audio alone." if ignored else None,
        duration_us=manifest.duration_us,
        quality=msgspec.structs.asdict(manifest.quality),
    )


class _AudioHashes:
    """Sizes and SHA-256 of audio files; files whose size and time are known are not read again."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known = ledger.known_audio()
        self._hashed: dict[str, tuple[int, int, str]] = {}

    def of(self, path: Path) -> tuple[int, str]:
        try:
            status = path.stat()
            known = self._hashed.get(str(path)) or self._known.get(str(path))
            if known is not None and known[:2] == (status.st_size, status.st_mtime_ns):
                return known[0], known[2]
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise AudioError(f"{path}: cannot be read ({error.strerror}). Check its permissions.") from error
        self._hashed[str(path)] = (status.st_size, status.st_mtime_ns, sha256)
        return status.st_size, sha256

    def save(self) -> None:
        self._ledger.save_audio(self._hashed)
