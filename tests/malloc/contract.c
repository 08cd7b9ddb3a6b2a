// Holds each function to malloc.c's promises from outside: this program knows nothing of the heap,
// and runs with libcomheap-malloc.so preloaded. It also asks for answers that glibc gives
// differently, so that a preload that does not take place is a failure.

#define _GNU_SOURCE // For reallocarray and dladdr.

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;

static void check(bool holds, const char *claim, int line)
{
    if (!holds) {
        (void)fprintf(stderr, "contract.c:%d: not so: %s\n", line, claim);
        failures++;
    }
}

#define CHECK(claim) check((claim), #claim, __LINE__)

// The compiler knows these functions, and would leave out most of the calls here.
static void *(*volatile take)(size_t) = malloc;
static void (*volatile give)(void *) = free;
static void *(*volatile take_zeroed)(size_t, size_t) = calloc;
static void *(*volatile resize)(void *, size_t) = realloc;
static void *(*volatile resize_array)(void *, size_t, size_t) = reallocarray;
static void *(*volatile take_aligned)(size_t, size_t) = aligned_alloc;
static void *(*volatile take_memalign)(size_t, size_t) = memalign;
static int (*volatile take_posix)(void **, size_t, size_t) = posix_memalign;
static void *(*volatile take_page)(size_t) = valloc;
static void *(*volatile take_pages)(size_t) = pvalloc;
static size_t (*volatile size_of)(void *) = malloc_usable_size;

#define UNTOUCHED 12345
#define TOO_MANY ((size_t)PTRDIFF_MAX + 1)
#define MIB ((size_t)1024 * 1024)

static bool is_library(const char *name)
{
    Dl_info info;
    void *function = dlsym(RTLD_DEFAULT, name);
    return function != NULL && dladdr(function, &info) != 0 &&
           strstr(info.dli_fname, "libcomheap-malloc") != NULL;
}

static void every_function_is_the_librarys(void)
{
    static const char *const names[] = {
        "malloc",        "free",           "calloc",
        "realloc",       "memalign",       "reallocarray",
        "aligned_alloc", "posix_memalign", "valloc",
        "pvalloc",       "malloc_trim",    "malloc_usable_size",
        "free_sized",    "cfree",          "free_aligned_sized",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check(is_library(names[i]), names[i], __LINE__);
    }
}

// Returns whether the answer is NULL with this error.
static bool is_refused(void *block, int error)
{
    bool is_so = block == NULL && errno == error;
    errno = 0;
    return is_so;
}

static bool is_zero(const unsigned char *block, size_t size_bytes)
{
    return size_bytes == 0 || (block[0] == 0 && memcmp(block, block + 1, size_bytes - 1) == 0);
}

static size_t rounded(size_t size_bytes, size_t alignment_bytes)
{
    size_t units = (size_bytes + alignment_bytes - 1) / alignment_bytes;
    return (units == 0 ? 1 : units) * alignment_bytes;
}

// The bytes that a block without a requested alignment may use.
static size_t usable(size_t size_bytes)
{
    bool is_padded = sizeof(void *) == 4 && size_bytes > 8 && size_bytes <= 64;
    return is_padded ? rounded(size_bytes, 16) : size_bytes;
}

// A block too short for an object of the largest alignment need not have that.
static bool is_aligned(const void *block, size_t size_bytes)
{
    size_t most = _Alignof(max_align_t);
    return (uintptr_t)block % (size_bytes < most ? 2 * sizeof(void *) : most) == 0;
}

static void malloc_grants_every_size_that_there_is_room_for(void)
{
    void *none = take(0);
    void *other = take(0);
    CHECK(none != NULL && other != NULL && none != other);
    CHECK(size_of(none) == 0);
    for (size_t size = 1; size < 300 * 1024; size += size / 70 + 1) {
        unsigned char *block = take(size);
        CHECK(block != NULL && is_aligned(block, size));
        CHECK(size_of(block) == usable(size));
        memset(block, 0xa5, size);
        give(block);
    }
    size_t much = sizeof(void *) == 4 ? (size_t)INT_MAX : (size_t)3 * 1024 * MIB;
    unsigned char *most = take(much);
    CHECK(most != NULL && size_of(most) == much);
    most[0] = most[much - 1] = 1;
    give(most);
    errno = 0;
    CHECK(is_refused(take(TOO_MANY), ENOMEM));
    CHECK(is_refused(take(SIZE_MAX), ENOMEM));
    give(none);
    give(other);
}

