"""FlashHead's networks as ONNX graphs. Needs torch and the extra `export`; what runs the graphs needs neither, nor do
engines.

settings.py  what is fixed when a tier is exported
modules.py   the computation behind each graph
graphs.py    from such a module to a file
folder.py    a whole export, written atomically
engines.py   TensorRT engines of an export, for the GPU at hand
"""
