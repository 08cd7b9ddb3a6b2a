// The recorder of `heapfuzz record`, a library that LD_PRELOAD puts in front of a program. It
// passes each call on to the allocator of the program, and writes it down with its answer.
//
// It records one process: the first one that finds the file, and again from nothing when that
// process executes another program. A fork is not recorded, and neither are other processes. It
// makes no call that may allocate, except to look up the allocator. The records are in a mapped
// file, so they outlive any end of the process.

#define _GNU_SOURCE // For RTLD_NEXT, MADV_WIPEONFORK and MAP_POPULATE.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <heapfuzz/recording.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNKS ((size_t)1 << 16)
#define CHUNK_BYTES (RECORDING_CHUNK_RECORDS * sizeof(struct record))
#define EARLY_BYTES ((size_t)16 * 1024)
#define EXPORT __attribute__((visibility("default")))

static struct {
    void *(*malloc)(size_t size_bytes);
    void *(*calloc)(size_t count, size_t size_bytes);
    void *(*realloc)(void *block, size_t size_bytes);
    void (*free)(void *block);
    void *(*aligned_alloc)(size_t alignment_bytes, size_t size_bytes);
    void *(*memalign)(size_t alignment_bytes, size_t size_bytes);
    int (*posix_memalign)(void **block, size_t alignment_bytes, size_t size_bytes);
} real;

static char path[PATH_MAX];
static struct recording *recording;
static struct record *chunks[CHUNKS];
static bool chunks_are_locked;

// 1: calls are recorded. It has a page of its own, which a fork finds empty.
static int never;
static volatile int *is_on = &never;

static __thread uint32_t own_thread __attribute__((tls_model("initial-exec")));

// Memory for calls of dlsym, before the allocator is found. It is never freed.
static _Alignas(max_align_t) char early[EARLY_BYTES];
static size_t early_used;

static bool is_early(const void *block)
{
    return (uintptr_t)block - (uintptr_t)early < sizeof early;
}

static void *allocate_early(size_t size_bytes)
{
    size_t taken =
        (size_bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (size_bytes > sizeof early || taken > sizeof early - early_used) {
        return NULL;
    }
    early_used += taken;
    return early + early_used - taken;
}

// Maps a part of the file. Space is set aside first: a full disk then ends the recording, and not
// the process. The file is opened anew, as the program may close any file. No thread is canceled in
// here, as malloc is no point for that. Returns NULL, with errno, iff it fails.
static void *map(uint64_t from, size_t size_bytes)
{
    int state;
    void *start = MAP_FAILED;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    int file = open(path, O_RDWR | O_CLOEXEC);
    int error = file < 0 ? errno : posix_fallocate(file, (off_t)from, (off_t)size_bytes);
    if (error == 0) {
        start = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file,
                     (off_t)from);
        error = errno;
    }
    if (file >= 0) {
        (void)close(file);
    }
    (void)pthread_setcancelstate(state, NULL);
    errno = error;
    return start == MAP_FAILED ? NULL : start;
}

static struct record *map_chunk(uint64_t index)
{
    int error = errno;
    while (__atomic_test_and_set(&chunks_are_locked, __ATOMIC_ACQUIRE)) {
        (void)sched_yield();
    }
    struct record *chunk = chunks[index];
    if (chunk == NULL && *is_on != 0) {
        chunk = map(RECORDING_HEADER_BYTES + index * CHUNK_BYTES, CHUNK_BYTES);
        __atomic_store_n(&chunks[index], chunk, __ATOMIC_RELEASE);
        if (chunk == NULL) {
            recording->error = (uint32_t)errno;
            *is_on = 0;
        }
    }
    __atomic_clear(&chunks_are_locked, __ATOMIC_RELEASE);
    errno = error;
    return chunk;
}

static void note(enum record_kind kind, const void *block, size_t size_bytes, size_t alignment)
{
    if (*is_on == 0) {
        return;
    }
    if (own_thread == 0) {
        own_thread = __atomic_add_fetch(&recording->threads, 1, __ATOMIC_RELAXED);
    }
    uint64_t place = __atomic_fetch_add(&recording->records, 1, __ATOMIC_RELAXED);
    uint64_t index = place / RECORDING_CHUNK_RECORDS;
    struct record *chunk =
        index < CHUNKS ? __atomic_load_n(&chunks[index], __ATOMIC_ACQUIRE) : NULL;
    if (chunk == NULL && (index >= CHUNKS || (chunk = map_chunk(index)) == NULL)) {
        return;
    }
    struct record *record = &chunk[place % RECORDING_CHUNK_RECORDS];
    // memalign takes any alignment, and rounds it up to a power of two.
    unsigned shift = alignment <= 1 ? 0 : 64U - (unsigned)__builtin_clzll(alignment - 1);
    record->block = (uintptr_t)block;
    __atomic_store_n(&record->call, record_call(kind, shift, own_thread, size_bytes),
                     __ATOMIC_RELEASE);
}

