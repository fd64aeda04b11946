"""`flashhead models`: the weights of lite and pro on this machine."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from ..errors import MissingDependencyError, ModelError, SettingsError
from ..models import registry
from ..models.released import NETWORKS, find_folders, tiers_in
from ..runtimes import added_exports, exported

models_app = typer.Typer(
    help="The weights of the tiers lite and pro on this machine: fetch, add, list, verify.", no_args_is_help=True
)

_Answer = TypeVar("_Answer")
_AS_IT_WAS, _CHANGED = "[green]as it was added[/]", "[red]changed since it was added[/]"


@models_app.command()
def add(
    folder: Annotated[
        Path,
        typer.Argument(help="The folder that holds SoulX-FlashHead-1_3B and wav2vec2-base-960h, or an export."),
    ],
) -> None:
    """Check downloaded weights, hash them and remember where they are. They stay where they are.

    The name, shape and dtype of every weight are checked, and hashes are compared with the published ones. Files that
    differ from the published ones are named and used all the same.

    A folder that `flashhead export` wrote, here or elsewhere, is checked against its manifest; its tier then runs
    from it, without torch.

    Exit code 0: every tier in the folder was added. 1: one was not, which is said in words.

    Examples:  flashhead models add ~/models        flashhead models add ~/lite-export
    """
    if exported.is_export(folder):
        _add_export(folder)
        return
    try:
        from ..models.checkpoints import check
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f'models add needs {error.name}, which is not installed: pip install "flashhead-engine[flashhead]"'
        ) from error

    console = _console()
    folders = find_folders(folder)
    failed = False
    for tier in tiers_in(folders.model):
        if problems := check(folders, tier):
            failed = True
            console.print(f"{tier}: [red]not added[/]")
            _print_below(problems)
            continue
        model = _with_bar(
            f"hashing {tier}",
            registry.length_on_disk(folders, tier),
            lambda advance, tier=tier: registry.hashed(folders, tier, advance),
        )
        registry.remember(model)
        console.print(f"{tier}: [green]added[/], every weight is there  {_of(model)}")
        _print_below(registry.unpublished(model))
    raise typer.Exit(1 if failed else 0)


@models_app.command("list")
def list_models() -> None:
    """Show the models that were added, and whether their files are as they were.

    Example:  flashhead models list
    """
    models = _recorded()
    for tier, place in added_exports.recorded_exports().items():
        _console().print(f"{tier}: exported  {escape(place)}")
    for tier, model in models.items():
        changed = registry.changes(model)
        _console().print(f"{tier}: {_CHANGED if changed else _AS_IT_WAS}  {_of(model)}")
        _print_below(changed)


@models_app.command()
def verify() -> None:
    """Hash all files of what was added again; compare with what was recorded and with what is published.

    Exit code 0: all files are as they were added. 1: some are not.

    Example:  flashhead models verify
    """
    good = True
    for tier, model in _recorded().items():
        found = _with_bar(
            f"hashing {tier}", model.length, lambda advance, model=model: registry.verify(model, advance)
        )
        good = good and not found.changed
        _console().print(f"{tier}: {_CHANGED if found.changed else _AS_IT_WAS}  {escape(model.folder)}")
        _print_below([*found.changed, *found.unpublished])
    for tier in added_exports.recorded_exports():
        good = _verify_export(tier) and good
    raise typer.Exit(0 if good else 1)


@models_app.command()
def fetch(
    tiers: Annotated[
        list[str] | None, typer.Option("--tier", "-t", help="lite (if not given) or pro; may be repeated.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", "-o", help="Where to; this user's folder of models if not given.")
    ] = None,
) -> None:
    """Download the released weights from the Hugging Face hub and add them: 8.2 GB for lite, 6.9 GB for pro.

    Interrupted, it goes on where it stopped when it is run again. HF_ENDPOINT names a mirror of the hub. Never run
    against the hub itself yet.

    Examples:  flashhead models fetch        flashhead models fetch --tier lite --tier pro --folder ~/models
    """
    from ..models.fetch import fetch as download
    from ..models.fetch import files_of_tiers

    wanted = tiers or ["lite"]
    for tier in wanted:
        if tier not in NETWORKS:
            raise SettingsError(f"--tier {tier}: must be {' or '.join(NETWORKS)}; nano comes with the package.")
    place = registry.models_dir() if folder is None else folder
    files = files_of_tiers(wanted)
    total = sum(file.length for file in files)
    _with_bar("downloading", total, lambda advance: download(files, place, advance))
    add(place)


def _verify_export(tier: str) -> bool:
    place = escape(added_exports.recorded_exports()[tier])
    try:
        export = added_exports.added_export(tier)
        _with_bar(f"hashing {tier}", export.length, lambda advance: added_exports.verify_export(export, advance))
    except ModelError as error:
        _console().print(f"{tier}: exported, [red]changed since it was exported[/]  {place}")
        _print_below([str(error)])
        return False
    _console().print(f"{tier}: exported, [green]as it was exported[/]  {place}")
    return True


def _add_export(folder: Path) -> None:
    export = exported.read_export(folder)
    _with_bar("hashing", export.length, lambda advance: added_exports.verify_export(export, advance))
    added_exports.remember_export(export)
    manifest = export.manifest
    about = f"{manifest.computes_in}, pictures of {manifest.size}"
    _console().print(f"{manifest.tier}: [green]added[/], {about}  {escape(str(folder))}")


def _recorded() -> dict[str, registry.RecordedModel]:
    models = registry.recorded()
    if not models and not added_exports.recorded_exports():
        _console().print("No models were added yet: `flashhead models fetch`, or `flashhead models add DIR`.")
    return models


def _of(model: registry.RecordedModel) -> str:
    return f"{escape(model.folder)}  {model.length / 1e9:.1f} GB  sha256 {model.sha256}"


def _with_bar(text: str, total: int, work: Callable[[Callable[[int], None]], _Answer]) -> _Answer:
    columns = (TextColumn(text), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=total)
        return work(lambda count: bar.advance(task, count))


def _print_below(lines: list[str]) -> None:
    for line in lines:
        _console().print(f"  {escape(line)}")


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False)
