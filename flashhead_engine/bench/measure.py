"""Measures a tier through the seam that the worker and the baker use."""

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..audio.pcm import SAMPLE_RATE_HZ
from ..avatar.bundle import Avatar
from ..drivers.base import Driver, DriverSession, Outputs, SessionSettings
from .stages import STAGES, TimedRuntime
from .voice import babble

UTTERANCES = 3
"""What is reported is the median of so many."""
_PIECE = SAMPLE_RATE_HZ // 50  # 20 ms, as a game streams it


@dataclass(frozen=True, slots=True)
class Result:
    """`runtime`, `device`: what computed, and where. `frames_per_s`: video frames of all streams together.
    `x_real_time`: seconds of dialogue of all streams that a second computes. `first_frame_audio_ms`: audio that must
    have been pushed before a stream's first frame can be computed. `first_frame_ms`: how long it then takes.
    `stages_ms`: of lite and pro the median of a chunk's stages (see `stages.STAGES`), of nano weights and pictures
    for a second of sound; of all streams together (of a batch, where there are more than eight). `memory_mib`: most
    that the process had of the machine's memory; `gpu_memory_mib`: of torch on the GPU; None where it was not
    measured."""

    tier: str
    runtime: str
    device: str
    streams: int
    size: int
    fps: int
    seconds: float
    frames_per_s: float
    x_real_time: float
    first_frame_audio_ms: float
    first_frame_ms: float
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    memory_mib: float | None = None
    gpu_memory_mib: float | None = None


@dataclass(frozen=True, slots=True)
class _Spoken:
    """Of one utterance of all streams: how long it took, how many video frames came, and for the first of them, after
    how much audio and how much time."""

    took_s: float
    frames: int
    first_audio_s: float
    first_s: float


def measure(
    driver: Driver,
    avatar: Avatar,
    settings: SessionSettings,
    streams: int,
    seconds: float,
    progress: Callable[[int], None] = lambda done: None,
    utterances: int = UTTERANCES,
) -> Result:
    """Let `streams` heads speak `seconds` of audio so many `utterances`, as fast as they can, after one to warm up.

    `progress` is called with 1 to `utterances` + 1 as they are done.
    """
    runtime = getattr(driver, "runtime", None)
    timed = None
    if runtime is not None:
        timed = driver.runtime = TimedRuntime(runtime)
    try:
        sessions = [driver.open(avatar, replace(settings, seed=settings.seed + number)) for number in range(streams)]
        spoken = []
        for number in range(utterances + 1):
            spoken.append(_speak(driver, sessions, seconds, number))
            if timed is not None and number == 0:
                timed.seconds.clear()
            progress(number + 1)
        for session in sessions:
            session.close()
    finally:
        if timed is not None:
            driver.runtime = runtime
    kept = spoken[1:]
    took_s = statistics.median(one.took_s for one in kept)
    return Result(
        tier=driver.tier,
        runtime=runtime.name if runtime is not None else "onnxruntime",
        device=runtime.device if runtime is not None else "CPU",
        streams=streams,
        size=settings.size,
        fps=settings.fps,
        seconds=seconds,
        frames_per_s=kept[0].frames / took_s,
        x_real_time=streams * seconds / took_s,
        first_frame_audio_ms=1e3 * statistics.median(one.first_audio_s for one in kept),
        first_frame_ms=1e3 * statistics.median(one.first_s for one in kept),
        stages_ms=(
            {name: 1e3 * statistics.median(timed.seconds[name]) for name in STAGES}
            if timed is not None
            else _nano_stages(driver, settings, streams, seconds, utterances, took_s)
        ),
        memory_mib=_memory_mib(),
        gpu_memory_mib=_gpu_memory_mib(),
    )


def _speak(driver: Driver, sessions: Sequence[DriverSession], seconds: float, seed: int) -> _Spoken:
    voices = [babble(seconds, seed * len(sessions) + number) for number in range(len(sessions))]
    frames, first_audio_s, first_s = 0, 0.0, 0.0
    begun = time.perf_counter()
    for start in range(0, len(voices[0]), _PIECE):
        pushed = time.perf_counter()
        for session, voice in zip(sessions, voices, strict=True):
            session.push(voice[start : start + _PIECE], end=start + _PIECE >= len(voice))
        driver.step(sessions)
        came = sum(frame.pixels is not None for session in sessions for frame in session.frames())
        if came and not frames:
            first_audio_s = min(start + _PIECE, len(voices[0])) / SAMPLE_RATE_HZ
            first_s = time.perf_counter() - pushed
        frames += came
    return _Spoken(time.perf_counter() - begun, frames, first_audio_s, first_s)


def _nano_stages(
    driver: Driver, settings: SessionSettings, streams: int, seconds: float, utterances: int, took_s: float
) -> dict[str, float]:
    """The same without pictures; what is left of the whole is drawing."""
    quiet = replace(settings, outputs=Outputs.BLENDSHAPES)
    sessions = [driver.open(None, quiet) for _ in range(streams)]
    weights_s = statistics.median(_speak(driver, sessions, seconds, number).took_s for number in range(utterances))
    for session in sessions:
        session.close()
    return {"weights": 1e3 * weights_s / seconds, "pictures": 1e3 * (took_s - weights_s) / seconds}


def _memory_mib() -> float | None:
    """The most that the process ever had, where the system tells it."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _gpu_memory_mib() -> float | None:
    torch = sys.modules.get("torch")  # to import it for this alone would take seconds and memory
    if torch is None or not torch.cuda.is_available():
        return None
    return torch.cuda.max_memory_allocated() / (1 << 20)
