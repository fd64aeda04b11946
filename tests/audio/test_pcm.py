import numpy as np
import pytest

from flashhead_engine.audio.pcm import checked_pcm
from flashhead_engine.errors import AudioError


def test_float32_passes_untouched():
    pcm = np.array([0.0, -1.0, 1.0, 0.25], np.float32)
    assert checked_pcm(pcm) is pcm


def test_float64_and_int16_become_float32():
    assert checked_pcm(np.array([0.5, -0.25])).dtype == np.float32
    np.testing.assert_array_equal(checked_pcm(np.array([-32768, 0, 16384], np.int16)), np.float32([-1, 0, 0.5]))


def test_result_is_contiguous():
    assert checked_pcm(np.zeros(10, np.float32)[::2]).flags.c_contiguous


def test_nothing_is_allowed():
    assert checked_pcm(np.zeros(0, np.float32)).size == 0


def test_louder_than_full_scale_is_clipped_and_the_caller_keeps_his_array():
    pcm = np.array([2.0, -3.0], np.float32)
    np.testing.assert_array_equal(checked_pcm(pcm), np.float32([1, -1]))
    np.testing.assert_array_equal(pcm, np.float32([2, -3]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused_with_its_position(bad):
    pcm = np.zeros(100, np.float32)
    pcm[42] = bad
    with pytest.raises(AudioError, match="sample 42"):
        checked_pcm(pcm)


@pytest.mark.parametrize(
    ("pcm", "words"),
    [
        (np.zeros((2, 10), np.float32), "1-D"),
        (np.zeros((10, 1), np.float32), "1-D"),
        (np.float32(0.5), "numpy array"),
        (np.zeros(10, np.int32), "int32"),
        (np.zeros(10, np.uint8), "uint8"),
        (np.zeros(10, np.complex64), "complex64"),
        ([0.0, 0.1], "list"),
    ],
)
def test_another_shape_or_type_is_refused(pcm, words):
    with pytest.raises(AudioError, match=words):
        checked_pcm(pcm)


def test_a_float64_beyond_the_range_of_float32_is_clipped_too():
    assert checked_pcm(np.array([1e300, -1e300])).tolist() == [1.0, -1.0]
