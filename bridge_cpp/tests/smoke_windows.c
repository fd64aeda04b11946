/*
 * What a game on Windows does, in one program that knows only the header; tests/bridge/test_bridge_windows.py runs it
 * under Wine and reads what it prints.
 *
 *     smoke talk ENDPOINT TOKEN AVATAR rings|messages     a head speaks a second of noise: each event and each frame
 *     smoke launch PROGRAM WORD...                        a worker of its own, until stdin closes
 *     smoke child ...                                     such a worker's place: writes to $SMOKE_REPORT what it was
 *                                                         given, and "stdin closed" when it is asked to end, for
 *                                                         which one with $SMOKE_STUBBORN does not listen
 *     smoke own                                           like `launch`, of this program as `child`
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <shellapi.h>

#include "flashhead_bridge.h"

enum { RATE_HZ = 16000, PIXELS = 256, PATIENCE_MS = 20000, MOST_WORDS = 16 };

static const char* const EVENTS[] = {"?",       "connected", "not_connected", "lost",        "opened",
                                     "reopened", "closed",    "started",       "first_frame", "finished",
                                     "cancelled", "underrun", "warning",       "error"};

static void need(flashhead_result result) {
    if (result >= FLASHHEAD_OK) return;
    printf("failed %s: %s\n", flashhead_result_name(result), flashhead_last_error());
    exit(1);
}

/* Print all that happened; whether `wanted` did. */
static int told(flashhead_result (*poll)(uint64_t, flashhead_event*), uint64_t handle, int32_t wanted) {
    flashhead_event event = FLASHHEAD_EVENT;
    int seen = 0;
    while (poll(handle, &event) == FLASHHEAD_OK) {
        printf("event %s %u %s %s\n", EVENTS[event.type], event.utterance, event.code, event.message);
        seen |= event.type == wanted;
    }
    return seen;
}

static int wait_for(flashhead_result (*poll)(uint64_t, flashhead_event*), uint64_t handle, int32_t wanted) {
    const ULONGLONG end = GetTickCount64() + PATIENCE_MS;
    while (!told(poll, handle, wanted)) {
        if (GetTickCount64() > end) return printf("failed no %s\n", EVENTS[wanted]), 0;
        Sleep(5);
    }
    return 1;
}

/* FNV-1a: short, and another picture has another one. */
static uint64_t digest(const unsigned char* bytes, size_t count) {
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < count; ++i) sum = (sum ^ bytes[i]) * 1099511628211u;
    return sum;
}

static void show(flashhead_session session, uint32_t utterance, int64_t audio_us) {
    static unsigned char pixels[PIXELS * PIXELS * 4];
    flashhead_weights weights = FLASHHEAD_WEIGHTS;
    flashhead_frame frame = FLASHHEAD_FRAME;
    flashhead_result result = flashhead_acquire_weights(session, utterance, audio_us, &weights);
    need(result);
    if (result == FLASHHEAD_OK) {
        printf("weights %u %llu %lld %lld %.6f %.6f\n", weights.frame.utterance, (unsigned long long)weights.frame.index,
               (long long)weights.frame.pts_us, (long long)audio_us, weights.arkit[17], weights.visemes[14]);
    }
    result = flashhead_acquire_video(session, utterance, audio_us, &frame, pixels, sizeof pixels);
    need(result);
    if (result == FLASHHEAD_OK) {
        printf("video %u %llu %lld %lld %u %016llx\n", frame.utterance, (unsigned long long)frame.index,
               (long long)frame.pts_us, (long long)audio_us, frame.width,
               (unsigned long long)digest(pixels, sizeof pixels));
    }
}

