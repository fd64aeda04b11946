"""Avatars: the bundle format, loading it, and making bundles from artwork or a single picture."""
