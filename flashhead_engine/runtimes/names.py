"""What runtimes are called. Imports nothing: a worker's supervisor reads it too."""

RUNTIME = "--runtime"
"""Option that names one of RUNTIMES; errors name it."""
RUNTIMES = ("torch", "onnxruntime", "tensorrt")