static int talk(char** words) {
    flashhead_connect_options where = FLASHHEAD_CONNECT_OPTIONS;
    flashhead_session_options what = FLASHHEAD_SESSION_OPTIONS;
    flashhead_audio audio = FLASHHEAD_AUDIO;
    flashhead_client client;
    flashhead_session session;
    uint32_t utterance, noise = 1;
    int32_t state = FLASHHEAD_WAITING;
    static float pcm[RATE_HZ];
    for (int i = 0; i < RATE_HZ; ++i) {
        noise = noise * 1664525u + 1013904223u;
        pcm[i] = 0.4f * ((float)(noise >> 8) / 8388608.0f - 1.0f) * (float)(i % 4000) / 4000.0f;
    }
    where.endpoint = words[0];
    where.token = words[1];
    where.name = "Spiel unter Windows";
    what.outputs = FLASHHEAD_VIDEO | FLASHHEAD_WEIGHTS_60HZ;
    what.avatar = words[2];
    what.size = PIXELS;
    what.frames_as_messages = strcmp(words[3], "messages") == 0;
    need(flashhead_connect(&where, &client));
    if (!wait_for(flashhead_poll_client, client, FLASHHEAD_EVENT_CONNECTED)) return 1;
    need(flashhead_open(client, &what, &session));
    if (!wait_for(flashhead_poll, session, FLASHHEAD_EVENT_OPENED)) return 1;
    audio.samples = pcm;
    audio.frames = RATE_HZ;
    need(flashhead_speak(session, &audio, &utterance));
    if (!wait_for(flashhead_poll, session, FLASHHEAD_EVENT_FIRST_FRAME)) return 1;
    const ULONGLONG began = GetTickCount64();
    while (GetTickCount64() - began < PATIENCE_MS) {
        const int64_t audio_us = (int64_t)(GetTickCount64() - began) * 1000;
        need(flashhead_utterance_state(session, utterance, &state));
        if (state != FLASHHEAD_SPEAKING && audio_us > 1200000) break;
        need(flashhead_clock(session, utterance, audio_us, 1));
        told(flashhead_poll, session, 0);
        show(session, utterance, audio_us);
        Sleep(5);
    }
    told(flashhead_poll, session, 0);
    if (state != FLASHHEAD_FINISHED) return printf("failed its state is %d\n", state), 1;
    need(flashhead_shutdown());
    if (flashhead_close(session) != FLASHHEAD_STALE_HANDLE) return printf("failed a handle outlived the shutdown\n"), 1;
    printf("shut down\n");
    return 0;
}

static int launch(const char* const* words, uint32_t count) {
    flashhead_connect_options where = FLASHHEAD_CONNECT_OPTIONS;
    flashhead_client client;
    where.program = words;
    where.program_words = count;
    need(flashhead_connect(&where, &client));
    wait_for(flashhead_poll_client, client, FLASHHEAD_EVENT_NOT_CONNECTED);
    while (getchar() != EOF) {
    }
    need(flashhead_shutdown());
    printf("shut down\n");
    return 0;
}

static int child(int count, wchar_t** words) {
    FILE* report = _wfopen(_wgetenv(L"SMOKE_REPORT"), L"ab");
    char text[1024];
    if (report == NULL) return 1;
    fprintf(report, "started %lu\n", (unsigned long)GetCurrentProcessId());
    for (int i = 1; i < count; ++i) {
        WideCharToMultiByte(CP_UTF8, 0, words[i], -1, text, sizeof text, NULL, NULL);
        fprintf(report, "word %s\n", text);
    }
    fprintf(report, "endpoint %s\ntoken %u\n", getenv("FLASHHEAD_ENDPOINT"),
            (unsigned)strlen(getenv("FLASHHEAD_TOKEN")));
    fflush(report);
    while (getenv("SMOKE_STUBBORN") != NULL) Sleep(100); /* until it is killed */
    while (getchar() != EOF) {
    }
    fprintf(report, "stdin closed\n");
    return fclose(report);
}

int main(void) {
    static char text[MOST_WORDS][1024];
    char* words[MOST_WORDS];
    int count = 0;
    wchar_t** wide = CommandLineToArgvW(GetCommandLineW(), &count);
    if (count > MOST_WORDS) return 2;
    for (int i = 0; i < count; ++i) {
        WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, text[i], sizeof text[i], NULL, NULL);
        words[i] = text[i];
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    if (count == 6 && strcmp(words[1], "talk") == 0) return talk(words + 2);
    if (count > 2 && strcmp(words[1], "launch") == 0) {
        return launch((const char* const*)words + 2, (uint32_t)(count - 2));
    }
    if (count > 1 && strcmp(words[1], "child") == 0) return child(count, wide);
    if (count == 2 && strcmp(words[1], "own") == 0) {
        static char self[1024];
        wchar_t path[512];
        GetModuleFileNameW(NULL, path, 512);
        WideCharToMultiByte(CP_UTF8, 0, path, -1, self, sizeof self, NULL, NULL);
        const char* const own[] = {self, "child", "w\xC3\xB6rter mit Raum", "a\"quote", "back\\slash\\", "end in \\", ""};
        return launch(own, sizeof own / sizeof *own);
    }
    return printf("failed unknown words\n"), 2;
}
