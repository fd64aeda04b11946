"""Where the deployed model does what looks unintended. We follow it; each of these can be switched off."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switches:
    """`rounded_timesteps`: the time embedding is told 936 for 937.5, 832 for 833.3 and 624 for 625, as bfloat16 has
    them, and the sampler's shares of noise are rounded alike.
    `sampled_posterior` (lite): the autoencoder's latents of pictures are drawn from their distribution, with noise,
    instead of being its mean.
    `loudness_of_silence`: audio is normalised over all 8 s, the silence before anybody spoke included, so that the
    first chunk is heard up to 2.9 times too loud; otherwise over what was heard.
    `truncated_shades`: pictures are cut to whole shades, half a shade too dark in the mean, instead of rounded.
    """

    rounded_timesteps: bool = True
    sampled_posterior: bool = True
    loudness_of_silence: bool = True
    truncated_shades: bool = True


DEPLOYED = Switches()
