"""What it takes to put a transformer of lite's width into 8 bits: time, memory, sizes, error. Weights and inputs are
random.

    python benchmarks/flashhead/quantise.py make out/quantise --blocks 26     2.2 GB, more than one protobuf holds
    python benchmarks/flashhead/quantise.py run out/quantise --linears int8

For pictures of 256x256 (memory goes to weights), in float16; ranges from one step, the error is that of another.
"""

import argparse
import pickle
import resource
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

from flashhead_engine.models.configs import LITE
from flashhead_engine.runtimes.graphs import GraphSpec, graph_specs

SIZE = 256


def spec_of(config) -> GraphSpec:
    return next(spec for spec in graph_specs(config, SIZE, SIZE, "float16") if spec.name == "dit")


def peak_gib() -> float:
    """Most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**30


def make(folder: Path, blocks: int) -> None:
    """The graph, and two steps of it."""
    import onnxruntime
    import torch

    from flashhead_engine.export.calibration import Step
    from flashhead_engine.export.graphs import examples, write_graph
    from flashhead_engine.export.modules import DitStep
    from flashhead_engine.models.dit import Dit

    config = replace(LITE, dit=replace(LITE.dit, layers=blocks))
    spec = spec_of(config)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float16)  # so that memory holds the weights once
    dit = Dit(config.dit).requires_grad_(False).eval()
    torch.set_default_dtype(torch.float32)
    folder.mkdir(parents=True, exist_ok=True)
    grid = (config.latent_frames(33), SIZE // config.latent_stride, SIZE // config.latent_stride)
    write_graph(DitStep(dit, grid), spec, config, folder / "dit.onnx")
    session = onnxruntime.InferenceSession(folder / "dit.onnx", providers=["CPUExecutionProvider"])
    steps = []
    for seed in range(2):
        values = examples(spec, {"batch": 1}, seed)
        inputs = {one.name: value.numpy() for one, value in zip(spec.inputs, values, strict=True)}
        inputs["sigma"][:], inputs["next_sigma"][:] = 0.9375, 0.75
        steps.append(Step(inputs, session.run(None, inputs)[0]))
    (folder / "steps.pickle").write_bytes(pickle.dumps((config, steps)))


def run(folder: Path, linears: str) -> None:
    from flashhead_engine.export.quantise import worst_error, write_quantised

    config, (step, other) = pickle.loads((folder / "steps.pickle").read_bytes())
    quantised = folder / linears
    quantised.mkdir(exist_ok=True)
    graph = quantised / "dit.onnx"
    for name in (graph.name, f"{graph.name}.data"):
        shutil.copy(folder / name, quantised / name)
    before = (folder / "dit.onnx.data").stat().st_size
    begun = time.perf_counter()
    layers = write_quantised(graph, spec_of(config), config.dit.layers, linears, [step])
    took, peak = time.perf_counter() - begun, peak_gib()
    after = (quantised / "dit.onnx.data").stat().st_size
    print(f"{layers} linear layers in {linears}: {took:.0f} s, peak {peak:.2f} GiB; {before:,} -> {after:,} bytes")
    print(f"relative error of the flow: {worst_error(graph, [other]):.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "run"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--blocks", type=int, default=LITE.dit.layers)
    parser.add_argument("--linears", choices=("int8", "fp8"), default="int8")
    arguments = parser.parse_args()
    if arguments.what == "make":
        make(arguments.folder, arguments.blocks)
    else:
        run(arguments.folder, arguments.linears)


if __name__ == "__main__":
    main()
