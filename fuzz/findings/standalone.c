// Replays a heap program without the harness: slots, laws, and a world of pages. csource.c writes
// the program as calls of these functions, and copies from this file no more than they need:
//
//   - The features choose a branch of each `#ifdef WITH_...`.
//   - A statement that begins with a call on the name of a law goes with that law.
//   - A paragraph that defines names stays where the program, or a paragraph that stays, uses one.

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef WITH_PORT
#include <heapfuzz/port.h>

extern const struct heapfuzz_port PORT;

#define HEAP_ALLOC(size) PORT.allocate(size)

#define HEAP_ALLOC_ZEROED(count, part) PORT.allocate_zeroed(count, part)

#define HEAP_ALLOC_ALIGNED(alignment, size) PORT.allocate_aligned(alignment, size)

#define HEAP_REALLOC_ALIGNED(at, alignment, size) PORT.reallocate_aligned(at, alignment, size)

#ifdef WITH_NULLALLOCATES
#define HEAP_REALLOC(at, size) ((at) == NULL ? PORT.allocate(size) : PORT.reallocate(at, size))
#else
#define HEAP_REALLOC(at, size) PORT.reallocate(at, size)
#endif

#define HEAP_FREE(block) PORT.free(block)

#define HEAP_SIZE(block) PORT.size(block)
#endif

#ifdef WITH_MALLOC
#ifdef HEAP_HEADER // Your own allocator: -DHEAP_HEADER='"my_heap.h"' defines these macros.
#undef HEAP_LIMIT
#include HEAP_HEADER
#ifndef HEAP_ALLOC_ZEROED // It may have these two as well.
#define HEAP_ALLOC_ZEROED(count, part) ((void)(count), (void)(part), NULL)
#endif
#ifndef HEAP_ALLOC_ALIGNED
#define HEAP_ALLOC_ALIGNED(alignment, size) ((void)(alignment), (void)(size), NULL)
#endif
#else
#define HEAP_ALLOC_ZEROED(count, part)                                                             \
    ((count) > HEAP_LIMIT / (part) ? NULL : calloc((count) == 0 ? 1 : (count), part))
#define HEAP_ALLOC_ALIGNED(alignment, size)                                                        \
    ((size) > HEAP_LIMIT - (alignment)-1                                                           \
         ? NULL                                                                                    \
         : aligned_alloc(alignment, ((size) / (alignment) + 1) * (alignment)))
#include <malloc.h>
#ifdef _WIN32
#define malloc_usable_size(block) ((block) == NULL ? 0 : _msize(block))
#endif
#define HEAP_ALLOC(size) ((size) > HEAP_LIMIT ? NULL : malloc((size) == 0 ? 1 : (size)))
#define HEAP_REALLOC(block, size)                                                                  \
    ((block) == NULL ? HEAP_ALLOC(size)                                                            \
     : (size) == 0   ? (free(block), NULL)                                                         \
                     : ((size) > HEAP_LIMIT ? NULL : realloc(block, size)))
#define HEAP_FREE(block) free(block)
#define HEAP_SIZE(block) malloc_usable_size(block)
#define HEAP_SIZE_IS_EXACT false
#endif
#define begin_world(arena_bytes) (void)0
#endif

#ifdef WITH_COM
static enum face { HEAP, TASK, IMALLOC } face; // The interface of the calls.
#define FACES 3U
#define BY(other, call) (face = (other), call, face = HEAP)
#define BY_FACE(own, other, third) (face == HEAP ? (own) : face == TASK ? (other) : (third))
#define ALLOCATOR task()
#else
#define BY_FACE(own, other, third) (own)

#define FACES 1U
#endif

#ifdef WITH_MANAGER
#define CH_TAKES_COM_NAMES
#include <comheap/atlheaps.h>
#include <comheap/heap.h>
#include <comheap/taskmem.h>
#define HEAP_SIZE(block) IAtlMemMgr_GetSize(manager, block)
#define HEAP_SIZE_IS_EXACT true
static IAtlMemMgr *manager;
#endif

#ifdef WITH_CRT // malloc gets no size that is dear to it.
#define HEAP_CALL(size, call) ((size) > HEAP_LIMIT && (size) <= CH_CRT_MAX_BYTES ? NULL : (call))
#define HEAP_ALLOC(size) HEAP_CALL(size, IAtlMemMgr_Allocate(manager, size))
#define HEAP_REALLOC(block, size) HEAP_CALL(size, IAtlMemMgr_Reallocate(manager, block, size))
#define HEAP_FREE(block) IAtlMemMgr_Free(manager, block)
#define begin_world(arena_bytes) (void)(manager = ch_crt_heap())
#endif

#ifdef WITH_ENGINE
#ifdef WITH_COM
#define HEAP_ALLOC(size)                                                                           \
    BY_FACE(IAtlMemMgr_Allocate(manager, size), CoTaskMemAlloc(size),                              \
            IMalloc_Alloc(ALLOCATOR, size))
#define HEAP_REALLOC(block, size)                                                                  \
    BY_FACE(IAtlMemMgr_Reallocate(manager, block, size), CoTaskMemRealloc(block, size),            \
            IMalloc_Realloc(ALLOCATOR, block, size))
#define HEAP_FREE(block)                                                                           \
    BY_FACE(IAtlMemMgr_Free(manager, block), CoTaskMemFree(block), IMalloc_Free(ALLOCATOR, block))
#else
#define HEAP_ALLOC(size) IAtlMemMgr_Allocate(manager, size)
#define HEAP_REALLOC(block, size) IAtlMemMgr_Reallocate(manager, block, size)
#define HEAP_FREE(block) IAtlMemMgr_Free(manager, block)
#endif
static struct ch_heap *engine;
#define HEAP_ALLOC_ZEROED(count, part)                                                             \
    ((count) > SIZE_MAX / (part) ? NULL : ch_heap_alloc_zeroed(engine, (count) * (part)))

// An aligned block, with the size that was requested and not the rounded one.
static void *take_aligned(size_t alignment, size_t size)
{
    void *block = ch_heap_alloc_aligned(engine, size, alignment);
    if (block != NULL) {
        (void)ch_heap_resize(engine, block, size);
    }
    return block;
}

#define HEAP_ALLOC_ALIGNED(alignment, size) take_aligned(alignment, size)

#define HEAP_START ((uintptr_t)engine)
#ifdef WITH_COMHEAP
#define HEAP_OPEN() (ch_task_heap_use(engine), manager = ch_com_heap())
#define HEAP_CLOSE() (void)ch_task_heap_use(NULL)
#else
#define HEAP_CLOSE() (void)0
#endif
#ifdef WITH_WIN32
static struct ch_win32_heap win32;
#define HEAP_OPEN()                                                                                \
    (ch_win32_heap_init_over(&win32, engine), manager = ch_win32_heap_manager(&win32))
