"""The networks of SoulX-FlashHead (arXiv 2602.07449) in torch, written for streaming, batches of sessions and export.

configs.py   sizes of the released models
wav2vec2.py  dialogue audio -> speech features, 25 a second
dit.py       the audio-conditioned diffusion transformer: noise -> latent, one step
schedule.py  the few steps of the sampler
ltx_vae.py, wan_vae.py   latents <-> pictures, of lite and of pro
colour.py    the colours of the reference picture for every frame

released.py       the files of the released checkpoints, and where they lie
weight_files.py, config_files.py   what is in such files
checkpoints.py    checks them and loads the networks
registry.py       which of them this machine has, and their hashes
fetch.py          downloads them

Names of weights are those of the released files. Numbers agree with the published implementation in float32; what it
does in its deployed precision is said where it matters.
"""
