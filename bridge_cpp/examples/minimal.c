/* The shortest program that has a head speak: it prints how far the jaw opens. The audio's clock is the wall clock. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "flashhead_bridge.h"

enum { RATE_HZ = 16000, SECONDS = 1 };

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void need(flashhead_result result) {
    if (result >= FLASHHEAD_OK) return;
    fprintf(stderr, "%s: %s\n", flashhead_result_name(result), flashhead_last_error());
    exit(1);
}

int main(void) {
    flashhead_connect_options where = FLASHHEAD_CONNECT_OPTIONS;
    flashhead_session_options what = FLASHHEAD_SESSION_OPTIONS;
    flashhead_audio audio = FLASHHEAD_AUDIO;
    flashhead_client client;
    flashhead_session session;
    uint32_t utterance;
    int32_t state = FLASHHEAD_WAITING;
    static float pcm[RATE_HZ * SECONDS];
    for (int i = 0; i < RATE_HZ * SECONDS; ++i) pcm[i] = 0.3f * sinf(0.05f * (float)i) * sinf(0.001f * (float)i);

    need(flashhead_connect(&where, &client));
    need(flashhead_open(client, &what, &session));
    audio.samples = pcm;
    audio.frames = RATE_HZ * SECONDS;
    need(flashhead_speak(session, &audio, &utterance));

    int64_t began_us = 0, give_up_us = now_us() + 10000000;
    int frames = 0;
    while (state < FLASHHEAD_FINISHED || now_us() - began_us < SECONDS * 1000000) {
        flashhead_weights weights = FLASHHEAD_WEIGHTS;
        const struct timespec pause = {0, 5000000};
        if (now_us() > give_up_us) return fprintf(stderr, "no worker answered\n"), 1;
        need(flashhead_utterance_state(session, utterance, &state));
        if (state >= FLASHHEAD_CANCELLED) return fprintf(stderr, "it could not be spoken\n"), 1;
        if (state == FLASHHEAD_WAITING) began_us = now_us(); /* here the audio starts */
        need(flashhead_clock(session, utterance, now_us() - began_us, state != FLASHHEAD_WAITING));
        if (flashhead_acquire_weights(session, utterance, now_us() - began_us, &weights) == FLASHHEAD_OK) {
            printf("%lld us: %s %.2f\n", (long long)weights.frame.pts_us, flashhead_weight_name(17), weights.arkit[17]);
            ++frames;
        }
        nanosleep(&pause, NULL);
    }
    need(flashhead_shutdown());
    return frames > 0 ? 0 : 1;
}