#endif
#ifdef WITH_LOCAL
static struct ch_fixed_heap fixed;
#define HEAP_OPEN()                                                                                \
    (ch_local_heap_init(&fixed, engine, false), manager = ch_fixed_heap_manager(&fixed))
#endif
#ifdef WITH_GLOBAL
static struct ch_fixed_heap fixed;
#define HEAP_OPEN()                                                                                \
    (ch_global_heap_init(&fixed, engine, false), manager = ch_fixed_heap_manager(&fixed))
#endif
#endif

static IMalloc *task(void)
{
    IMalloc *allocator = NULL;
    (void)CoGetMalloc(MEMCTX_TASK, &allocator);
    return allocator;
}

#ifdef WITH_PORT
#define HEAP_OWNS(address) PORT.owns(address)
#else
#ifdef WITH_COMHEAP
#define HEAP_OWNS(address) IMalloc_DidAlloc(task(), address)
#else
#define HEAP_OWNS(address) ((address) == NULL ? -1 : ch_heap_owns(engine, address))
#endif
#endif

#define SLOTS 65536U
#define LAW(law, holds, ...)                                                                       \
    ((holds) ? (void)0                                                                             \
             : (fprintf(stderr, "law %s broken at op %u: ", law, op),                              \
                fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1)))

static struct slot {
    unsigned char *block; // Live, or the last one that was.
#ifdef WITH_LASTSIZE
    size_t size, last_size; // The last one, or of a live block the largest.
#else
    size_t size;
#endif
#ifdef WITH_SLACK
    size_t slack; // The bytes behind its end that are its owner's, too.
#endif
#ifdef WITH_TAKEN
    size_t most, alignment; // The most that it was resized to in place, and as requested.
#endif
    uint64_t fill, step; // Its first word, and the increment of each next one.
    bool is_live;
} slots[SLOTS];
static unsigned op, top; // The op's number, and the highest slot so far.

#define PAGE ((size_t)4096)

#define GRANULE (2 * sizeof(void *))

#ifdef WITH_PORT // csource_policies.c defines these.
#else
#define ALIGNMENT GRANULE

#define HIDES_FREED (2048 * GRANULE)

#define HEAP_SIZE_AGREES(answer, size)                                                             \
    (HEAP_SIZE_IS_EXACT ? (answer) == (size) : (answer) >= (size))
#endif

#define MiB ((size_t)1 << 20)

#define BIG(size) (size_t)(SIZE_MAX > UINT32_MAX ? UINT64_C(size) : UINT32_MAX)

#define SIZE(slot) ((int64_t)slots[slot].size)

// Returns a sum as a size, at least 0 and at most SIZE_MAX.
static size_t fit(int64_t size)
{
    return size < 0 ? 0 : (uint64_t)size < SIZE_MAX ? (size_t)size : SIZE_MAX;
}

#ifdef WITH_MANYREPEATS
// A program's repeats make so many calls and ask for so many bytes. The rest is left out.
static bool may_repeat(size_t size)
{
    static size_t calls, bytes;
    calls++;
    bytes += size < MiB / 8 ? size : MiB / 8;
    return calls <= 4096 && bytes <= 64 * MiB;
}
#else
#define may_repeat(size) true
#endif

// Makes the call behind it for a slot, and for `times` slots more. All of them are one op.
#define repeat(times, first, size)                                                                 \
    op++;                                                                                          \
    for (unsigned i = (first), k = 0; k == 0 || (k <= (times) && may_repeat(size) && op-- > 0);    \
         k++, i = (i + 1) % SLOTS)

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

// Only AddressSanitizer knows poisoned bytes. Without it these laws hold.
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define is_hidden(byte) (__asan_address_is_poisoned(byte) != 0)
#define is_open(block, size) (__asan_region_is_poisoned(block, size) == NULL)
#else
#define is_hidden(byte) ((void)(byte), true)
#define is_open(block, size) ((void)(block), (void)(size), true)
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define hide(start, size) __asan_poison_memory_region(start, size)
#define open_up(start, size) __asan_unpoison_memory_region(start, size)
#else
#define hide(start, size) (void)0
#define open_up(start, size) (void)0
#endif

// The system and wild pointers write poisoned bytes, too.
#define UNCHECKED __attribute__((no_sanitize("address")))

#define MOST_BYTES (size_t)(SIZE_MAX > UINT32_MAX ? (uint64_t)16 << 30 : 0x93000000)

static bool is_block_at(uintptr_t address)
{
    bool is_found = false;
    for (struct slot *s = slots; s <= &slots[top]; s++) {
        is_found = is_found || (s->is_live && (uintptr_t)s->block == address);
    }
    return is_found;
}

#ifdef WITH_LARGE
// Of a large block both ends are written and read, and a little between them.
static size_t next_byte(size_t at, size_t size)
{
    size_t middle = size / 16 * 8, last = size / 8 * 8 - 256;
    at++;
    return size <= 1024 ? at : at == 256 ? middle : at == middle + 64 ? last : at;
}
#else
#define next_byte(at, size) ((at) + 1)
#endif

static unsigned char byte_of(const struct slot *s, size_t at)
{
    return (unsigned char)((s->fill + at / 8 * s->step) >> at % 8 * 8);
}

// Expects the first `kept` bytes that were written for a slot to be in a block.
static void expect_bytes(const char *law, const unsigned char *block, const struct slot *s,
                         size_t kept)
{
    for (size_t at = 0; at < kept && at < s->size; at = next_byte(at, s->size)) {
        LAW(law, block[at] == byte_of(s, at), "byte %zu of %zu is 0x%02x, expected 0x%02x", at,
            s->size, (unsigned)block[at], (unsigned)byte_of(s, at));
    }
}

static void write_block(struct slot *s, uint64_t fill, uint64_t step)
{
    s->fill = fill;
    s->step = step;
    LAW("writable", is_open(s->block, s->size <= 4 * PAGE ? s->size : PAGE),
        "a byte of b%d, of %zu bytes, is poisoned", (int)(s - slots), s->size);
    for (size_t at = 0; at < s->size; at = next_byte(at, s->size)) {
        s->block[at] = byte_of(s, at);
    }
#ifdef WITH_SLACK
    LAW("slack", is_open(s->block, s->size + s->slack), "slack of b%d is poisoned",
        (int)(s - slots));
    for (size_t at = 0; at < s->slack; at++) {
        s->block[s->size + at] = byte_of(s, at);
    }
#endif
}

