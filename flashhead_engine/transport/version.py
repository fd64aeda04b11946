"""The protocol's version, for those too that load nothing else, such as who checks a worker's files."""

PROTOCOL = 1
"""Clients and workers of the same number understand each other; within one, fields are only added."""
