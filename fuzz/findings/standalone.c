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

#ifdef WITH_OTHER
#ifndef HEAP_HEADER
#error "HEAP_HEADER has to name a header with the HEAP_ macros of the subject's own allocator"
#endif
#endif

#ifdef WITH_MALLOC
#ifdef HEAP_HEADER // Your own allocator: -DHEAP_HEADER='"my_heap.h"' defines these macros.
#undef HEAP_LIMIT
#include HEAP_HEADER
#else
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

#ifdef WITH_COMHEAP
#define HEAP_OWNS(address) IMalloc_DidAlloc(task(), address)
#else
#define HEAP_OWNS(address) ((address) == NULL ? -1 : ch_heap_owns(engine, address))
#endif

#define SLOTS 65536U
#define LAW(law, holds, ...)                                                                       \
    ((holds) ? (void)0                                                                             \
             : (fprintf(stderr, "law %s broken at op %u: ", law, op),                              \
                fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1)))

static struct slot {
    unsigned char *block;   // Live, or the last one that was.
    size_t size, last_size; // The last one, or of a live block the largest.
    uint64_t fill, step;    // Its first word, and the increment of each next one.
    bool is_live;
} slots[SLOTS];
static unsigned op, top; // The op's number, and the highest slot so far.

#define PAGE ((size_t)4096)

#define GRANULE (2 * sizeof(void *))

#define MiB ((size_t)1 << 20)

#define BIG(size) (size_t)(SIZE_MAX > UINT32_MAX ? UINT64_C(size) : UINT32_MAX)

#define SIZE(slot) ((int64_t)slots[slot].size)

// Returns a sum as a size, at least 0 and at most SIZE_MAX.
static size_t fit(int64_t size)
{
    return size < 0 ? 0 : (uint64_t)size < SIZE_MAX ? (size_t)size : SIZE_MAX;
}

// A program's repeats make so many calls and ask for so many bytes. The rest is left out.
static bool may_repeat(size_t size)
{
    static size_t calls, bytes;
    calls++;
    bytes += size < MiB / 8 ? size : MiB / 8;
    return calls <= 4096 && bytes <= 64 * MiB;
}

// Makes the call behind it for a slot, and for `times` slots more. All of them are one op.
#define repeat(times, first, size)                                                                 \
    op++;                                                                                          \
    for (unsigned i = (first), k = 0; k == 0 || (k <= (times) && may_repeat(size) && op-- > 0);    \
         k++, i = (i + 1) % SLOTS)

// Only AddressSanitizer knows poisoned bytes. Without it these laws hold.
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define is_hidden(byte) (__asan_address_is_poisoned(byte) != 0)
#define is_open(block, size) (__asan_region_is_poisoned(block, size) == NULL)
#else
#define is_hidden(byte) ((void)(byte), true)
#define is_open(block, size) ((void)(block), (void)(size), true)
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

// Of a large block both ends are written and read, and a little between them.
static size_t next_byte(size_t at, size_t size)
{
    size_t middle = size / 16 * 8;
    at++;
    return size <= 3 * PAGE ? at : at == PAGE ? middle : at == middle + 64 ? size - PAGE : at;
}

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
}

// Writes bytes that no other block has.
static void fill_block(struct slot *s)
{
    static uint64_t fills;
    write_block(s, ++fills * 0xd6e8feb86659fd93U, 0x9e3779b97f4a7c15U);
}

static void expect_size(const char *law, const struct slot *s, size_t size)
{
    LAW(law, HEAP_SIZE_IS_EXACT ? size == s->size : size >= s->size,
        "GetSize(b%d) is %zu, expected %zu", (int)(s - slots), size, s->size);
}