static uint64_t fills; // No two blocks have the same bytes.

#define fill_block(s) write_block(s, fills += 0xd6e8feb86659fd93U, 0x9e3779b97f4a7c15U)

static void expect_size(const char *law, const struct slot *s, size_t size)
{
    LAW(law, HEAP_SIZE_AGREES(size, s->size), "GetSize(b%d) is %zu, expected %zu", (int)(s - slots),
        size, s->size);
}

// A block of 0 bytes counts as one: its address is its own.
#ifdef WITH_SLACK
#define EXTENT(s) ((s)->size + (s)->slack + ((s)->size + (s)->slack == 0))
#else
#define EXTENT(s) ((s)->size + ((s)->size == 0))
#endif
static void expect_apart(const char *law, const struct slot *s)
{
    uintptr_t begin = (uintptr_t)s->block;
    for (struct slot *other = slots; other <= &slots[top]; other++) {
        uintptr_t at = (uintptr_t)other->block;
        LAW(law,
            !other->is_live || other == s || begin >= at + EXTENT(other) || at >= begin + EXTENT(s),
            "b%d of %zu bytes overlaps b%d", (int)(s - slots), s->size, (int)(other - slots));
    }
}

// Expects the bytes that were written behind a block's end to be there.
static void expect_slack(const char *law, const struct slot *s)
{
    const unsigned char *end = s->block + s->size;
    for (size_t at = 0; s->is_live && at < s->slack; at++) {
        LAW(law, end[at] == byte_of(s, at), "byte %zu of the slack of b%d is 0x%02x", at,
            (int)(s - slots), (unsigned)end[at]);
    }
}

// The bytes behind a block, as far as the next one, or a page.
static void expect_past_end(const char *law, const struct slot *s)
{
    unsigned char *end = s->block + s->size;
    size_t most = PAGE;
    for (struct slot *other = slots; other <= &slots[top]; other++) {
        size_t away = (size_t)((uintptr_t)other->block - (uintptr_t)end);
        most = other->is_live && other != s && away < most ? away : most;
    }
    size_t rest = (0 - s->size) % ALIGNMENT;
    const size_t counts[] = {most > 0, rest < most ? rest : most, most};
    for (unsigned i = 0; i < 3; i++) {
        LAW(law, counts[i] == 0 || is_hidden(end + counts[i] - 1),
            "byte %zu of b%d, past its end, can be touched", s->size + counts[i] - 1,
            (int)(s - slots));
    }
}

static void expect_hidden(const char *law, const struct slot *s)
{
    unsigned char *block = s->block;
    bool is_asked = s->size > 0 && s->last_size <= HIDES_FREED && !is_block_at((uintptr_t)block);
    LAW(law, !is_asked || (is_hidden(block) && is_hidden(block + s->size - 1)),
        "a freed block of %zu bytes can be touched", s->size);
}

static bool is_within_block(uintptr_t address)
{
    bool is_found = false;
    for (struct slot *s = slots; s <= &slots[top]; s++) {
        is_found = is_found || (s->is_live && address - (uintptr_t)s->block < s->size);
    }
    return is_found;
}

static void expect_owned(const char *law, uintptr_t address)
{
    int answer = HEAP_OWNS((void *)address);
    int expected = address == 0 ? -1 : is_block_at(address);
#ifdef WITH_SHARES
    expected = address != 0 && answer == 1 && !is_within_block(address) ? 1 : expected;
#endif
    LAW(law, answer == expected, "DidAlloc is %d, expected %d", answer, expected);
}

static void expect_invariants(const char *law)
{
#ifdef WITH_PORT
    const void *where = NULL;
    const char *broken = PORT.check(&where);
    LAW(law, broken == NULL, "it does not hold that %s", broken);
#else
    struct ch_broken broken = ch_heap_check(engine);
    LAW(law, broken.invariant == CH_INVARIANTS, "it does not hold that %s",
        ch_invariant_sentence(broken.invariant));
#endif
}

static void expect_faultless(const char *law)
{
    const void *where = NULL;
    const char *fault = PORT.fault(&where);
    LAW(law, fault == NULL, "%s", fault);
}

static bool must_grant; // The next call has no reason to be refused.

#ifdef WITH_HUGE
// Returns the memory of all heaps, which have the same addresses.
static uintptr_t memory(void)
{
    static void *space;
    space = space == NULL ? malloc(HEAP_SPACE + 0x10000) : space;
    if (space == NULL) {
        exit((perror("no memory for a heap"), 2));
    }
    return ((uintptr_t)space | 0xffff) + 1;
}
#else
static unsigned char space[HEAP_SPACE + 0x10000]; // Of all heaps, which have the same addresses.

#define memory() (((uintptr_t)space | 0xffff) + 1)
#endif

#ifdef WITH_WORLD
// The world: pages that can be refused, and are garbage when they come and after they have gone.
static size_t arena_size, committed_pages, refused_after, budget_pages = SIZE_MAX;
static unsigned char *arena;

static bool is_committed[1 << 22];

UNCHECKED static void make_garbage(void *start, size_t size)
{
    for (size_t at = 0; at < size; at = size <= MiB ? at + 1 : next_byte(at, size)) {
        ((volatile unsigned char *)start)[at] = (unsigned char)(0xd7 + at % 5);
    }
}

static void note_pages(void *start, size_t size, bool comes)
{
    (void)start;
#ifdef WITH_MAP
    size_t at = (size_t)((unsigned char *)start - arena);
    LAW("pages", (at | size) % PAGE == 0 && size > 0 && at < arena_size && size <= arena_size - at,
        "%zu bytes from byte %zu of the arena on are not pages of it", size, at);
    for (size_t page = at / PAGE; page < (at + size) / PAGE; page++) {
        LAW("pages", is_committed[page] != comes, "page %zu comes or goes twice", page);
        is_committed[page] = comes;
    }
#endif
    committed_pages += comes ? size / PAGE : 0 - size / PAGE;
#ifdef WITH_BYTES
    make_garbage(start, size);
#endif
}

static void *reserve(void *context, size_t size)
{
#ifdef WITH_PORT
    (void)context;
    if (arena_size > 0 || size > HEAP_SPACE) {
        return NULL;
    }
    arena = (unsigned char *)memory();
#ifdef WITH_GUARDS
    hide(arena, size);
#endif
#else
    arena = arena == NULL ? ch_pages_os.reserve(context, MOST_BYTES) : arena;
#endif
    arena_size = size;
    return arena;
}

