/*
 * flashhead_bridge: talking heads from a FlashHead Engine worker, for engines and plain C programs.
 *
 * In seven steps
 *   1. flashhead_connect      to a worker that runs, or launch one of your own
 *   2. flashhead_open         a talking head, a "session"; flashhead_poll tells when it is open
 *   3. flashhead_speak        give it dialogue audio, whole or in pieces: an "utterance" with a number
 *   4. flashhead_poll         wait for FLASHHEAD_EVENT_FIRST_FRAME, then start your audio
 *   5. flashhead_clock        each time you draw: where your audio is
 *   6. flashhead_acquire_video, flashhead_acquire_weights   what to show at this time of the audio
 *   7. flashhead_close, flashhead_disconnect; flashhead_shutdown before your program ends
 *
 * A whole program: bridge_cpp/examples/talking_npc.c. The shortest one, which the tests compile and run, is
 * bridge_cpp/examples/minimal.c:
 *
 *     flashhead_connect_options where = FLASHHEAD_CONNECT_OPTIONS;        // a worker that `flashhead serve` announced
 *     flashhead_session_options what = FLASHHEAD_SESSION_OPTIONS;         // 52 weights, no picture
 *     flashhead_audio audio = FLASHHEAD_AUDIO;                            // float, 16 kHz, mono
 *     flashhead_client client; flashhead_session session; uint32_t utterance;
 *     flashhead_connect(&where, &client);
 *     flashhead_open(client, &what, &session);
 *     audio.samples = pcm; audio.frames = count;
 *     flashhead_speak(session, &audio, &utterance);                       // may be asked at once; it is done in order
 *     for (;;) {                                                          // your render loop
 *         flashhead_weights weights = FLASHHEAD_WEIGHTS;
 *         flashhead_clock(session, utterance, audio_us, 1);
 *         if (flashhead_acquire_weights(session, utterance, audio_us, &weights) == FLASHHEAD_OK) pose(weights.arkit);
 *     }
 *
 * Rules that hold for all of it
 *   Waiting     No call waits for the worker, the network or a file, but for flashhead_shutdown. Sockets and timers
 *               live on a thread of the library, one for each client. Nothing is ever called back: events, log lines
 *               and statistics are polled.
 *   Threads     Any call may come from any thread. Frames are read without a lock that the library's thread takes.
 *   Handles     are numbers, never pointers. One that was closed, or is of another kind, gives
 *               FLASHHEAD_STALE_HANDLE, also after flashhead_shutdown, and is never given to something else. 0 is no
 *               handle.
 *   Memory      The library copies what it is given before a call returns, and writes only into memory that it is
 *               given. Strings that it returns are constants, or valid until the next call on the same thread where it
 *               says so.
 *   Structs     begin with `struct_size`: fill them with their initialiser (FLASHHEAD_AUDIO and so on). Later versions
 *               add fields at the end; programs that were built before stay right.
 *   Text        is UTF-8, paths too, on every system.
 *   Units       Time is in microseconds (_us) of an utterance's audio, 0 at its first sample. Angles are radians.
 *               Pixels are RGBA, 8 bits each, sRGB, straight alpha, top row first, no gap between rows. Weights are the
 *               52 of ARKit in the order of flashhead_weight_name. Left and right are the face's own.
 *   Errors      Every call returns a flashhead_result; flashhead_last_error tells the reason in words. Nothing throws,
 *               and no call fails because the worker died: the client finds it again, opens its sessions again and
 *               speaks on at the present audio time; until then pictures stay as they are.
 */
#ifndef FLASHHEAD_BRIDGE_H
#define FLASHHEAD_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(FLASHHEAD_BRIDGE_BUILD)
#define FLASHHEAD_API __declspec(dllexport)
#elif defined(_WIN32)
#define FLASHHEAD_API __declspec(dllimport)
#else
#define FLASHHEAD_API __attribute__((visibility("default")))
#endif

/* Programs and libraries of the same ABI number fit together; within one, functions and fields are only added. */
#define FLASHHEAD_ABI 1u

typedef uint64_t flashhead_client;
typedef uint64_t flashhead_session;

