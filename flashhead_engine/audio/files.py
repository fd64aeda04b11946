"""Which files are audio, by the endings of their names; what is in them is decode.py's to say."""

from pathlib import Path

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aif", ".aiff")


def audio_files(folder: Path) -> list[Path]:
    """Those of a folder, sorted, those of inner folders too."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file())