// Begins the recording, unless another process is recorded. A program that replaced the one that
// was recorded has a heap of its own, and so a recording of its own.
static void begin(void)
{
    const char *name = getenv(RECORDING_VARIABLE);
    uint32_t own = (uint32_t)getpid();
    uint32_t nobody = 0;
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    if (name == NULL || strlen(name) >= sizeof path) {
        return;
    }
    memcpy(path, name, strlen(name) + 1);
    recording = map(0, RECORDING_HEADER_BYTES);
    if (recording == NULL) {
        return;
    }
    bool is_first = __atomic_compare_exchange_n(&recording->process, &nobody, own, false,
                                                __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    if (!is_first && nobody != own) {
        (void)__atomic_fetch_add(&recording->processes, 1, __ATOMIC_RELAXED);
        return;
    }
    int *page = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED && madvise(page, page_bytes, MADV_WIPEONFORK) == 0 &&
        truncate(path, (off_t)RECORDING_HEADER_BYTES) == 0) {
        recording->records = 0;
        recording->threads = 0;
        recording->error = 0;
        is_on = page;
        *is_on = 1;
    }
}

static void find(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found); // C has no conversion.
}

__attribute__((constructor)) static void start(void)
{
    static bool has_begun;
    int error = errno;
    if (has_begun) {
        return;
    }
    has_begun = true;
    find(&real.calloc, "calloc");
    find(&real.realloc, "realloc");
    find(&real.free, "free");
    find(&real.aligned_alloc, "aligned_alloc");
    find(&real.memalign, "memalign");
    find(&real.posix_memalign, "posix_memalign");
    find(&real.malloc, "malloc"); // The last: with it all are there.
    begin();
    errno = error;
}

// Returns whether the allocator is known. It is not while dlsym looks for it.
static bool is_ready(void)
{
    if (__builtin_expect(real.malloc == NULL, 0)) {
        start();
    }
    return real.malloc != NULL;
}

EXPORT void *malloc(size_t size_bytes)
{
    if (!is_ready()) {
        return allocate_early(size_bytes);
    }
    void *block = real.malloc(size_bytes);
    if (block != NULL) {
        note(RECORD_ALLOCATE, block, size_bytes, 0);
    }
    return block;
}

EXPORT void *calloc(size_t count, size_t size_bytes)
{
    if (!is_ready()) {
        bool fits = size_bytes == 0 || count <= SIZE_MAX / size_bytes;
        return fits ? allocate_early(count * size_bytes) : NULL; // It has never been used.
    }
    void *block = real.calloc(count, size_bytes);
    if (block != NULL) {
        note(RECORD_ALLOCATE_ZEROED, block, count * size_bytes, 0);
    }
    return block;
}

EXPORT void free(void *block)
{
    if (block == NULL || is_early(block)) {
        return;
    }
    note(RECORD_FREE, block, 0, 0);
    real.free(block);
}

EXPORT void *realloc(void *block, size_t size_bytes)
{
    if (!is_ready() || is_early(block)) {
        void *moved = malloc(size_bytes);
        size_t room_bytes = block == NULL ? 0 : (size_t)(early + sizeof early - (char *)block);
        if (moved != NULL && block != NULL) {
            memcpy(moved, block, size_bytes < room_bytes ? size_bytes : room_bytes);
        }
        return moved;
    }
    if (block != NULL) {
        note(RECORD_MOVE, block, 0, 0);
    }
    void *moved = real.realloc(block, size_bytes);
    if (moved != NULL || size_bytes == 0) {
        note(RECORD_MOVED, moved, size_bytes, 0);
    } else if (block != NULL) {
        note(RECORD_STAYED, block, size_bytes, 0);
    }
    return moved;
}

static void *note_aligned(void *block, size_t alignment_bytes, size_t size_bytes)
{
    if (block != NULL) {
        note(RECORD_ALLOCATE_ALIGNED, block, size_bytes, alignment_bytes);
    }
    return block;
}

EXPORT void *aligned_alloc(size_t alignment_bytes, size_t size_bytes)
{
    void *block = is_ready() ? real.aligned_alloc(alignment_bytes, size_bytes) : NULL;
    return note_aligned(block, alignment_bytes, size_bytes);
}

EXPORT void *memalign(size_t alignment_bytes, size_t size_bytes)
{
    void *block = is_ready() ? real.memalign(alignment_bytes, size_bytes) : NULL;
    return note_aligned(block, alignment_bytes, size_bytes);
}

EXPORT void *valloc(size_t size_bytes)
{
    return memalign((size_t)sysconf(_SC_PAGESIZE), size_bytes);
}

EXPORT void *pvalloc(size_t size_bytes)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    bool fits = size_bytes <= SIZE_MAX - (page_bytes - 1);
    return memalign(page_bytes,
                    fits ? (size_bytes + page_bytes - 1) / page_bytes * page_bytes : SIZE_MAX);
}

EXPORT int posix_memalign(void **block, size_t alignment_bytes, size_t size_bytes)
{
    int error = is_ready() ? real.posix_memalign(block, alignment_bytes, size_bytes) : ENOMEM;
    if (error == 0) {
        note(RECORD_ALLOCATE_ALIGNED, *block, size_bytes, alignment_bytes);
    }
    return error;
}