static void free_changes_no_errno(void)
{
    for (size_t size = 1; size < 64 * MIB; size *= 3) {
        void *block = take(size);
        errno = UNTOUCHED;
        give(block);
        CHECK(errno == UNTOUCHED);
    }
    errno = UNTOUCHED;
    give(NULL);
    CHECK(errno == UNTOUCHED);
    CHECK(size_of(NULL) == 0);
    CHECK(size_of(&failures) == 0);
}

static void calloc_answers_zeros_over_what_was_there(void)
{
    static const size_t sizes[] = {1, 100, 5000, 100000, MIB, 4 * MIB, 4 * MIB + 1, 9 * MIB + 4097};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (unsigned again = 0; again < 3; again++) {
            errno = UNTOUCHED;
            unsigned char *block = take_zeroed(sizes[i], 1);
            CHECK(errno == UNTOUCHED);
            CHECK(block != NULL && is_zero(block, sizes[i]));
            CHECK(size_of(block) == usable(sizes[i]));
            memset(block, 0xff, sizes[i]);
            give(block);
        }
    }
    void *none = take_zeroed(0, SIZE_MAX);
    CHECK(none != NULL && size_of(none) == 0);
    give(none);
    CHECK(is_refused(take_zeroed(SIZE_MAX / 2 + 1, 2), ENOMEM));
    CHECK(is_refused(take_zeroed(SIZE_MAX / 4, 5), ENOMEM));
    CHECK(is_refused(take_zeroed(TOO_MANY / 4, 4), ENOMEM));
}