static bool commit(void *context, void *start, size_t size)
{
    bool is_refused = refused_after == 1 || committed_pages + size / PAGE > budget_pages;
    refused_after -= refused_after > 0;
    must_grant = must_grant && !is_refused;
#ifdef WITH_ENGINE
    is_refused = is_refused || !ch_pages_os.commit(context, start, size);
#endif
    if (is_refused) {
        return false;
    }
#ifdef WITH_PORT
    (void)context;
#ifdef WITH_GUARDS
    open_up(start, size);
#endif
#endif
    note_pages(start, size, true);
    return true;
}

// Keeps the page of the system, so that a heap that still uses it finds garbage.
static void decommit(void *context, void *start, size_t size)
{
    (void)context;
    note_pages(start, size, false);
}

static void release(void *context, void *start, size_t size)
{
    (void)context, (void)start, (void)size;
    LAW("pages", start == arena && size == arena_size, "another range is released");
#ifdef WITH_MAP
    memset(is_committed, 0, sizeof is_committed);
#endif
    committed_pages = 0;
#ifdef WITH_PORT
    arena_size = 0;
#endif
}

#ifdef WITH_PORT
static size_t page_bytes(void *context)
{
    (void)context;
    return PAGE;
}

static bool move(void *context, void *from, void *to, size_t size)
{
    (void)context;
    memcpy(to, from, size);
    return true;
}
#endif
#endif

#ifdef WITH_RANGE
static unsigned char *arena; // The range of the heap.
static size_t arena_size;

#ifdef WITH_REGIONS
static struct {
    unsigned char *start;
    size_t size;
} regions[8]; // All of its ranges. Those without a gap are one.
static unsigned region_count;
#endif
#endif

// Expects a block in the memory of its heap.
static void expect_inside(const char *law, const void *block, size_t size)
{
#ifdef WITH_ENGINE
    struct ch_stats stats = ch_heap_stats(engine);
    size_t at = (size_t)((uintptr_t)block - (uintptr_t)stats.pages);
    size_t most = stats.pages_bytes;
#else
    size_t at = (size_t)((uintptr_t)block - (uintptr_t)arena);
    size_t most = arena_size;
#endif
    bool is_inside = at <= most && size <= most - at;
#ifdef WITH_REGIONS
    for (unsigned i = 0; !is_inside && i < region_count; i++) {
        at = (size_t)((uintptr_t)block - (uintptr_t)regions[i].start);
        is_inside = at <= regions[i].size && size <= regions[i].size - at;
    }
#endif
    LAW(law, is_inside, "a block of %zu bytes is at %p, outside", size, block);
}

static void expect_counts(const char *law)
{
#ifdef WITH_PORT
    struct heapfuzz_counts counts = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    PORT.count(&counts);
#else
    struct ch_stats counts = ch_heap_stats(engine);
#endif
    size_t blocks = 0;
    size_t bytes = 0;
    for (struct slot *s = slots; s <= &slots[top]; s++) {
        blocks += s->is_live;
        bytes += s->size;
    }
#ifdef WITH_PORT
    counts.live_blocks = counts.live_blocks == SIZE_MAX ? blocks : counts.live_blocks;
    counts.live_bytes = counts.live_bytes == SIZE_MAX ? bytes : counts.live_bytes;
#ifdef WITH_WORLD
    size_t committed = committed_pages * PAGE;
    counts.committed_bytes =
        counts.committed_bytes == SIZE_MAX ? committed : counts.committed_bytes;
#endif
#endif
    LAW(law, counts.live_blocks == blocks && counts.live_bytes == bytes,
        "%zu blocks of %zu bytes are counted, %zu of %zu are live", counts.live_blocks,
        counts.live_bytes, blocks, bytes);
#ifdef WITH_WORLD
    LAW("counts", counts.committed_bytes == committed_pages * PAGE,
        "%zu bytes are counted as committed, expected %zu", counts.committed_bytes,
        committed_pages * PAGE);
#endif
}

static size_t answered; // The number of answers in this run.

// A second run has to give the same answers.
static void note_answer(const char *law, uintptr_t answer)
{
    static uintptr_t answers[8192];
    static size_t known;
    LAW(law, answered == known || answers[answered] == answer, "answer %zu differs", answered);
    answers[answered++] = answer;
    known = answered > known ? answered : known;
}

#ifdef WITH_TAKEN
static void expect_taken(const char *law, const struct slot *s)
{
    const struct heapfuzz_block block = {s->size, s->most, s->alignment};
    LAW(law, HEAP_SIZE(s->block) <= PORT.promises->most_taken(&block),
        "GetSize(b%d) is %zu for %zu bytes", (int)(s - slots), HEAP_SIZE(s->block), s->size);
}
#endif

static unsigned turn;

#define TURN (&slots[turn % (top + 1)])

static unsigned looks;

// Looks at blocks in turn, and at the heap as a whole.
static void look(void)
{
#ifdef WITH_PORT
    expect_faultless("faultless");
#endif
    for (unsigned end = turn + (top < 64 ? top + 1 : 64); turn != end; turn++) {
        if (TURN->is_live) {
            expect_size("exact-size", TURN, HEAP_SIZE(TURN->block));
            expect_bytes("bytes", TURN->block, TURN, TURN->size);
            expect_slack("slack", TURN);
            expect_taken("at-most", TURN);
        }
    }
    if (looks++ % (top / 64 + 1) == 0) {
        expect_invariants("invariant");
        expect_counts("counts");
    }
}

// Ends the op before, and begins one on a slot.
static struct slot *next_op(unsigned i)
{
#ifdef WITH_LOOKS
    look();
#endif
    op++;
    top = i > top ? i : top;
    return &slots[i];
}

static void end_block(struct slot *s)
{
    s->is_live = false;
    expect_owned("member", (uintptr_t)s->block);
    expect_hidden("freed", s);
#ifdef WITH_LASTSIZE
    s->last_size = s->size;
#endif
    s->size = 0;
#ifdef WITH_SLACK
    s->slack = 0;
#endif
}

static void free_block(struct slot *s)
{
    void *block = s->is_live ? s->block : NULL;
    expect_bytes("bytes", s->block, s, s->size);
    expect_slack("slack", s);
    HEAP_FREE(block);
    if (s->is_live) {
        end_block(s);
    }
}

#ifdef WITH_ALIGNS
static size_t next_aligned, aligned; // The alignment of the next request, and of this; 0: any.
static unsigned aligned_op;          // The op that has it, which may be repeated.
static size_t aligned_last;

#define align(number) (next_op(0), next_aligned = (size_t)8 << (number) % 18)

// Takes the alignment for this op, if it is the next one or a turn of that.
static size_t take_alignment(void)
{
    if (next_aligned != 0) {
        aligned_op = op;
        aligned_last = next_aligned;
        next_aligned = 0;
    }
    return aligned_op == op ? aligned_last : 0;
}
#endif

