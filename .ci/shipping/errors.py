"""The one error of build.py."""


class BuildError(Exception):
    """Something a person must do before the command can work."""
