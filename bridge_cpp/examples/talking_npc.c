/*
 * A talking NPC in a window, with sound: the template for an engine of one's own. SDL2 gives window and audio device.
 *
 *     talking_npc LINE.wav [AVATAR]
 *
 * It connects to a worker (`flashhead serve`), or launches the one that FLASHHEAD_WORKER names as a command, such as
 * "python -m flashhead_engine.worker". Space speaks the line (again, interrupting), Escape cancels, Q ends.
 */
#include <SDL.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flashhead_bridge.h"

enum { SIDE = 512, MOST_WORDS = 16 };

typedef struct {
    SDL_AudioDeviceID device;
    SDL_AudioSpec spec;
    Uint8* samples;
    Uint32 bytes;
    SDL_atomic_t position;       /* next byte that the device takes */
    SDL_atomic_t playing;
    SDL_atomic_t heard_ms;       /* SDL_GetTicks when it took some last */
} Sound;

static void need(flashhead_result result, const char* what) {
    if (result >= FLASHHEAD_OK) return;
    fprintf(stderr, "%s: %s: %s\n", what, flashhead_result_name(result), flashhead_last_error());
    exit(1);
}

static void need_sdl(int sound, const char* what) {
    if (sound) return;
    fprintf(stderr, "%s: %s\n", what, SDL_GetError());
    exit(1);
}

/* On SDL's audio thread. */
static void give_samples(void* data, Uint8* out, int bytes) {
    Sound* sound = data;
    int position = SDL_AtomicGet(&sound->position), left = (int)sound->bytes - position;
    int taken = !SDL_AtomicGet(&sound->playing) ? 0 : left < bytes ? left : bytes;
    memcpy(out, sound->samples + position, (size_t)taken);
    memset(out + taken, 0, (size_t)(bytes - taken)); /* signed formats: silence is 0 */
    SDL_AtomicSet(&sound->heard_ms, (int)SDL_GetTicks());
    SDL_AtomicSet(&sound->position, position + taken);
}

/* Where the audio is that is heard now: what the device took, less its buffer, plus the time since. */
static int64_t audio_us(Sound* sound) {
    const int frame_bytes = SDL_AUDIO_BITSIZE(sound->spec.format) / 8 * sound->spec.channels;
    int64_t taken = SDL_AtomicGet(&sound->position) / frame_bytes;
    int64_t since_ms = (int)SDL_GetTicks() - SDL_AtomicGet(&sound->heard_ms);
    int64_t us = (taken - sound->spec.samples) * 1000000 / sound->spec.freq + since_ms * 1000;
    return us < 0 ? 0 : us;
}

static void open_sound(Sound* sound, const char* path) {
    need_sdl(SDL_LoadWAV(path, &sound->spec, &sound->samples, &sound->bytes) != NULL, path);
    if (sound->spec.format != AUDIO_S16LSB && sound->spec.format != AUDIO_F32LSB) {
        fprintf(stderr, "%s: give a WAV file with 16-bit or float samples\n", path);
        exit(1);
    }
    sound->spec.samples = 512;
    sound->spec.callback = give_samples;
    sound->spec.userdata = sound;
    sound->device = SDL_OpenAudioDevice(NULL, 0, &sound->spec, NULL, 0);
    need_sdl(sound->device != 0, "no audio device");
    SDL_PauseAudioDevice(sound->device, 0);
}

static flashhead_client connect_or_launch(void) {
    flashhead_connect_options where = FLASHHEAD_CONNECT_OPTIONS;
    flashhead_client client;
    static char command[1024];
    static const char* words[MOST_WORDS];
    if (getenv("FLASHHEAD_WORKER") != NULL) {
        snprintf(command, sizeof command, "%s", getenv("FLASHHEAD_WORKER"));
        for (char* word = strtok(command, " "); word != NULL && where.program_words < MOST_WORDS;
             word = strtok(NULL, " ")) {
            words[where.program_words++] = word;
        }
        where.program = words;
    }
    where.name = "talking_npc";
    need(flashhead_connect(&where, &client), "connect");
    return client;
}

static uint32_t speak(flashhead_session npc, Sound* sound) {
    flashhead_audio audio = FLASHHEAD_AUDIO;
    uint32_t utterance;
    audio.format = sound->spec.format == AUDIO_S16LSB ? FLASHHEAD_INT16 : FLASHHEAD_FLOAT32;
    audio.samples = sound->samples;
    audio.channels = sound->spec.channels;
    audio.frames = sound->bytes / (SDL_AUDIO_BITSIZE(sound->spec.format) / 8u * sound->spec.channels);
    audio.sample_rate_hz = (uint32_t)sound->spec.freq;
    audio.interrupt = 1;
    SDL_LockAudioDevice(sound->device); /* else the audio thread may set the old position once more */
    SDL_AtomicSet(&sound->playing, 0);
    SDL_AtomicSet(&sound->position, 0);
    SDL_UnlockAudioDevice(sound->device);
    need(flashhead_speak(npc, &audio, &utterance), "speak");
    return utterance;
}