#ifdef WITH_TAKEN
static void note_request(struct slot *s, const unsigned char *block, size_t size)
{
    bool is_there = s->is_live && block == s->block;
    s->most = is_there && s->most > size ? s->most : size;
    s->alignment = is_there ? s->alignment : 0;
#ifdef WITH_ALIGNS
    s->alignment = aligned > s->alignment ? aligned : s->alignment;
#endif
}
#endif

#ifdef WITH_OVERREAD
// The place of bytes behind the next block that moves, and the bytes. It must not take them along.
static size_t behind_at, behind_count;
static unsigned char behind[64];

UNCHECKED static void note_behind(const struct slot *s)
{
    const unsigned char *from = s->block + behind_at;
    bool is_inside = s->is_live && from + behind_count <= arena + arena_size;
    for (size_t at = 0; is_inside && at < behind_count; at++) {
        behind[at] = *(const volatile unsigned char *)&from[at];
    }
}
#endif

// Checks and records a granted block.
static void grant(struct slot *s, unsigned char *block, size_t size)
{
#ifdef WITH_REALLOCATES
    const struct slot was = *s;
    (void)was;
#endif
    LAW("limit", size <= BY_FACE(HEAP_LIMIT, SIZE_MAX, SIZE_MAX), "%zu bytes are granted", size);
    LAW("aligned", (uintptr_t)block % ALIGNMENT == 0, "a block is at %p", (void *)block);
#ifdef WITH_ALIGNS
    LAW("aligned", aligned == 0 || (uintptr_t)block % aligned == 0, "a block is at %p",
        (void *)block);
#endif
    expect_inside("inside", block, size);
#ifdef WITH_REALLOCATES
    LAW("in-place", !s->is_live || block == s->block, "a block has moved");
#endif
#ifdef WITH_TAKEN
    note_request(s, block, size);
#endif
    s->block = block;
    s->size = size;
#ifdef WITH_ZEROSIZE
    s->size = size == 0 ? HEAP_ZERO_SIZE : size;
#endif
#ifdef WITH_LASTSIZE
    s->last_size = s->is_live && s->last_size > s->size ? s->last_size : s->size;
#endif
    s->is_live = true;
    expect_apart("disjoint", s);
    expect_size("exact-size", s, HEAP_SIZE(block));
    expect_taken("at-most", s);
#ifdef WITH_SLACK
    s->slack = HEAP_SIZE(block) > s->size ? HEAP_SIZE(block) - s->size : 0;
#ifdef WITH_MEMORY
    expect_inside("slack", block, EXTENT(s));
#endif
    expect_apart("slack", s);
#endif
    expect_past_end("past-end", s);
#ifdef WITH_OVERREAD
    LAW("over-read",
        behind_count == 0 || block == was.block ||
            memcmp(block + behind_at, behind, behind_count) != 0,
        "bytes from %zu on are not of the block", behind_at);
#endif
#ifdef WITH_REALLOCATES
    expect_bytes("prefix", block, &was, size);
#endif
#ifdef WITH_BYTES
    fill_block(s);
#endif
#ifdef WITH_REALLOCATES
    if (was.is_live && block != was.block) {
        expect_owned("member", (uintptr_t)was.block);
        expect_hidden("freed", &was);
    }
#endif
}

static void take_answer(struct slot *s, void *block, size_t size)
{
#ifdef WITH_REPEATS
    note_answer("same", block == NULL ? 0 : (uintptr_t)block - HEAP_START);
#else
    note_answer("same", block != NULL);
#endif
#ifdef WITH_ZEROISNULL
    LAW("zero", s->is_live || size > 0 || block == NULL, "0 bytes give a block");
#endif
#ifdef WITH_FREESATZERO
    LAW("zero", !s->is_live || size > 0 || block == NULL, "Reallocate to 0 is not NULL");
#endif
    if (block != NULL) {
        grant(s, block, size);
#ifdef WITH_REALLOCATES
#ifdef WITH_SHRINKS
    } else if (s->is_live) {
#else
#ifdef WITH_TOZERO
    } else if (s->is_live && size == 0) {
        end_block(s);
#endif
    } else if (s->is_live) {
#endif
#ifdef WITH_SIZE
        expect_size("refused", s, HEAP_SIZE(s->block));
#endif
        expect_bytes("refused", s->block, s, s->size);
#ifdef WITH_COUNT
        expect_counts("refused");
#endif
#endif
    }
    LAW("reason", !must_grant || block != NULL, "NULL for %zu bytes", size);
    LAW("room", !must_grant || block != NULL, "NULL for %zu bytes", size);
}

// Returns the size that is requested in place of one that the heap must not get.
static size_t allowed(size_t size)
{
    const size_t above = HEAP_AVOID_ABOVE, from = HEAP_AVOID_FROM, to = HEAP_AVOID_TO;
    size = size < above ? size : above;
    return from > to || size - from > to - from ? size : from > 0 ? from - 1 : to + 1;
}

static void allocate(unsigned i, size_t size)
{
    struct slot *s = next_op(i);
#ifdef WITH_AVOIDS
    size = allowed(size);
#endif
#ifdef WITH_REUSES
    if (s->is_live) {
        free_block(s);
    }
#endif
#ifdef WITH_ALIGNS
    aligned = take_alignment();
    take_answer(s, aligned == 0 ? HEAP_ALLOC(size) : HEAP_ALLOC_ALIGNED(aligned, size), size);
    aligned = 0;
#else
    take_answer(s, HEAP_ALLOC(size), size);
#endif
}

static void expect_zeros(const char *law, const unsigned char *block, size_t size)
{
    for (size_t at = 0; block != NULL && at < size; at = next_byte(at, size)) {
        LAW(law, block[at] == 0, "byte %zu of zeros is 0x%02x", at, (unsigned)block[at]);
    }
}

// Requests up to 64 MiB of zeros as a count of equal parts. Above PTRDIFF_MAX their sum overflows.
static void allocate_zeroed(unsigned i, size_t size)
{
    static const size_t parts[] = {1, 2, 3, 8, 16, 24, 100, 4096};
    struct slot *s = next_op(i);
#ifdef WITH_AVOIDS
    size = allowed(size);
#endif
    bool overflows = size > PTRDIFF_MAX;
    size = overflows || size <= 64 * MiB ? size : 64 * MiB;
#ifdef WITH_AVOIDS
    size = allowed(size);
#endif
    size_t part = overflows && i % 8 == 0 ? 2 : parts[i % 8];
    bool is_whole = overflows || size % part != 0;
#ifdef WITH_REUSES
    if (s->is_live) {
        free_block(s);
    }
#endif
#ifdef WITH_ALIGNS
    next_aligned = 0;
#endif
    void *block =
        HEAP_ALLOC_ZEROED(is_whole ? size : size / part, overflows || !is_whole ? part : 1);
    LAW("zeroed", block == NULL || !overflows, "a count of parts is granted that overflows");
    expect_zeros("zeroed", block, size);
    take_answer(s, block, overflows ? SIZE_MAX : size);
}