// A block of 0 bytes counts as one: its address is its own.
static void expect_apart(const char *law, const struct slot *s)
{
    uintptr_t begin = (uintptr_t)s->block;
    for (struct slot *other = slots; other <= &slots[top]; other++) {
        uintptr_t at = (uintptr_t)other->block;
        LAW(law,
            !other->is_live || other == s || begin >= at + other->size + (other->size == 0) ||
                at >= begin + s->size + (s->size == 0),
            "b%d of %zu bytes overlaps b%d", (int)(s - slots), s->size, (int)(other - slots));
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
    size_t rest = (0 - s->size) % GRANULE;
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
    bool is_asked = s->size > 0 && s->last_size <= 512 * GRANULE && !is_block_at((uintptr_t)block);
    LAW(law, !is_asked || (is_hidden(block) && is_hidden(block + s->size - 1)),
        "a freed block of %zu bytes can be touched", s->size);
}

static void expect_owned(const char *law, uintptr_t address)
{
    int answer = HEAP_OWNS((void *)address);
    int expected = address == 0 ? -1 : is_block_at(address);
    LAW(law, answer == expected, "DidAlloc is %d, expected %d", answer, expected);
}

static void expect_invariants(const char *law)
{
    struct ch_broken broken = ch_heap_check(engine);
    LAW(law, broken.invariant == CH_INVARIANTS, "it does not hold that %s",
        ch_invariant_sentence(broken.invariant));
}

static bool must_grant; // The next call has no reason to be refused.

#ifdef WITH_WORLD
// The world: pages that can be refused, and are garbage when they come and after they have gone.
static size_t arena_size, committed_pages, refused_after, budget_pages = SIZE_MAX;
static unsigned char *arena;

static bool is_committed[1 << 22];

UNCHECKED static void make_garbage(void *start, size_t size)
{
    for (size_t at = 0; at < size; at = next_byte(at, size)) {
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
    arena = arena == NULL ? ch_pages_os.reserve(context, MOST_BYTES) : arena;
    arena_size = size;
    return arena;
}

static bool commit(void *context, void *start, size_t size)
{
    bool is_refused = refused_after == 1 || committed_pages + size / PAGE > budget_pages;
    refused_after -= refused_after > 0;
    must_grant = must_grant && !is_refused;
    if (is_refused || !ch_pages_os.commit(context, start, size)) {
        return false;
    }
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
}
#endif

static void expect_counts(const char *law)
{
    struct ch_stats stats = ch_heap_stats(engine);
    size_t blocks = 0;
    size_t bytes = 0;
    for (struct slot *s = slots; s <= &slots[top]; s++) {
        blocks += s->is_live;
        bytes += s->size;
    }
    LAW(law, stats.live_blocks == blocks && stats.live_bytes == bytes,
        "%zu blocks of %zu bytes are counted, %zu of %zu are live", stats.live_blocks,
        stats.live_bytes, blocks, bytes);
#ifdef WITH_WORLD
    LAW("counts", stats.committed_bytes == committed_pages * PAGE,
        "%zu bytes are counted as committed, expected %zu", stats.committed_bytes,
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

static unsigned turn;

#define TURN (&slots[turn % (top + 1)])

static unsigned looks;

// Looks at blocks in turn, and at the heap as a whole.
static void look(void)
{
    for (unsigned end = turn + (top < 64 ? top + 1 : 64); turn != end; turn++) {
        if (TURN->is_live) {
            expect_size("exact-size", TURN, HEAP_SIZE(TURN->block));
            expect_bytes("bytes", TURN->block, TURN, TURN->size);
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
    look();
    op++;
    top = i > top ? i : top;
    return &slots[i];
}

static void end_block(struct slot *s)
{
    s->is_live = false;
    expect_owned("member", (uintptr_t)s->block);
    expect_hidden("freed", s);
    s->last_size = s->size;
    s->size = 0;
}

static void free_block(struct slot *s)
{
    void *block = s->is_live ? s->block : NULL;
    expect_bytes("bytes", s->block, s, s->size);
    HEAP_FREE(block);
    if (s->is_live) {
        end_block(s);
    }
}

// Checks and records a granted block.
static void grant(struct slot *s, unsigned char *block, size_t size)
{
    const struct slot was = *s;
    (void)was;
    LAW("limit", size <= BY_FACE(HEAP_LIMIT, SIZE_MAX, SIZE_MAX), "%zu bytes are granted", size);
    LAW("aligned", (uintptr_t)block % GRANULE == 0, "a block is at %p", (void *)block);
    LAW("in-place", !s->is_live || block == s->block, "a block has moved");
    s->block = block;
    s->size = size;
#ifdef WITH_GLOBAL
    s->size = size == 0 ? 1 : size;
#endif
    s->last_size = s->is_live && s->last_size > s->size ? s->last_size : s->size;
    s->is_live = true;
    expect_apart("disjoint", s);
    expect_size("exact-size", s, HEAP_SIZE(block));
    expect_past_end("past-end", s);
    expect_bytes("prefix", block, &was, size);
#ifdef WITH_BYTES
    fill_block(s);
#endif
    if (was.is_live && block != was.block) {
        expect_owned("member", (uintptr_t)was.block);
        expect_hidden("freed", &was);
    }
}

static void take_answer(struct slot *s, void *block, size_t size)
{
#ifdef WITH_ENGINE
    note_answer("same", block == NULL ? 0 : (uintptr_t)block - (uintptr_t)engine);
#else
    note_answer("same", block != NULL);
#endif
    if (s->is_live && size == 0) {
        LAW("zero", block == NULL, "Reallocate to 0 is not NULL");
        end_block(s);
    } else if (block != NULL) {
        grant(s, block, size);
    } else if (s->is_live) {
        expect_size("refused", s, HEAP_SIZE(s->block));
        expect_bytes("refused", s->block, s, s->size);
#ifdef WITH_ENGINE
        expect_counts("refused");
#endif
    }
    LAW("reason", !must_grant || block != NULL, "NULL for %zu bytes", size);
}

static void allocate(unsigned i, size_t size)
{
    struct slot *s = next_op(i);
    if (s->is_live) {
        free_block(s);
    }
    take_answer(s, HEAP_ALLOC(size), size);
}

static void reallocate(unsigned i, size_t size)
{
    struct slot *s = next_op(i);
    void *old = s->is_live ? s->block : NULL;
    expect_bytes("bytes", s->block, s, s->size);
    take_answer(s, HEAP_REALLOC(old, size), size);
}

#define free_(i) free_block(next_op(i))

static void size_(unsigned i)
{
    struct slot *s = next_op(i);
    void *block = s->is_live ? s->block : NULL;
    size_t size = BY_FACE(HEAP_SIZE(block), HEAP_SIZE(block), IMalloc_GetSize(ALLOCATOR, block));
    if (s->is_live) {
        expect_size("exact-size", s, size);
    } else {
        LAW("null-size", size == BY_FACE(HEAP_NULL_SIZE, HEAP_NULL_SIZE, SIZE_MAX),
            "GetSize(NULL) is %zu", size);
    }
    note_answer("same", size);
}

#define check(i) (void)next_op(i)

#define write_(i) fill_block(next_op(i))

#define pattern(i, number) write_block(next_op(i), number, 0)

#define owns(i, more) expect_owned("member", (uintptr_t)next_op(i)->block + (more))

#define owns_address(address) (next_op(0), expect_owned("member", address))

static size_t most_committed = SIZE_MAX; // After the next call.

static void expect_footprint(const char *law)
{
    size_t committed = ch_heap_stats(engine).committed_bytes;
    LAW(law, committed <= most_committed, "%zu bytes are committed, %zu may be", committed,
        most_committed);
}

static void minimize(void)
{
    (void)next_op(0);
    ch_heap_minimize(engine);
    expect_footprint("footprint");
}

#define lane(number) (next_op(0), (void)ch_thread_cache_select((number) % 4))

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

// Frees every block, the highest first, and ends the heap.
static void end_world(void)
{
    look();
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
    look();
    HEAP_CLOSE();
    ch_heap_destroy(engine);
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
#define world(arena_bytes, budget) (next_op(0), end_world())
#endif
