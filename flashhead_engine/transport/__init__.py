"""Timed frames from the worker to its clients through shared memory: one ring of weights, and one of pictures for
sessions with video. docs/protocol.md has the layout byte by byte."""