/* --- results ----------------------------------------------------------------------------------------------------- */

typedef int32_t flashhead_result;
enum {
    FLASHHEAD_OK = 0,
    FLASHHEAD_NOTHING = 1,          /* no event, no newer frame, no statistics yet: keep what you have */
    FLASHHEAD_INVALID_ARGUMENT = -1, /* a null pointer, a value outside its range, text that is not UTF-8 */
    FLASHHEAD_STALE_HANDLE = -2,    /* closed, shut down, or no handle of this kind */
    FLASHHEAD_WRONG_STRUCT_SIZE = -3, /* use the struct's initialiser; or the library is older than the header */
    FLASHHEAD_UNKNOWN_UTTERANCE = -4, /* no such utterance in this session, or forgotten: the last 8 are kept */
    FLASHHEAD_ENDED = -5,           /* more audio for an utterance that was ended or cancelled */
    FLASHHEAD_BUFFER_TOO_SMALL = -6,
    FLASHHEAD_BUSY = -7,            /* more is waiting to be sent than is kept; try again in the next frame */
    FLASHHEAD_NO_MEMORY = -8,
    FLASHHEAD_INTERNAL = -9         /* a fault of the library: report it with its log */
};

/* "stale handle" and so on: a constant. */
FLASHHEAD_API const char* flashhead_result_name(flashhead_result result);
/* Why the last call on this thread failed, for a person; "" when it did not. Valid until the next call on it. */
FLASHHEAD_API const char* flashhead_last_error(void);
/* The library's version, such as "0.1.0", and its FLASHHEAD_ABI: compare it with the header's before anything else. */
FLASHHEAD_API const char* flashhead_version(void);
FLASHHEAD_API uint32_t flashhead_abi(void);

/* --- connecting -------------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t struct_size;
    uint32_t program_words;      /* more than 0: launch a worker of one's own */
    /* Where a worker runs. NULL: where FLASHHEAD_ENDPOINT and FLASHHEAD_TOKEN say, else the one that
     * `flashhead serve` announced. */
    const char* endpoint;
    const char* token;
    const char* name;            /* of this program, for logs and `flashhead status`; at most 64 characters */
    /* The command that starts a worker, such as {"/game/worker/python", "-m", "flashhead_engine.worker"};
     * "--private" is added. It gets an endpoint and a token of its own, ends with this process however that ends, and
     * is started again when it dies. Not together with `endpoint`. */
    const char* const* program;
} flashhead_connect_options;
#define FLASHHEAD_CONNECT_OPTIONS {(uint32_t)sizeof(flashhead_connect_options), 0, NULL, NULL, NULL, NULL}

/* Begin to connect; returns at once. FLASHHEAD_EVENT_CONNECTED follows, or FLASHHEAD_EVENT_NOT_CONNECTED with the
 * reason (no worker, wrong token, another version, a program that cannot be started), while it goes on trying. */
FLASHHEAD_API flashhead_result flashhead_connect(const flashhead_connect_options* options, flashhead_client* client);
/* Close a client and all its sessions; returns at once, its thread and its own worker end soon after. */
FLASHHEAD_API flashhead_result flashhead_disconnect(flashhead_client client);
/* Close everything and wait until all threads and workers of this library have ended: at most a few seconds. Handles
 * become stale; the library can be used again. Call it before your program, or your plug-in's domain, ends. */
FLASHHEAD_API flashhead_result flashhead_shutdown(void);

typedef struct {
    uint32_t struct_size;
    int32_t connected;           /* 1: a worker answers */
    uint32_t worker_pid;
    uint32_t reconnects;         /* how often a lost worker was found again */
    char worker_version[64];
    char tiers[256];             /* those that can run, separated by spaces */
} flashhead_client_info;
#define FLASHHEAD_CLIENT_INFO {(uint32_t)sizeof(flashhead_client_info), 0, 0, 0, {0}, {0}}
/* How things stand now. */
FLASHHEAD_API flashhead_result flashhead_get_client_info(flashhead_client client, flashhead_client_info* info);

/* --- sessions ---------------------------------------------------------------------------------------------------- */