static void reallocate(unsigned i, size_t size)
{
    struct slot *s = next_op(i);
    void *old = s->is_live ? s->block : NULL;
#ifdef WITH_AVOIDS
    size = allowed(size);
#endif
    expect_bytes("bytes", s->block, s, s->size);
    expect_slack("slack", s);
#ifdef WITH_OVERREAD
    note_behind(s);
#endif
#ifdef WITH_ALIGNS
    aligned = take_alignment();
#ifdef WITH_REALIGNS
    aligned = old == NULL ? 0 : aligned;
    void *block = aligned == 0 ? HEAP_REALLOC(old, size) : HEAP_REALLOC_ALIGNED(old, aligned, size);
#else
    aligned = 0;
    void *block = HEAP_REALLOC(old, size);
#endif
    take_answer(s, block, size);
    aligned = 0;
#else
    take_answer(s, HEAP_REALLOC(old, size), size);
#endif
}

#ifdef WITH_NEEDSBLOCK
static void free_(unsigned i)
{
    struct slot *s = next_op(i);
    if (s->is_live) {
        free_block(s);
    }
}
#else
#define free_(i) free_block(next_op(i))
#endif

static void size_(unsigned i)
{
    struct slot *s = next_op(i);
#ifdef WITH_SIZENEEDSBLOCK
    if (!s->is_live) {
        return;
    }
#endif
    void *block = s->is_live ? s->block : NULL;
    size_t size = BY_FACE(HEAP_SIZE(block), HEAP_SIZE(block), IMalloc_GetSize(ALLOCATOR, block));
    if (s->is_live) {
        expect_size("exact-size", s, size);
    } else {
        LAW("null-size", size == BY_FACE(HEAP_NULL_SIZE, HEAP_NULL_SIZE, SIZE_MAX),
            "GetSize(NULL) is %zu", size);
    }
#ifdef WITH_EXACT
    note_answer("same", size);
#endif
    (void)size;
}

#define check(i) (void)next_op(i)

#define write_(i) fill_block(next_op(i))

#define pattern(i, number) write_block(next_op(i), number, 0)

#define owns(i, more) expect_owned("member", (uintptr_t)next_op(i)->block + (more))

#define owns_address(address) (next_op(0), expect_owned("member", address))

static size_t most_committed = SIZE_MAX; // After the next call.

static void expect_footprint(const char *law)
{
#ifdef WITH_PORT
    size_t committed = committed_pages * PAGE;
#else
    size_t committed = ch_heap_stats(engine).committed_bytes;
#endif
    LAW(law, committed <= most_committed, "%zu bytes are committed, %zu may be", committed,
        most_committed);
}

static void minimize(void)
{
    (void)next_op(0);
#ifdef WITH_PORT
    PORT.minimize();
#else
    ch_heap_minimize(engine);
#endif
    expect_footprint("footprint");
}

#ifdef WITH_PORT
#define lane(number) (next_op(0), (void)PORT.select_cache((number) % 4))
#else
#define lane(number) (next_op(0), (void)ch_thread_cache_select((number) % 4))
#endif

#define refuse(granted) (next_op(0), refused_after = (granted) + (size_t)1)

static void get_malloc(size_t context)
{
    IMalloc *allocator = (IMalloc *)(void *)next_op(0);
    HRESULT result = CoGetMalloc((DWORD)context, &allocator);
    bool is_task = (DWORD)context == MEMCTX_TASK;
    LAW("com", result == (is_task ? S_OK : E_INVALIDARG) && allocator == (is_task ? task() : NULL),
        "CoGetMalloc(%u) is 0x%08x, or has another pointer", (unsigned)context, (unsigned)result);
}

static void query(unsigned which)
{
    static const IID unknown = {0x12345678, 0, 0, {0}};
    const IID *const wanted[] = {&IID_IUnknown, &IID_IMalloc, &unknown};
    const void *expected = which % 3 == 2 ? NULL : task();
    void *object = next_op(0);
    HRESULT result = IMalloc_QueryInterface(task(), wanted[which % 3], &object);
    LAW("com", result == (expected == NULL ? E_NOINTERFACE : S_OK) && object == expected,
        "QueryInterface is 0x%08x, or has another pointer", (unsigned)result);
}

#ifdef WITH_ENGINE
static enum ch_fault raised = CH_FAULTS; // The fault of this call, and its block.
static const void *raised_of;

static bool is_misuse;

static void on_fault(void *context, enum ch_fault fault, const void *block)
{
    (void)context;
    LAW("faultless", is_misuse, "%s", ch_fault_sentence(fault));
    LAW("misuse", raised == CH_FAULTS, "a second fault: %s", ch_fault_sentence(fault));
    raised = fault;
    raised_of = block;
}

// Returns the fault of freeing an address; CH_FAULTS: none, it is NULL or a live block.
static enum ch_fault fault_at(uintptr_t address)
{
    struct ch_stats stats = ch_heap_stats(engine);
    bool is_inside = address - (uintptr_t)stats.pages < stats.pages_bytes;
    enum ch_fault fault = is_inside ? CH_FAULT_FREE_TWICE : CH_FAULT_FREE_FOREIGN;
    for (struct slot *s = slots; s <= &slots[top]; s++) {
        bool is_in_block = s->is_live && address - (uintptr_t)s->block < s->size;
        fault = is_in_block ? CH_FAULT_FREE_INTERIOR : fault;
    }
    return address == 0 || is_block_at(address) ? CH_FAULTS : fault;
}

static void expect_unharmed(const char *law)
{
    expect_counts(law);
    for (struct slot *s = slots; s <= &slots[top]; s++) {
        expect_size(law, s, s->is_live ? HEAP_SIZE(s->block) : 0);
        expect_bytes(law, s->block, s, s->size);
    }
}

