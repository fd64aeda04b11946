"""Random and mutated control messages against a worker while an honest client talks.

    python benchmarks/worker/fuzz_messages.py [--messages 1000000] [--seed 0]

Limits: the worker lives and answers, the honest client misses no frame, memory grows by at most 2 % once it has
settled, and what the fuzzing clients had open is closed when they are gone.
"""

import argparse
import time
from dataclasses import dataclass, field

import msgspec
import numpy as np
import zmq
from real import Honest, RealWorker, growth, open_files, real_worker, resident_bytes, rings_of, verdict, with_progress

from flashhead_engine.drivers.base import VIDEO_FPS
from flashhead_engine.transport import messages
from flashhead_engine.transport.messages import Hello, encode

GROWTH = 0.02
_BATCH = 100
_CLIENTS = 3
_SAMPLES = 40
_ANSWER_MS = 20_000
_GONE_S = 3.0  # after which a client that vanished has nothing any more
_LIFE = 0.002  # chance after each batch that a client vanishes without a word
_HEAVY = 0.0005  # share of messages that open a head with video


@dataclass
class Result:
    """`memory`: of the worker, forty times. `files`: that it had open before the first message, and still has when
    the clients are gone. `left`: rings at the end."""

    sent: int = 0
    answers: int = 0
    missed: int = 0
    shown: int = 0
    memory: list[int] = field(default_factory=list)
    files: tuple[int, int] = (0, 0)
    left: int = 0

    @property
    def kept(self) -> bool:
        steady = growth(self.memory) <= GROWTH and self.files[1] <= self.files[0]
        return self.missed == 0 and self.shown > 0 and self.left == 0 and steady