enum { FLASHHEAD_VIDEO = 1, FLASHHEAD_WEIGHTS_60HZ = 2 };

typedef struct {
    uint32_t struct_size;
    uint32_t outputs;            /* FLASHHEAD_VIDEO, FLASHHEAD_WEIGHTS_60HZ, or both */
    const char* avatar;          /* a sample's name or a bundle's folder; NULL without video */
    const char* tier;            /* "nano", "lite", "pro"; NULL: nano */
    const char* emotion;         /* "neutral", "happy", "sad", "angry", "surprised", "afraid"; NULL: neutral */
    float emotion_intensity;     /* 0 to 1 */
    float mouth_strength;        /* 0 to 2, 1: as recorded people */
    uint32_t size;               /* pixels of a side: 256 to 1024, a multiple of 32 */
    uint32_t fps;                /* of video: 24, 25, 30 or 60 */
    uint64_t seed;               /* below 2^63; the same seed, the same idle life */
    int32_t lower_tier;          /* 1: take a lower tier when this one cannot run */
    int32_t frames_as_messages;  /* 1: where worker and program share no memory (a container); slower */
} flashhead_session_options;
#define FLASHHEAD_SESSION_OPTIONS \
    {(uint32_t)sizeof(flashhead_session_options), FLASHHEAD_WEIGHTS_60HZ, NULL, NULL, NULL, 1.0f, 1.0f, 512, 25, 0, 0, 0}

/* Open a talking head; returns at once. FLASHHEAD_EVENT_OPENED follows, or FLASHHEAD_EVENT_CLOSED after an error that
 * says why. Everything may be asked of it at once: it is done as soon as it is open. */
FLASHHEAD_API flashhead_result flashhead_open(flashhead_client client, const flashhead_session_options* options,
                                              flashhead_session* session);
FLASHHEAD_API flashhead_result flashhead_close(flashhead_session session);

/* Change how it performs. */
FLASHHEAD_API flashhead_result flashhead_set_emotion(flashhead_session session, const char* emotion, float intensity);
FLASHHEAD_API flashhead_result flashhead_set_mouth_strength(flashhead_session session, float strength);
/* Turn the eyes: -1 to 1, `yaw` > 0 to the face's own left, `pitch` > 0 down. */
FLASHHEAD_API flashhead_result flashhead_look_at(flashhead_session session, float yaw, float pitch);
FLASHHEAD_API flashhead_result flashhead_look_freely(flashhead_session session);
/* Stop a head altogether, idle motion too, or let it go on; as while a game loads. */
FLASHHEAD_API flashhead_result flashhead_pause(flashhead_session session, int32_t paused);

/* --- speaking ---------------------------------------------------------------------------------------------------- */

enum { FLASHHEAD_FLOAT32 = 0, FLASHHEAD_INT16 = 1 };

typedef struct {
    uint32_t struct_size;
    uint32_t format;             /* FLASHHEAD_FLOAT32 in [-1, 1], or FLASHHEAD_INT16 */
    const void* samples;         /* interleaved; NULL with 0 frames: they come later, by flashhead_push */
    uint64_t frames;             /* samples of each channel */
    uint32_t sample_rate_hz;     /* 4000 to 192000 */
    uint32_t channels;           /* 1 to 8 */
    const char* path;            /* instead of samples: an audio file that the worker may read */
    int32_t streamed;            /* 1: more comes by flashhead_push, until flashhead_end */
    int32_t interrupt;           /* 1: cancel what is spoken or waits; 0: queue behind it */
} flashhead_audio;
#define FLASHHEAD_AUDIO {(uint32_t)sizeof(flashhead_audio), FLASHHEAD_FLOAT32, NULL, 0, 16000, 1, NULL, 0, 0}

/* Begin an utterance; its number is 1 or more. The samples are copied, which for whole minutes of audio is the one
 * thing here that takes longer than a few microseconds. */
FLASHHEAD_API flashhead_result flashhead_speak(flashhead_session session, const flashhead_audio* audio,
                                               uint32_t* utterance);
/* More samples of a streamed utterance, in the format that it began with. */
FLASHHEAD_API flashhead_result flashhead_push(flashhead_session session, uint32_t utterance, const void* samples,
                                              uint64_t frames);
