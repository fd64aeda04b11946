"""What is told to a client whose wish is not fulfilled: words for people, and a code for its program."""

from ..errors import AudioError, AvatarError, FlashHeadError, MissingDependencyError, SettingsError, TransportError

_CODES = {
    AudioError: "bad_audio",
    AvatarError: "unknown_avatar",
    SettingsError: "bad_settings",
    MissingDependencyError: "missing_dependency",
    TransportError: "transport",
}


class Refused(FlashHeadError):
    """What a client asked for is not done. `code`: the one in its `Error` message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def code_of(error: FlashHeadError) -> str:
    """The `code` of an `Error` message."""
    if isinstance(error, Refused):
        return error.code
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), "failed")
