"""FlashHead, the tiers lite and pro: pictures generated from a portrait and speech, chunk by chunk.

picture.py      a portrait of any size as the model wants it
noise.py        the random numbers of a chunk, from seed, chunk and purpose alone
generation.py   from one chunk to the next, for several heads at once
"""