/* No more audio follows. Again: nothing. */
FLASHHEAD_API flashhead_result flashhead_end(flashhead_session session, uint32_t utterance);

#define FLASHHEAD_LAST_ACQUIRED INT64_MIN
/* Stop what is spoken and forget what waits: from now on no frame of it is given any more, and the face goes to rest
 * from the frame shown last. `last_pts_us`: of that frame; FLASHHEAD_LAST_ACQUIRED: the one that was acquired last. */
FLASHHEAD_API flashhead_result flashhead_cancel(flashhead_session session, int64_t last_pts_us);

/* Where your audio is, as often as you like, at best each time you draw. Frames come at most four ahead of it. */
FLASHHEAD_API flashhead_result flashhead_clock(flashhead_session session, uint32_t utterance, int64_t audio_us,
                                               int32_t playing);

enum {
    FLASHHEAD_WAITING = 0,
    FLASHHEAD_SPEAKING = 1,      /* its first frame can be read: start the audio */
    FLASHHEAD_FINISHED = 2,      /* its last frame can be read */
    FLASHHEAD_CANCELLED = 3,
    FLASHHEAD_FAILED = 4         /* an event said why */
};
FLASHHEAD_API flashhead_result flashhead_utterance_state(flashhead_session session, uint32_t utterance,
                                                         int32_t* state);

/* --- showing ----------------------------------------------------------------------------------------------------- */

enum { FLASHHEAD_FRAME_IDLE = 1, FLASHHEAD_FRAME_FIRST = 2, FLASHHEAD_FRAME_LAST = 4 };

typedef struct {
    uint32_t struct_size;
    uint32_t utterance;          /* 0: idle */
    uint32_t epoch;
    uint32_t flags;
    uint64_t index;              /* in its utterance */
    int64_t pts_us;
    uint32_t duration_us;
    uint32_t width;              /* pixels; 0 for weights */
    uint32_t height;
    uint32_t reserved;
} flashhead_frame;
#define FLASHHEAD_FRAME {(uint32_t)sizeof(flashhead_frame), 0, 0, 0, 0, 0, 0, 0, 0, 0}

typedef struct {
    uint32_t struct_size;
    uint32_t reserved;
    flashhead_frame frame;
    float arkit[52];             /* 0 to 1 */
    float pose[4];               /* yaw, pitch, roll of the head in radians; breath, 0 to 1 */
    float visemes[15];           /* how sure the network is of each */
} flashhead_weights;
#define FLASHHEAD_WEIGHTS {(uint32_t)sizeof(flashhead_weights), 0, FLASHHEAD_FRAME, {0}, {0}, {0}}

/* Copy the picture for this time of an utterance's audio: the newest whose PTS is not after it. `utterance` 0: the
 * newest picture there is, which is what a silent head shows. FLASHHEAD_NOTHING: show on what you show, for there is no
 * picture later than the one that this session gave last; the pixels are then undefined, `frame` is unchanged. Never
 * gives a frame that was cancelled. `pixels`: width x height x 4 bytes; BUFFER_TOO_SMALL fills in `frame` alone.
 * Call it for one session from one thread at a time. */
FLASHHEAD_API flashhead_result flashhead_acquire_video(flashhead_session session, uint32_t utterance, int64_t audio_us,
                                                       flashhead_frame* frame, void* pixels, size_t pixel_bytes);
/* The same for the weights, 60 a second; independent of the pictures. */
FLASHHEAD_API flashhead_result flashhead_acquire_weights(flashhead_session session, uint32_t utterance,
                                                         int64_t audio_us, flashhead_weights* weights);
/* Name of an ARKit weight, 0 to 51, or of a viseme, 0 to 14, such as "jawOpen" and "PP": a constant, NULL beyond. */
FLASHHEAD_API const char* flashhead_weight_name(uint32_t index);
FLASHHEAD_API const char* flashhead_viseme_name(uint32_t index);

