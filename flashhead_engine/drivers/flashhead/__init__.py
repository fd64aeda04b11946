"""FlashHead, the tiers lite and pro: pictures generated from a portrait and speech, chunk by chunk.

picture.py      a portrait of any size as the model wants it
noise.py        the random numbers of a chunk, from seed, chunk and purpose alone
generation.py   from one chunk to the next, for several heads at once
idle.py         a face between utterances
session.py      one talking head: what was pushed, heard and shown
driver.py       the seam: all heads of a model
choice.py       which runtime runs a tier here
loading.py      a tier from its export or its weights
stamp.py        the mark of a model that learnt nothing
"""

UNTRAINED = "tiny-random"
"""A tier for tests and benchmarks: small networks that learnt nothing. Its pictures say so."""