class Fuzzer:
    """Makes messages from `random`: valid ones with random fields, damaged ones, and noise."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    def parts(self) -> list[bytes]:
        """Of one ZeroMQ message."""
        random = self._random
        kind = random.random()
        first = self._noise(200) if kind < 0.1 else encode(self._valid())
        if kind > 0.5:
            first = self._damaged(first)
        parts = [first]
        if random.random() < 0.5:
            parts.append(self._payload())
        if random.random() < 0.02:
            parts += [self._noise(20)] * int(random.integers(1, 6))
        if random.random() < 0.01:
            parts = [b""] * int(random.integers(1, 4))
        return parts

    def _valid(self) -> messages.FromClient:
        random = self._random
        session, utterance = int(random.integers(0, 40)), int(random.integers(0, 12))
        time_us = int(random.integers(-(2**62), 2**62)) if random.random() < 0.1 else int(random.integers(0, 10**7))
        share = float(random.random())
        heavy = random.random() < _HEAVY
        choices = (
            lambda: messages.Open(
                request=int(random.integers(0, 100)),
                avatar=str(random.choice(["", "guard", "nobody", "/etc/passwd", "../..", "\0", "x" * 4000])),
                tier=str(random.choice(["nano", "nano", "pro", "best"])),
                outputs=("video",) if heavy else ("blendshapes",) if share < 0.8 else ("smell",),
                size=int(random.choice([256, 512, 0, 77, 2**31])),
                fps=int(random.choice([*VIDEO_FPS, 0, 13])),
                frames=str(random.choice(["shared_memory", "messages", "pigeon"])),
            ),
            lambda: messages.Speak(
                session,
                max(1, utterance),
                sample_rate_hz=int(random.choice([16_000, 48_000, 0, 1, 2**31])),
                channels=int(random.choice([1, 2, 0, 99])),
                format=str(random.choice(["f32", "s16", "u8"])),
                end=share < 0.7,
                path=str(random.choice(["", "", "", "/etc/shadow", "line.wav", "\0"])),
                interrupt=share > 0.5,
                last_pts_us=time_us,
            ),
            lambda: messages.Audio(session, utterance, end=share > 0.7),
            lambda: messages.Cancel(session, time_us),
            lambda: messages.Clock(session, utterance, time_us, share > 0.5),
            lambda: messages.Set(session, str(random.choice(["happy", "sad", "", "rage"])), share, 2 * share),
            lambda: messages.Look(session, 2 * share - 1, share, share > 0.8),
            lambda: messages.Pause(session, share > 0.5),
            lambda: messages.Close(session),
            lambda: messages.Status(int(random.integers(0, 100))),
            lambda: messages.Hello(str(random.choice(["", "wrong"])), int(random.integers(0, 3)), "fuzzer"),
        )
        return choices[random.integers(len(choices))]()

    def _damaged(self, data: bytes) -> bytes:
        random = self._random
        way = random.integers(6)
        if way == 0:
            return data[: random.integers(len(data))]
        if way == 1:
            return data + self._noise(30)
        if way == 2:
            return b"\x91" * int(random.integers(1, 2000)) + data
        if way == 3:  # announces four thousand million entries
            return bytes([int(random.choice([0xDD, 0xDF, 0xDB, 0xC6]))]) + b"\xff\xff\xff\xff" + data
        if way == 4:
            return msgspec.msgpack.encode({**msgspec.msgpack.decode(data), self._word(): self._word()})
        changed = bytearray(data)
        for _ in range(random.integers(1, 4)):
            changed[random.integers(len(changed))] = random.integers(256)
        return bytes(changed)

    def _payload(self) -> bytes:
        random = self._random
        if random.random() < 0.2:
            return self._noise(2000)
        pcm = 0.1 * random.standard_normal(int(random.integers(0, 1600)))
        if random.random() < 0.1 and len(pcm):
            pcm[random.integers(len(pcm))] = random.choice([np.nan, np.inf])
        return pcm.astype("<f4").tobytes()

    def _noise(self, most: int) -> bytes:
        return self._random.bytes(int(self._random.integers(0, most)))

    def _word(self) -> str:
        return "".join(self._random.choice(list("abcdefgtype"), 5))


class _Client:
    """A connection that was let in and then misbehaves."""

    def __init__(self, context: zmq.Context, worker: RealWorker) -> None:
        self._worker = worker
        self._socket = context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.connect(worker.endpoint)
        self.send([encode(Hello(worker.token, client="fuzzer"))])

    def send(self, parts: list[bytes]) -> None:
        self._socket.send_multipart(parts)

    def drain(self) -> int:
        """Ask for a sign of life and take what came until then; how much that was. RuntimeError without one."""
        self.send([encode(messages.Ping())])
        count = 0
        while self._socket.poll(_ANSWER_MS):
            parts = self._socket.recv_multipart()
            count += 1
            if parts[0] == _PONG:
                return count
        raise RuntimeError(f"the worker did not answer within {_ANSWER_MS // 1000} s")

    def vanish(self) -> None:
        self._socket.close()


_PONG = encode(messages.Pong())


def run(count: int, seed: int) -> Result:
    """Raises RuntimeError when the worker dies or does not answer."""
    random = np.random.default_rng(seed)
    fuzzer, result = Fuzzer(random), Result()
    context = zmq.Context()
    try:
        with real_worker("--max-sessions", "8", "--max-audio-s", "20") as worker:
            with Honest(worker) as honest:
                honest.wait()
                files = open_files(worker.process.pid)
                clients = [_Client(context, worker) for _ in range(_CLIENTS)]
                for sample in with_progress(_SAMPLES, "fuzzing"):
                    while result.sent * _SAMPLES < count * (sample + 1):
                        which = int(random.integers(_CLIENTS))
                        for _ in range(_BATCH):
                            clients[which].send(fuzzer.parts())
                        result.sent += _BATCH
                        result.answers += clients[which].drain()
                        if random.random() < _LIFE:
                            clients[which].vanish()
                            clients[which] = _Client(context, worker)
                    result.memory.append(resident_bytes(worker.process.pid))
                for client in clients:
                    client.vanish()
                time.sleep(_GONE_S)
                result.files = (files, open_files(worker.process.pid))
            result.missed, result.shown = honest.missed, honest.shown
    finally:
        context.destroy(linger=0)
    result.left = rings_of(worker.process.pid)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    result = run(options.messages, options.seed)
    print("| messages | answers | memory grew | open files | frames of an honest client | missed |")
    print("|---|---|---|---|---|---|")
    before, after = result.files
    grew = f"{100 * growth(result.memory):.1f} % to {result.memory[-1] >> 20} MiB | {before} to {after}"
    print(f"| {result.sent} | {result.answers} | {grew} | {result.shown} | {result.missed} |")
    verdict(result.kept, f"rings left in shared memory: {result.left}; ")


if __name__ == "__main__":
    main()
