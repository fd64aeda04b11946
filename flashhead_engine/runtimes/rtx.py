"""TensorRT for RTX, by NVIDIA's plug-in for ONNX Runtime: GeForce cards, on Windows too, without engines built
beforehand. Never run on a GPU.

The package onnxruntime-ep-nv-tensorrt-rtx needs onnxruntime 1.24 or newer, and not onnxruntime-gpu.
Its use: nvidia.github.io/TensorRT-RTX-EP-ABI, "Installation".
"""

import functools

from .onnx import onnxruntime_module

PACKAGE = "onnxruntime-ep-nv-tensorrt-rtx"


@functools.cache
def rtx_devices() -> tuple:
    """ONNX Runtime's devices that the plug-in can use; empty without the plug-in or such a card."""
    try:
        import onnxruntime_ep_nv_tensorrt_rtx as plugin
    except ImportError:
        return ()
    ort = onnxruntime_module()
    name = plugin.get_ep_name()
    try:
        ort.register_execution_provider_library(name, plugin.get_library_path())
    except Exception:  # its own kinds of errors have no common base; without a driver the library cannot be loaded
        return ()
    return tuple(device for device in ort.get_ep_devices() if device.ep_name == name)