typedef struct {
    uint32_t struct_size;
    int32_t open;                /* 1: a worker has it; 0: not yet, or just lost */
    uint32_t outputs;
    uint32_t size;
    uint32_t fps;
    uint32_t reconnects;         /* how often it was opened again */
    uint64_t pictures;           /* acquired so far */
    uint64_t weights;
    uint64_t retries;            /* times that the worker overwrote a frame while it was read */
    char tier[64];               /* that runs, perhaps lower than asked for */
} flashhead_session_info;
#define FLASHHEAD_SESSION_INFO {(uint32_t)sizeof(flashhead_session_info), 0, 0, 0, 0, 0, 0, 0, 0, {0}}
FLASHHEAD_API flashhead_result flashhead_get_session_info(flashhead_session session, flashhead_session_info* info);

/* --- what happened ----------------------------------------------------------------------------------------------- */

enum {
    FLASHHEAD_EVENT_CONNECTED = 1,      /* client: a worker answers; after a loss `latency_us` since then */
    FLASHHEAD_EVENT_NOT_CONNECTED = 2,  /* client: why not, in `message`; it goes on trying */
    FLASHHEAD_EVENT_LOST = 3,           /* client, session: the worker died or hangs */
    FLASHHEAD_EVENT_OPENED = 4,         /* session */
    FLASHHEAD_EVENT_REOPENED = 5,       /* session: in another worker; `latency_us` since it was lost */
    FLASHHEAD_EVENT_CLOSED = 6,         /* session: for good; close the handle */
    FLASHHEAD_EVENT_STARTED = 7,        /* an utterance left the queue */
    FLASHHEAD_EVENT_FIRST_FRAME = 8,    /* start its audio now; `latency_us` since it was asked for */
    FLASHHEAD_EVENT_FINISHED = 9,       /* its last frame can be read */
    FLASHHEAD_EVENT_CANCELLED = 10,     /* the answer to a cancel; one for each utterance, at least one */
    FLASHHEAD_EVENT_UNDERRUN = 11,      /* a frame came too late: `code` "audio" or "compute", `pts_us` */
    FLASHHEAD_EVENT_WARNING = 12,       /* `code`, `message` */
    FLASHHEAD_EVENT_ERROR = 13          /* `code` as in docs/protocol.md, `message` for a person */
};

typedef struct {
    uint32_t struct_size;
    int32_t type;
    uint32_t utterance;          /* 0: none */
    uint32_t epoch;
    int64_t pts_us;
    int64_t latency_us;
    char code[64];
    char message[1024];
} flashhead_event;
#define FLASHHEAD_EVENT {(uint32_t)sizeof(flashhead_event), 0, 0, 0, 0, 0, {0}, {0}}

/* The oldest event that was not told yet; FLASHHEAD_NOTHING: none. Of 1000 that nobody asks for the oldest go. */
FLASHHEAD_API flashhead_result flashhead_poll(flashhead_session session, flashhead_event* event);
FLASHHEAD_API flashhead_result flashhead_poll_client(flashhead_client client, flashhead_event* event);

typedef struct {
    uint32_t struct_size;
    uint32_t sessions;           /* of all clients */
    double uptime_s;
    double load;                 /* share of the last second that computing took */
    uint64_t memory_bytes;
    double latency_p50_ms;       /* from speak to first frame, of the last 1000 utterances */
    double latency_p99_ms;
} flashhead_statistics;
#define FLASHHEAD_STATISTICS {(uint32_t)sizeof(flashhead_statistics), 0, 0, 0, 0, 0, 0}

/* What the worker does, as it said last, and ask it anew. FLASHHEAD_NOTHING: it has not answered yet. */
FLASHHEAD_API flashhead_result flashhead_get_statistics(flashhead_client client, flashhead_statistics* statistics);

enum { FLASHHEAD_LOG_INFO = 1, FLASHHEAD_LOG_WARNING = 2, FLASHHEAD_LOG_ERROR = 3 };
/* The oldest line of the library's log that was not given yet, cut to `bytes`, and its level; FLASHHEAD_NOTHING: none.
 * Of 256 that nobody asks for the oldest go. */
FLASHHEAD_API flashhead_result flashhead_poll_log(char* line, size_t bytes, int32_t* level);

#ifdef __cplusplus
}
#endif

#endif
