"""Where things lie in a checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PROJECT = ROOT / "pyproject.toml"
PACKAGE = ROOT / "flashhead_engine"
NATIVE_SOURCES = ROOT / "bridge_cpp"
SHIPPING = ROOT / ".ci" / "shipping"
BUILD = ROOT / "build"
SOURCES = BUILD / "sources"
DIST = ROOT / "dist"
NOTICES = "THIRD_PARTY_NOTICES.txt"