// A block is often taken for the little of it that will be used.
static void calloc_touches_no_fresh_page(void)
{
    size_t size_bytes = 64 * MIB;
    size_t pages = size_bytes / (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *block = take_zeroed(size_bytes, 1);
    unsigned char *is_resident = take(pages);
    CHECK(block != NULL && mincore(block, size_bytes, is_resident) == 0);
    size_t resident = 0;
    for (size_t i = 0; i < pages; i++) {
        resident += is_resident[i] & 1U;
    }
    CHECK(resident < pages / 4); // The blocks before it have used some.
    give(is_resident);
    give(block);
}

// Where the kernel may not drop pages they are written.
static void calloc_answers_zeros_on_locked_pages(void)
{
    size_t size_bytes = 5 * MIB;
    unsigned char *block = take(size_bytes);
    memset(block, 0xff, size_bytes);
    bool is_locked = mlock(block, size_bytes) == 0;
    give(block);
    unsigned char *again = take_zeroed(size_bytes, 1);
    CHECK(again != NULL && is_zero(again, size_bytes));
    if (is_locked) {
        CHECK(again == block);
        (void)munlock(block, size_bytes);
    }
    give(again);
}

static void realloc_keeps_bytes_and_a_refused_block(void)
{
    unsigned char *block = resize(NULL, 1000);
    CHECK(block != NULL && size_of(block) == 1000);
    memset(block, 7, 1000);
    errno = UNTOUCHED;
    block = resize(block, 3 * MIB);
    CHECK(errno == UNTOUCHED);
    CHECK(block != NULL && size_of(block) == 3 * MIB && block[0] == 7 && block[999] == 7);
    block = resize(block, 10);
    CHECK(block != NULL && size_of(block) == usable(10) && block[0] == 7 && block[9] == 7);
    errno = 0;
    CHECK(is_refused(resize(block, TOO_MANY), ENOMEM));
    CHECK(is_refused(resize_array(block, SIZE_MAX / 4 + 2, 4), ENOMEM)); // 4, except for a bit.
    CHECK(is_refused(resize_array(block, TOO_MANY / 2, 2), ENOMEM));
    CHECK(size_of(block) == usable(10) && block[0] == 7 && block[9] == 7);
    block = resize_array(block, 30, 5);
    CHECK(block != NULL && size_of(block) == 150 && block[9] == 7);
    CHECK(resize(block, 0) == NULL); // Freed: asking for its size would be misuse now.
    void *none = resize(NULL, 0);
    CHECK(none != NULL && size_of(none) == 0);
    CHECK(resize_array(none, 0, 7) == NULL);
    CHECK(errno == 0);
}

static bool is_aligned_as_asked(void *block, size_t size_bytes, size_t alignment_bytes)
{
    size_t usable_bytes = alignment_bytes <= 2 * sizeof(void *)
                              ? usable(size_bytes)
                              : rounded(size_bytes, alignment_bytes);
    if (block == NULL || (uintptr_t)block % alignment_bytes != 0 ||
        size_of(block) != usable_bytes) {
        return false;
    }
    memset(block, 0x5a, usable_bytes);
    return true;
}

static void aligned_blocks_are_aligned_and_as_long_as_they_say(void)
{
    errno = UNTOUCHED;
    for (size_t alignment = 1; alignment <= 4 * MIB; alignment *= 2) {
        for (size_t size = 0; size < 300 * 1024; size = size * 5 + 1) {
            void *blocks[4] = {take_aligned(alignment, size), take_memalign(alignment, size)};
            CHECK(is_aligned_as_asked(blocks[0], size, alignment));
            CHECK(is_aligned_as_asked(blocks[1], size, alignment));
            if (alignment >= sizeof(void *)) {
                CHECK(take_posix(&blocks[2], alignment, size) == 0);
                CHECK(is_aligned_as_asked(blocks[2], size, alignment));
            }
            blocks[3] = resize(take_aligned(alignment, size), size + 1);
            CHECK(size_of(blocks[3]) == usable(size + 1));
            for (unsigned i = 0; i < 4; i++) {
                give(blocks[i]);
            }
        }
    }
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t size = 0; size < 300 * 1024; size = size * 3 + 1) {
        void *page = take_page(size);
        void *pages = take_pages(size);
        CHECK(is_aligned_as_asked(page, size, page_bytes));
        CHECK(is_aligned_as_asked(pages, size, page_bytes));
        give(page);
        give(pages);
    }
    CHECK(errno == UNTOUCHED);
}

static void an_alignment_that_is_none_is_refused(void)
{
    static const size_t odd[] = {0, 3, 24, 4095, SIZE_MAX};
    int untouched = 0;
    void *block = &untouched;
    errno = 0;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        CHECK(is_refused(take_aligned(odd[i], 100), EINVAL));
        CHECK(is_refused(take_memalign(odd[i], 100), EINVAL));
        errno = UNTOUCHED;
        CHECK(take_posix(&block, odd[i], 100) == EINVAL);
        CHECK(errno == UNTOUCHED && block == &untouched);
    }
    CHECK(take_posix(&block, sizeof(void *) / 2, 100) == EINVAL);
    for (size_t alignment = 64; alignment != 0; alignment *= 2) {
        errno = UNTOUCHED;
        CHECK(take_posix(&block, alignment, TOO_MANY) == ENOMEM);
        CHECK(take_posix(&block, alignment, SIZE_MAX) == ENOMEM);
        CHECK(errno == UNTOUCHED && block == &untouched);
        CHECK(is_refused(take_aligned(alignment, SIZE_MAX - 5), ENOMEM));
        CHECK(is_refused(take_memalign(alignment, TOO_MANY), ENOMEM));
    }
    CHECK(is_refused(take_aligned(SIZE_MAX / 2 + 1, 1), ENOMEM));
    CHECK(is_refused(take_page(SIZE_MAX), ENOMEM));
    CHECK(is_refused(take_pages(SIZE_MAX - 5000), ENOMEM));
}

static void malloc_trim_gives_pages_back_once(void)
{
    give(take(3 * MIB)); // Idle, but kept.
    CHECK(malloc_trim(0) == 1);
    CHECK(malloc_trim(0) == 0);
}

