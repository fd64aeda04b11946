"""What runs the networks.

gpu.py                 how much of the GPU a game leaves to them
onnx.py                ONNX Runtime, on the CPU or within that budget on a GPU
flashhead.py           the seam between FlashHead's chunks and what runs its networks
torch_flashhead.py     torch behind it; torch_loading.py loads released checkpoints
exported_flashhead.py  exported graphs behind it
graphs.py              what those graphs take and give, and the seam to what runs them
onnx_runner.py         ONNX Runtime behind that; rtx.py: TensorRT for RTX, its plug-in
tensorrt_runner.py     TensorRT behind that; tensorrt.py: its module
resident.py            what both share on a GPU; cuda.py: CUDA itself
engines.py             a folder of TensorRT engines
exported.py            a folder of exported graphs; added_exports.py: which of them this machine has
"""
