"""TensorRT 11: the module, and what it says. Never run on a GPU."""

import logging
from typing import TYPE_CHECKING

from ..errors import MissingDependencyError

if TYPE_CHECKING:
    import tensorrt as trt

NAME = "tensorrt"
INSTALL = 'pip install "flashhead-engine[tensorrt]"'

_MAJOR = 11
_LEVELS = {"VERBOSE": logging.DEBUG, "INFO": logging.DEBUG, "WARNING": logging.INFO}
_log = logging.getLogger(__name__)


def tensorrt_module():
    """The module. Raises MissingDependencyError without it, or where it is another than version 11."""
    try:
        import tensorrt
    except ImportError as error:
        raise MissingDependencyError(f"TensorRT is needed, which is not installed: {INSTALL}") from error
    if int(tensorrt.__version__.partition(".")[0]) != _MAJOR:
        raise MissingDependencyError(f"TensorRT {tensorrt.__version__} is installed, {_MAJOR} is needed: {INSTALL}")
    return tensorrt


def new_logger(errors: list[str]) -> "trt.ILogger":
    """Of TensorRT, into Python's log; what went wrong goes to `errors` too. Must outlive what it is given to."""
    trt = tensorrt_module()

    class Logger(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: "trt.ILogger.Severity", msg: str) -> None:
            _log.log(_LEVELS.get(severity.name, logging.WARNING), "TensorRT: %s", msg)
            if severity.name not in _LEVELS:
                errors.append(msg.strip())

    return Logger()


def said(errors: list[str]) -> str:
    """The last thing that went wrong, for an error."""
    return f"TensorRT says: {errors[-1]}" if errors else "TensorRT does not say why."
