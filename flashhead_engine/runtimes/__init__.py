"""What runs the networks.

gpu.py    how much of the GPU a game leaves to them
onnx.py   ONNX Runtime, on the CPU or within that budget on a GPU
graphs.py the exported graphs of FlashHead, and the seam to what runs them
"""
