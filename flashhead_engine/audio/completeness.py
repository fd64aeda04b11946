"""Does an audio file hold all that it promises?

FFmpeg plays what is there and keeps quiet about what is missing, so a download or a copy that broke off would bake
into a line that ends in mid-word. These checks read only headers; the samples are FFmpeg's business.
"""

import struct
from pathlib import Path

# Writers that cannot seek back (pipes, streams) leave one of these in the size field.
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
_OGG_LAST_PAGE_FLAG = 0x04
_OGG_LONGEST_PAGE = 65_307
_MPEG_LONGEST_FRAME = 2_881


def missing_bytes(path: Path, format_name: str) -> int:
    """How many bytes of sample data a WAV file promises but does not hold; 0 for every other format."""
    if format_name != "wav":
        return 0
    with path.open("rb") as file:
        promised, start = _wav_data_chunk(file)
    return max(0, start + promised - path.stat().st_size)


def _wav_data_chunk(file) -> tuple[int, int]:
    """Size and position of the samples in a RIFF, RIFX or RF64 file; (0, 0) when it does not say."""
    riff, _, _ = struct.unpack("<4sI4s", file.read(12))
    order = ">" if riff == b"RIFX" else "<"
    size_of_rf64_data = None
    while len(header := file.read(8)) == 8:
        name, size = struct.unpack(f"{order}4sI", header)
        if name == b"data":
            if size_of_rf64_data is not None:
                return size_of_rf64_data, file.tell()
            return (0, 0) if size in _UNKNOWN_SIZES else (size, file.tell())
        body_start = file.tell()
        if name == b"ds64":
            _, size_of_rf64_data = struct.unpack("<QQ", file.read(16))
        file.seek(body_start + size + size % 2)
    return 0, 0


def ogg_is_cut_off(path: Path, format_name: str) -> bool:
    """True for an Ogg file whose last page is not marked as the end of its stream."""
    if format_name != "ogg":
        return False
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2 * _OGG_LONGEST_PAGE))
        tail = file.read()
    last_page = tail.rfind(b"OggS")
    flags = tail[last_page + 5 : last_page + 6]
    return last_page < 0 or not flags or not flags[0] & _OGG_LAST_PAGE_FLAG


def declares_duration(path: Path, format_name: str) -> bool:
    """True when FFmpeg's duration is what the file says and not an estimate from its size and bit rate."""
    if format_name == "mp3":
        return _mp3_has_frame_count(path)
    return format_name not in ("aac", "mpegts", "mpeg", "ac3", "eac3", "dts", "amr")


def _mp3_has_frame_count(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(10)
        after_tags = 0
        if header[:3] == b"ID3":
            # Four bytes of seven bits each: the size of the ID3v2 tag after its header.
            size = 0
            for byte in header[6:10]:
                size = size << 7 | byte & 0x7F
            after_tags = 10 + size
        file.seek(after_tags)
        first_frame = file.read(_MPEG_LONGEST_FRAME)
    return any(tag in first_frame for tag in (b"Xing", b"Info", b"VBRI"))
