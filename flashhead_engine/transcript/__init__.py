"""The words of a line, when they are known: their phones, and when each phone is spoken."""
