"""Blendshape weights: names, order, visemes, lip aperture, resampling in time."""
