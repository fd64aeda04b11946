"""How fast a tier is on this machine: `flashhead bench`."""
