"""FlashHead's networks as ONNX graphs. Needs torch and the extra `export`; what runs the graphs needs neither, nor do
engines.

settings.py     what is fixed when a tier is exported
modules.py      the computation behind each graph
graphs.py       from such a module to a file
calibration.py  what the transformer of an export is given while it speaks
quantise.py     its linear layers in 8 bits; needs the extra `quantise`
folder.py       a whole export, written atomically
engines.py      TensorRT engines of an export, for the GPU at hand
"""