// The headers here lack these two.
static void give_sized(void *block, size_t size_bytes)
{
    void (*call)(void *, size_t) = NULL;
    void *found = dlsym(RTLD_DEFAULT, "free_sized");
    memcpy(&call, &found, sizeof found);
    call(block, size_bytes);
}

static void give_aligned_sized(void *block, size_t alignment_bytes, size_t size_bytes)
{
    void (*call)(void *, size_t, size_t) = NULL;
    void *found = dlsym(RTLD_DEFAULT, "free_aligned_sized");
    memcpy(&call, &found, sizeof found);
    call(block, alignment_bytes, size_bytes);
}

static void the_right_size_frees(void)
{
    for (size_t size = 0; size < 300 * 1024; size = size * 5 + 1) {
        void *blocks[] = {take(size), take_zeroed(size, 1), resize(take(7), size + 1)};
        give_sized(blocks[0], size);
        give_sized(blocks[1], size);
        give_sized(blocks[2], size + 1);
        CHECK(size_of(blocks[0]) == 0 && size_of(blocks[1]) == 0 && size_of(blocks[2]) == 0);
        for (size_t alignment = 1; alignment <= MIB; alignment *= 2) {
            void *block = take_aligned(alignment, size);
            errno = UNTOUCHED;
            give_aligned_sized(block, alignment, size);
            CHECK(size_of(block) == 0 && errno == UNTOUCHED);
        }
    }
    give_sized(NULL, 100);
    give_aligned_sized(NULL, 3, 100);
}

static void free_the_wrong(int which)
{
    unsigned char *block = take(100);
    static unsigned char foreign[64];
    switch (which) {
    case 0:
        give(block);
        give(block);
        break;
    case 1:
        give(block + 16);
        break;
    case 2:
        give(foreign + 16);
        break;
    case 3:
        give_sized(block, 99);
        break;
    case 4:
        give_aligned_sized(block, 1, 101);
        break;
    case 5:
        give_aligned_sized(block, 0, 100);
        break;
    case 6:
        give_sized(block + 16, 100);
        break;
    default:
        give(block);
        give(resize(block, 200));
        break;
    }
}

// Each prints its sentence, and nothing else of the process goes on.
static void misuse_prints_a_sentence_and_aborts(void)
{
    static const char *const sentences[] = {
        "comheap: free of a block that is not live: freed before, or never handed out: 0x",
        "comheap: free of a pointer into a live block, not to its start: 0x",
        "comheap: free of a pointer where this heap has no block: 0x",
        "comheap: free of 99 bytes, but the block has 100: 0x",
        "comheap: free of 101 bytes aligned to 1, but the block has 100: 0x",
        "comheap: free of 100 bytes aligned to 0, but the block is not aligned so: 0x",
        "comheap: free of a pointer into a live block, not to its start: 0x",
        "comheap: reallocate of a block that is not live: freed before, or never handed out: 0x",
    };
    for (int which = 0; which < 8; which++) {
        char said[256] = "";
        int ends[2];
        int status = 0;
        CHECK(pipe(ends) == 0);
        pid_t child = fork();
        if (child == 0) {
            (void)dup2(ends[1], STDERR_FILENO);
            free_the_wrong(which);
            _exit(0);
        }
        (void)close(ends[1]);
        CHECK(read(ends[0], said, sizeof said - 1) > 0);
        (void)close(ends[0]);
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        check(strncmp(said, sentences[which], strlen(sentences[which])) == 0, said, __LINE__);
        check(strchr(said, '\n') == said + strlen(said) - 1, said, __LINE__);
    }
}

int main(void)
{
    every_function_is_the_librarys();
    malloc_grants_every_size_that_there_is_room_for();
    free_changes_no_errno();
    calloc_answers_zeros_over_what_was_there();
    calloc_touches_no_fresh_page();
    calloc_answers_zeros_on_locked_pages();
    realloc_keeps_bytes_and_a_refused_block();
    aligned_blocks_are_aligned_and_as_long_as_they_say();
    an_alignment_that_is_none_is_refused();
    malloc_trim_gives_pages_back_once();
    the_right_size_frees();
    misuse_prints_a_sentence_and_aborts();
    return failures == 0 ? 0 : 1;
}