// Frees and reallocates a pointer that is no live block, through each face.
static void use_badly(uintptr_t address, bool frees, bool reallocates)
{
    const size_t sizes[] = {0, 0, 1, MiB / 16, HEAP_LIMIT == SIZE_MAX ? 0 : HEAP_LIMIT + 1};
    void *block = (void *)address;
    enum ch_fault fault = fault_at(address);
    is_misuse = true;
    for (unsigned i = 0; fault < CH_FAULTS && i < 5 * FACES; i++) {
        size_t size = sizes[i / FACES];
        void *moved = NULL;
#ifdef WITH_COM
        face = (enum face)(i % FACES);
#endif
        if (i < FACES && frees) {
            HEAP_FREE(block);
        } else if (i >= FACES && reallocates) {
            moved = HEAP_REALLOC(block, size);
        } else {
            continue;
        }
        bool is_over =
            size > BY_FACE(HEAP_LIMIT, SIZE_MAX, SIZE_MAX); // The heap does not look at the block.
        unsigned expected = is_over     ? CH_FAULTS
                            : size == 0 ? fault
                                        : fault + CH_FAULT_REALLOC_STALE;
        LAW("misuse", moved == NULL && raised == expected && (is_over || raised_of == block),
            "a call raises '%s', expected '%s'", ch_fault_sentence(raised),
            ch_fault_sentence((enum ch_fault)expected));
        raised = CH_FAULTS;
        expect_counts("misuse");
    }
    is_misuse = false;
#ifdef WITH_COM
    face = HEAP;
#endif
    if (fault < CH_FAULTS) {
        LAW("misuse", HEAP_SIZE(block) == HEAP_NULL_SIZE, "GetSize is %zu", HEAP_SIZE(block));
    }
    expect_owned("member", address);
    expect_unharmed("misuse");
}

static uintptr_t place_of(const struct slot *s)
{
    return s->block == NULL ? (uintptr_t)engine : (uintptr_t)s->block;
}

#define bad_free(i, more) use_badly(place_of(next_op(i)) + (more), true, false)

#define bad_reallocate(i, more) use_badly(place_of(next_op(i)) + (more), false, true)

#define bad_address(address) (next_op(0), use_badly(address, true, true))

// Writes between live blocks: in a dead block, or on a page that the heap holds.
UNCHECKED static void scribble(unsigned i, size_t size)
{
    struct slot *s = next_op(i);
    struct ch_stats stats = ch_heap_stats(engine);
    uintptr_t at = place_of(s) + s->size;
    uintptr_t end = at + (size == 0 ? 1 : size < 2 * PAGE ? size : 2 * PAGE);
    const uint64_t patterns[] = {0x9e3779b97f4a7c15U, 0, UINT64_MAX, at / 8 * 8};
    for (; s->block != NULL && at < end && at - (uintptr_t)stats.pages < stats.pages_bytes; at++) {
        bool was_there = !s->is_live && at - (uintptr_t)s->block < s->last_size;
        if (!was_there && !is_committed[(at - (uintptr_t)arena) / PAGE]) {
            break;
        }
        if (fault_at(at) == CH_FAULT_FREE_TWICE) {
            *(volatile unsigned char *)at = (unsigned char)(patterns[size % 4] >> at % 8 * 8);
        }
    }
    expect_unharmed("misuse");
}

static size_t fresh_bytes;

static bool note_fresh(void)
{
    fresh_bytes = ch_heap_stats(engine).committed_bytes;
    return fresh_bytes > 0;
}

static void begin_world(size_t arena_bytes)
{
    struct ch_config config = {.arena_bytes = arena_bytes, .thread_caches = 3};
#ifdef WITH_WORLD
    static struct ch_pages pages;
    pages = ch_pages_os;
    pages.reserve = reserve;
    pages.commit = commit;
    pages.decommit = decommit;
    pages.release = release;
    pages.commits_zeros = false;
    config.pages = &pages;
#endif
#ifdef WITH_FAULTS
    config.on_fault = on_fault;
#endif
    (void)ch_thread_cache_select(1);
    engine = ch_heap_create(&config);
#ifdef WITH_WORLD
    if (engine == NULL && budget_pages < SIZE_MAX) { // Too few for a heap.
        budget_pages = SIZE_MAX;
        begin_world(64 * MiB);
        return;
    }
#endif
    LAW("reason", engine != NULL, "there is no heap");
    HEAP_OPEN();
    LAW("empty", note_fresh(), "an empty heap has no pages");
}
#endif

#ifdef WITH_MEASURE
static size_t largest;

// Finds the largest block of a fresh heap.
static void measure(void)
{
    size_t refused = HEAP_ARENA + 1;
    while (refused - largest > 1) {
        size_t middle = largest + (refused - largest) / 2;
#ifdef WITH_AVOIDS
        void *block = HEAP_ALLOC(allowed(middle));
#else
        void *block = HEAP_ALLOC(middle);
#endif
        if (block != NULL) {
            HEAP_FREE(block);
        }
        *(block != NULL ? &largest : &refused) = middle;
    }
#ifdef WITH_AVOIDS
    largest = allowed(largest);
#endif
}
#endif

