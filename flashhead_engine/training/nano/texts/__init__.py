"""Lines that the training speech says: this project's own, one file per language, one line each."""
