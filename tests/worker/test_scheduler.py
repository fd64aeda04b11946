"""Whose turn it is, in simulated time: nobody starves, everybody gets the same."""

from flashhead_engine.worker.scheduler import Turn, batch, eased, video_share

CORES, FPS, SECONDS = 2, 25, 20


def frames_drawn(cost_s, take_batch=batch, share=video_share):
    """Pictures of each of 12 heads that draw at 25 fps for 20 simulated seconds."""
    drawn, next_frame, credit = [0] * 12, [0] * 12, [0.0] * 12
    now = 0.0
    part = share(12 * FPS * cost_s, 0.0, CORES)
    while now < SECONDS:
        turns = [
            Turn(head, number / FPS - 4 / FPS + head / 300, number / FPS + head / 300, cost_s)
            for head, number in enumerate(next_frame)
        ]
        chosen = take_batch(turns, now, CORES)
        if not chosen:
            now = min(turn.due_s for turn in turns)
            continue
        work = 0.0
        for head in chosen:
            credit[head] += part
            if credit[head] >= 1:
                credit[head] -= 1
                drawn[head] += 1
                work += cost_s
            next_frame[head] += 1
        now += max(work / CORES, 1e-5)
    return drawn


def spread(drawn):
    mean = sum(drawn) / len(drawn)
    return max(abs(count - mean) for count in drawn) / mean


def _first_come(turns, now_s, cores):
    ready = [turn.head for turn in turns if turn.due_s <= now_s]
    return ready[:1]


def test_twelve_heads_that_are_too_many_get_the_same():
    drawn = frames_drawn(cost_s=0.012)
    assert spread(drawn) <= 0.1
    assert min(drawn) > 0.3 * FPS * SECONDS

    def all_of_them(video, others, cores):
        return 1.0

    assert spread(frames_drawn(cost_s=0.012, share=all_of_them)) <= 0.1
    unfair = frames_drawn(cost_s=0.012, take_batch=_first_come, share=all_of_them)
    assert spread(unfair) > 0.1, "an unfair order is seen"


def test_heads_that_can_all_be_drawn_are():
    assert min(frames_drawn(cost_s=0.004)) >= FPS * SECONDS
    assert video_share(1.0, 0.0, CORES) == 1.0


def test_heads_without_video_keep_what_they_need():
    assert video_share(1.0, 0.5, CORES) == 1.0
    assert video_share(1.0, 1.2, CORES) == 0.5
    assert video_share(1.0, 5.0, CORES) == 0.05, "a picture now and then, however busy the machine"


def test_the_most_urgent_goes_first_and_what_is_not_due_waits():
    turns = [Turn(1, 0.0, 0.3, 0.1), Turn(2, 0.0, 0.1, 0.1), Turn(3, 9.0, 9.1, 0.1)]
    assert batch(turns, 0.0, cores=1) == [2]
    assert batch(turns, 0.0, cores=16) == [2, 1]


def test_late_heads_are_eased_until_they_are_not():
    ease = 1.0
    for _ in range(30):
        ease = eased(ease, late=True)
    assert 0.3 < ease < 0.5
    for _ in range(100):
        ease = eased(ease, late=True)
    assert ease == 0.1, "a picture now and then"
    for _ in range(20):
        ease = eased(ease, late=False)
    assert ease < 0.2
    for _ in range(100):
        ease = eased(ease, late=False)
    assert ease == 1.0
