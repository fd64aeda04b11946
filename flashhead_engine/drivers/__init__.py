"""Drivers turn audio into timed frames. One API (base.py), three tiers: nano, lite, pro."""