#ifdef WITH_RANGE
// Makes the range, full of garbage or zeros.
static void make_range(size_t size, size_t place)
{
    uintptr_t start = memory() + PAGE + place + RANGE_ALIGNMENT - 1;
#ifdef WITH_GUARDS
    open_up((void *)memory(), HEAP_SPACE);
#endif
    arena = (unsigned char *)(start - start % RANGE_ALIGNMENT);
    arena_size = size;
#ifdef WITH_REGIONS
    region_count = 0;
#endif
#ifdef WITH_ZEROED
    memset(arena, 0, size);
#else
#ifdef WITH_LARGERANGE
    for (size_t at = 0; at < size; at = at == MiB / 2 && size > MiB ? size - MiB / 2 : at + 1) {
#else
    for (size_t at = 0; at < size; at++) {
#endif
        size_t i = at + (uintptr_t)arena % 8;
        arena[at] =
            (unsigned char)((0xd7d7d7d7d7d7d7d7U + i / 8 * 0x0101010101010102U) >> i % 8 * 8);
    }
#endif
#ifdef WITH_GUARDS
    hide(arena - PAGE, PAGE);
    hide(arena + size, PAGE);
#endif
}

#ifdef WITH_REGIONS
// Gives the heap another range, some bytes behind the last one.
static void range(size_t size, size_t gap)
{
    unsigned char *const first = arena;
    const size_t first_size = arena_size;
    unsigned count = region_count;
    (void)next_op(0);
    if (count == 0) {
        regions[count].start = arena;
        regions[count++].size = arena_size;
    }
    uintptr_t end = (uintptr_t)regions[count - 1].start + regions[count - 1].size;
    uintptr_t start = end + gap + RANGE_ALIGNMENT - 1;
    start -= start % RANGE_ALIGNMENT;
    size = size < MiB / 4 ? size : MiB / 4;
    size = size < HEAP_LEAST ? HEAP_LEAST : size < HEAP_MOST ? size : HEAP_MOST;
    if (count == 8 || start - end > 2 * PAGE) {
        return;
    }
    make_range(size, start - memory() - PAGE);
#ifdef WITH_GUARDS
    for (unsigned i = 0; i < count; i++) {
        open_up(regions[i].start, regions[i].size);
    }
#endif
    bool is_taken = PORT.add_range(arena, size);
    if (is_taken && start == end) {
        regions[count - 1].size += size;
    } else if (is_taken) {
        regions[count].start = arena;
        regions[count++].size = size;
    }
    region_count = count;
    arena = first;
    arena_size = first_size;
}
#endif

#ifdef WITH_OPENS
static bool open_world(size_t size, size_t place)
{
#ifdef WITH_MEASURE
    static size_t largest_of_usual; // The usual range is measured once.
    bool is_usual = size == HEAP_USUAL && place == 0;
    largest = is_usual ? largest_of_usual : 0;
    make_range(size, place);
    if (largest == 0 && PORT.open(arena, size)) {
        measure();
        largest_of_usual = is_usual ? largest : largest_of_usual;
#ifdef WITH_CLOSE
        PORT.close();
#endif
    }
#endif
#ifdef WITH_LANES
    (void)PORT.select_cache(1);
#endif
    make_range(size, place);
    return PORT.open(arena, size);
}
#else
#define open_world(size, place) (make_range(size, place), PORT.open(arena, size))
#endif
#endif

#ifdef WITH_PORT
#ifdef WITH_WORLD
static size_t fresh_bytes;

static bool open_world(size_t size, size_t budget)
{
    static const struct heapfuzz_pages pages = {
        .os_page_bytes = page_bytes,
        .reserve = reserve,
        .commit = commit,
        .decommit = decommit,
        .release = release,
        .move = move,
    };
    arena_size = committed_pages = refused_after = 0;
#ifdef WITH_MAP
    memset(is_committed, 0, sizeof is_committed);
#endif
    budget_pages = budget == 0 ? SIZE_MAX : budget;
#ifdef WITH_GUARDS
    open_up((void *)memory(), HEAP_SPACE);
#endif
#ifdef WITH_LANES
    (void)PORT.select_cache(1);
#endif
    bool has_heap = PORT.open_pages(&pages, size);
    fresh_bytes = committed_pages * PAGE;
    return has_heap;
}
#endif

#ifdef WITH_MEMORY
#ifdef WITH_SUBSTITUTE
// A heap that has no room for itself gets the usual memory.
static void begin_world(size_t size, size_t number)
{
    bool has_heap = open_world(size, number) || open_world(HEAP_USUAL, 0);
    (void)has_heap;
    LAW("reason", has_heap, "there is no heap");
}
#else
#define begin_world(size, number) (void)open_world(size, number)
#endif
#else
#ifdef WITH_RESET
#ifdef WITH_MEASURE
#define begin_world(size, number) (PORT.reset(), largest > 0 ? (void)0 : measure(), PORT.reset())
#else
#define begin_world(size, number) PORT.reset()
#endif
#else
#define begin_world(size, number) (void)0
#endif
#endif

// Expects an empty heap to grant its largest block.
static void take_largest(void)
{
#ifdef WITH_LARGEST
    size_t largest = PORT.promises->largest(HEAP_ARENA);
#endif
    void *block = largest == 0 ? NULL : HEAP_ALLOC(largest);
    LAW("capacity", largest == 0 || block != NULL, "NULL for the largest, %zu bytes", largest);
    if (block != NULL) {
        HEAP_FREE(block);
    }
}
#endif

// Frees every block, the highest first, and ends the heap.
static void end_world(void)
{
#ifdef WITH_LOOKS
    look();
#endif
#ifdef WITH_WORLD
    refused_after = 0;
    budget_pages = SIZE_MAX;
#endif
    for (struct slot *last = slots; last != NULL;) {
        last = NULL;
        for (struct slot *s = slots; s <= &slots[top]; s++) {
            last = s->is_live && (last == NULL || s->block > last->block) ? s : last;
        }
        if (last != NULL) {
            expect_size("exact-size", last, HEAP_SIZE(last->block));
            free_block(last);
        }
    }
#ifdef WITH_ENGINE
    LAW("empty", ch_heap_stats(engine).live_blocks == 0, "blocks are live");
    expect_footprint("footprint");
    size_t arena_bytes = ch_heap_stats(engine).arena_bytes;
    if (arena_bytes <= 1024 * MiB) {
        void *largest = HEAP_ALLOC(arena_bytes - arena_bytes / 6 - 20 * PAGE);
        LAW("capacity", largest != NULL, "NULL for the largest block of an empty heap");
        HEAP_FREE(largest);
    }
    ch_heap_minimize(engine);
    LAW("empty", ch_heap_stats(engine).committed_bytes <= fresh_bytes, "pages stay committed");
#ifdef WITH_LOOKS
    look();
#endif
    HEAP_CLOSE();
    ch_heap_destroy(engine);
#endif
#ifdef WITH_PORT
#ifdef WITH_COUNT
    expect_counts("empty");
#endif
#ifdef WITH_WORLD
    expect_footprint("footprint");
#endif
#ifdef WITH_CAPACITY
    take_largest();
#endif
#ifdef WITH_MINIMIZE
    PORT.minimize();
#ifdef WITH_WORLD
    LAW("empty", committed_pages * PAGE <= fresh_bytes, "pages stay committed");
#endif
#endif
#ifdef WITH_LOOKS
    look();
#endif
#ifdef WITH_CLOSE
    PORT.close();
#endif
#endif
    memset(slots, 0, sizeof slots);
}

#ifdef WITH_ENGINE
static void world(size_t arena_bytes, size_t budget)
{
    (void)next_op(0), (void)budget;
    end_world();
#ifdef WITH_WORLD
    budget_pages = budget == 0 ? SIZE_MAX : budget;
#endif
    arena_bytes = arena_bytes < MiB / 4 ? MiB / 4 : arena_bytes;
    begin_world(arena_bytes < MOST_BYTES ? arena_bytes : MOST_BYTES);
}
#else
#ifdef WITH_MEMORY
static void world(size_t size, size_t number)
{
    (void)next_op(0);
    end_world();
    size = size < HEAP_LEAST ? HEAP_LEAST : size;
    begin_world(size < HEAP_MOST ? size : HEAP_MOST, number);
}
#else
#ifdef WITH_PORT
#define world(size, number) (next_op(0), end_world(), begin_world(size, number))
#else
#define world(arena_bytes, budget) (next_op(0), end_world())
#endif
#endif
#endif