static void tell(flashhead_result (*poll)(uint64_t, flashhead_event*), uint64_t handle) {
    flashhead_event event = FLASHHEAD_EVENT;
    while (poll(handle, &event) == FLASHHEAD_OK) {
        if (event.type == FLASHHEAD_EVENT_FIRST_FRAME) printf("first frame after %lld us\n", (long long)event.latency_us);
        if (event.message[0] != '\0') printf("%s\n", event.message);
    }
}

int main(int count, char** arguments) {
    static uint8_t pixels[SIDE * SIDE * 4];
    static Sound sound;
    int running = 1, shown = 0;
    uint32_t utterance;
    if (count < 2) return fprintf(stderr, "usage: %s LINE.wav [AVATAR]\n", arguments[0]), 2;
    need_sdl(SDL_Init(SDL_INIT_VIDEO | SDL_INIT_AUDIO) == 0, "SDL");
    open_sound(&sound, arguments[1]);
    SDL_Window* window = SDL_CreateWindow("FlashHead Engine", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, SIDE,
                                          SIDE, SDL_WINDOW_RESIZABLE);
    need_sdl(window != NULL, "no window");
    SDL_Renderer* renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_PRESENTVSYNC);
    if (renderer == NULL) renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE);
    need_sdl(renderer != NULL, "no renderer");
    SDL_Texture* texture = SDL_CreateTexture(renderer, SDL_PIXELFORMAT_RGBA32, SDL_TEXTUREACCESS_STREAMING, SIDE, SIDE);
    need_sdl(texture != NULL, "no texture");
    SDL_SetTextureBlendMode(texture, SDL_BLENDMODE_BLEND);

    flashhead_client client = connect_or_launch();
    flashhead_session_options who = FLASHHEAD_SESSION_OPTIONS;
    flashhead_session npc;
    who.outputs = FLASHHEAD_VIDEO;
    who.avatar = count > 2 ? arguments[2] : "guard";
    who.size = SIDE;
    need(flashhead_open(client, &who, &npc), "open");
    utterance = speak(npc, &sound);

    while (running) {
        SDL_Event event;
        flashhead_frame frame = FLASHHEAD_FRAME;
        int32_t state = FLASHHEAD_CANCELLED;
        while (SDL_PollEvent(&event)) {
            if (event.type == SDL_QUIT) running = 0;
            if (event.type != SDL_KEYDOWN) continue;
            if (event.key.keysym.sym == SDLK_q) running = 0;
            if (event.key.keysym.sym == SDLK_SPACE) utterance = speak(npc, &sound);
            if (event.key.keysym.sym == SDLK_ESCAPE) {
                SDL_AtomicSet(&sound.playing, 0);
                need(flashhead_cancel(npc, FLASHHEAD_LAST_ACQUIRED), "cancel");
                utterance = 0; /* one that had finished stays finished: its sound must not go on */
            }
        }
        tell(flashhead_poll_client, client);
        tell(flashhead_poll, npc);
        if (utterance != 0) need(flashhead_utterance_state(npc, utterance, &state), "state");
        /* The audio starts with the first frame, and ends after its last sample. */
        if (state == FLASHHEAD_SPEAKING || state == FLASHHEAD_FINISHED) {
            int over = SDL_AtomicGet(&sound.position) >= (int)sound.bytes;
            SDL_AtomicSet(&sound.playing, !over);
        }
        if (SDL_AtomicGet(&sound.playing)) {
            int64_t now_us = audio_us(&sound);
            need(flashhead_clock(npc, utterance, now_us, 1), "clock");
            shown = flashhead_acquire_video(npc, utterance, now_us, &frame, pixels, sizeof pixels) == FLASHHEAD_OK;
        } else {
            shown = flashhead_acquire_video(npc, 0, 0, &frame, pixels, sizeof pixels) == FLASHHEAD_OK;
        }
        if (shown) SDL_UpdateTexture(texture, NULL, pixels, SIDE * 4);
        SDL_SetRenderDrawColor(renderer, 32, 36, 48, 255);
        SDL_RenderClear(renderer);
        SDL_RenderCopy(renderer, texture, NULL, NULL);
        SDL_RenderPresent(renderer);
        SDL_Delay(4);
    }
    need(flashhead_shutdown(), "shutdown");
    SDL_CloseAudioDevice(sound.device);
    SDL_FreeWAV(sound.samples);
    SDL_Quit();
    return 0;
}
