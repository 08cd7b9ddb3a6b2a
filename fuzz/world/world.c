// The world's range, its account of pages, and its refusals.
//
// Fresh pages hold garbage: in every byte of a small request, at the edges of a large one. Filling
// 2 GiB would cost more memory than the machine has. A byte map holds which pages are committed. A
// log of requests lets the next world begin without clearing the whole map.

#include "world/world.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world/asan.h"
#include "world/os.h"

#define GIB ((uint64_t)1024 * 1024 * 1024)
#define RANGE_BYTES ((size_t)(SIZE_MAX > UINT32_MAX ? 16 * GIB : 0x93000000))
#define RANGE_PAGES (RANGE_BYTES / WORLD_PAGE_BYTES)

// Garbage fills a request up to this size from end to end. In a larger one, it fills the beginnings
// of the first and the last page.
#define FILL_BYTES ((size_t)4 * 1024)
#define EDGE_BYTES ((size_t)128)

// A range up to this size is written from end to end, and of a larger one a half of it at either
// end. A range has guards of this size, with bytes of their own.
#define WRITTEN_BYTES ((size_t)256 * 1024)
#define GUARD_BYTES WORLD_GAP_BYTES

// The range keeps its memory from world to world until the process holds RESIDENT_BYTES: new memory
// costs more time than most programs. The world reads that number whenever TOUCHED_BYTES may have
// been touched. A request counts at most REQUEST_BYTES, because a large block is written only here
// and there.
#define RESIDENT_BYTES ((size_t)320 * 1024 * 1024)
#define TOUCHED_BYTES ((size_t)32 * 1024 * 1024)
#define REQUEST_BYTES ((size_t)128 * 1024)

// Each move leaves the kernel one or two more mappings, and the kernel limits their number. After
// MOVES moves, the next world maps the range anew. After MOVES_MOST, a world copies.
#define MOVES 8192U
#define MOVES_MOST (2 * MOVES)

#define LOG_REQUESTS 4096U

static struct {
    unsigned char *start;
    struct {
        unsigned char *start;
        size_t size_bytes;
    } ranges[WORLD_RANGES]; ///< Of the open world, by address.
    size_t range_count;
    unsigned char *is_committed; ///< A byte a page of the range.
    size_t arena_bytes;          ///< Of the open reservation; 0: none is open.
    size_t budget_pages;         ///< SIZE_MAX: unlimited.
    size_t committed_pages;
    bool will_refuse;
    uint32_t granted_before_refusal;
    uint64_t requests, refusals;
    const char *breach;
    const void *breach_at;
    size_t touched_bytes; ///< At most, since the resident bytes were last read.
    unsigned moves;       ///< Since the range was last mapped.
    uint64_t garbage;     ///< Different at each request.
    size_t log_count;
    struct {
        size_t page, pages;
    } log[LOG_REQUESTS];
} world;

size_t world_most_bytes(void)
{
    return RANGE_BYTES;
}

// Ends the process in the middle of a run, as no call of the subject could.
static _Noreturn void end_process(void)
{
    fflush(NULL);
    _Exit(2);
}

static _Noreturn void no_range(void)
{
    fprintf(stderr, "heapfuzz: can't reserve %zu MiB of addresses for the world\n",
            RANGE_BYTES >> 20);
    end_process();
}

static void forget_commits(void)
{
    if (world.log_count > LOG_REQUESTS) {
        memset(world.is_committed, 0, RANGE_PAGES);
    } else {
        for (size_t i = 0; i < world.log_count; i++) {
            memset(world.is_committed + world.log[i].page, 0, world.log[i].pages);
        }
    }
    world.log_count = 0;
    world.committed_pages = 0;
}

#ifdef HAS_ASAN
// Drops the shadow of the range: a byte for every eight that were ever poisoned. No heap is open,
// so nothing is poisoned, and zeros in the shadow mean the same.
static void forget_shadow(void)
{
    size_t scale;
    size_t offset;
    __asan_get_shadow_mapping(&scale, &offset);
    uintptr_t shadow = ((uintptr_t)world.start >> scale) + offset;
    os_drop((void *)shadow, RANGE_BYTES >> scale);
}

// Unpoisons a range, of which the heap may have poisoned any part. In the middle of a large one it
// drops the shadow.
static void unpoison(unsigned char *start, size_t size_bytes)
{
    const size_t unit_bytes = WORLD_PAGE_BYTES << 3;
    uintptr_t begin = ((uintptr_t)start + unit_bytes - 1) / unit_bytes * unit_bytes;
    uintptr_t end = ((uintptr_t)start + size_bytes) / unit_bytes * unit_bytes;
    if (size_bytes <= WRITTEN_BYTES) {
        ASAN_UNPOISON_MEMORY_REGION(start, size_bytes);
        return;
    }
    size_t scale;
    size_t offset;
    __asan_get_shadow_mapping(&scale, &offset);
    ASAN_UNPOISON_MEMORY_REGION(start, begin - (uintptr_t)start);
    os_drop((void *)((begin >> scale) + offset), (end - begin) >> scale);
    ASAN_UNPOISON_MEMORY_REGION((void *)end, (uintptr_t)start + size_bytes - end);
}

static void poison(unsigned char *start, size_t size_bytes)
{
    ASAN_POISON_MEMORY_REGION(start, size_bytes);
}
#else
static void forget_shadow(void)
{
}

static void unpoison(unsigned char *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
}

static void poison(unsigned char *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
}
#endif

static unsigned char *end_of_range(size_t index)
{
    return world.ranges[index].start + world.ranges[index].size_bytes;
}

// Ends the ranges, so that neither their guards nor the heap's own poison outlive them.
static void close_ranges(void)
{
    if (world.range_count > 0) {
        unsigned char *start = world.ranges[0].start - GUARD_BYTES;
        unsigned char *end = end_of_range(world.range_count - 1) + GUARD_BYTES;
        unpoison(start, (size_t)(end - start));
        world.range_count = 0;
    }
}

void world_open(size_t budget_pages)
{
    if (world.start == NULL) {
        world.start = os_map(RANGE_BYTES);
        world.is_committed = os_map(RANGE_PAGES);
        if (world.start == NULL || world.is_committed == NULL ||
            !os_use(world.is_committed, RANGE_PAGES)) {
            no_range();
        }
    }
    world.budget_pages = budget_pages == 0 ? SIZE_MAX : budget_pages;
    world.will_refuse = false;
    world.refusals = 0;
    world.breach = NULL;
    world.garbage = 0xd7d7d7d7d7d7d7d7U;
    close_ranges(); // Of a heap that could not be opened.
}

void world_close(void)
{
    bool must_go = world.moves > MOVES;
    close_ranges();
    if (world.committed_pages > 0) { // A heap without an end leaves its poison, too.
        unpoison(world.start, world.arena_bytes);
    }
    forget_commits();
    world.arena_bytes = 0;
    if (world.touched_bytes > TOUCHED_BYTES) {
        world.touched_bytes = 0;
        must_go = must_go || os_resident_bytes() > RESIDENT_BYTES;
    }
    if (must_go) {
        if (!os_renew(world.start, RANGE_BYTES)) {
            no_range();
        }
        forget_shadow();
        world.moves = 0;
    }
}

void world_refuse_after(uint32_t granted)
{
    world.will_refuse = true;
    world.granted_before_refusal = granted;
}

void world_lift(void)
{
    world.will_refuse = false;
    world.budget_pages = SIZE_MAX;
}

uint64_t world_requests(void)
{
    return world.requests;
}

uint64_t world_refusals(void)
{
    return world.refusals;
}

size_t world_committed_bytes(void)
{
    return world.committed_pages * WORLD_PAGE_BYTES;
}

bool world_is_committed(const void *address)
{
    size_t offset = (size_t)((const unsigned char *)address - world.start);
    return offset < world.arena_bytes && world.is_committed[offset / WORLD_PAGE_BYTES] != 0;
}

size_t world_committed_between(size_t begin, size_t end)
{
    size_t pages = 0;
    for (size_t page = begin / WORLD_PAGE_BYTES; page < end / WORLD_PAGE_BYTES; page++) {
        pages += world.is_committed[page];
    }
    return pages * WORLD_PAGE_BYTES;
}

const char *world_breach(void)
{
    return world.breach;
}

const void *world_breach_at(void)
{
    return world.breach_at;
}

static void note_breach(const char *breach, const void *at)
{
    world.breach = breach;
    world.breach_at = at;
}

const unsigned char *world_start(void)
{
    return world.range_count > 0 ? world.ranges[0].start : world.start;
}

// Checks a range against the contract and converts it to pages. Returns false iff it breaks the
// contract.
static bool find_pages(const void *start, size_t size_bytes, size_t *page, size_t *pages)
{
    size_t offset = (size_t)((const unsigned char *)start - world.start);
    if (offset >= world.arena_bytes || size_bytes > world.arena_bytes - offset) {
        note_breach("a range outside the reservation", start);
        return false;
    }
    if (offset % WORLD_PAGE_BYTES != 0 || size_bytes % WORLD_PAGE_BYTES != 0 || size_bytes == 0) {
        note_breach("a range that is not whole pages", start);
        return false;
    }
    *page = offset / WORLD_PAGE_BYTES;
    *pages = size_bytes / WORLD_PAGE_BYTES;
    return true;
}

static bool is_refused(size_t pages)
{
    bool is_now = world.will_refuse && world.granted_before_refusal == 0;
    if (world.will_refuse && !is_now) {
        world.granted_before_refusal--;
    }
    if (is_now || pages > world.budget_pages ||
        world.committed_pages > world.budget_pages - pages) {
        world.will_refuse = world.will_refuse && !is_now;
        world.refusals++;
        return true;
    }
    return false;
}

// Writes words that are never 0 and all differ. The system writes to pages that the heap has
// poisoned, so this is not instrumented. A compiler does not turn its loop into memset, which is
// instrumented.
UNINSTRUMENTED static void write_garbage(unsigned char *start, size_t size_bytes)
{
    uint64_t *words = (uint64_t *)(void *)start;
    uint64_t word = world.garbage;
    for (size_t i = 0; i < size_bytes / sizeof *words; i++, word += 0x0101010101010102U) {
        words[i] = word;
    }
}

const unsigned char *world_first(void)
{
    return world.start;
}

static bool holds(const unsigned char *start, size_t most_bytes, const void *block,
                  size_t size_bytes)
{
    size_t offset = (size_t)((uintptr_t)block - (uintptr_t)start);
    return offset <= most_bytes && size_bytes <= most_bytes - offset;
}

bool world_holds(const void *block, size_t size_bytes)
{
    bool is_held =
        world.range_count == 0 && holds(world.start, world.arena_bytes, block, size_bytes);
    for (size_t i = 0; !is_held && i < world.range_count; i++) {
        is_held = holds(world.ranges[i].start, world.ranges[i].size_bytes, block, size_bytes);
    }
    return is_held;
}

static void fill(unsigned char *start, size_t size_bytes)
{
    world.garbage = world.garbage * 0x5851f42d4c957f2dU + 0x14057b7ef767814fU;
    if (size_bytes <= FILL_BYTES) {
        write_garbage(start, size_bytes);
    } else {
        write_garbage(start, EDGE_BYTES);
        write_garbage(start + size_bytes - WORLD_PAGE_BYTES, EDGE_BYTES);
    }
}

static _Noreturn void no_memory(size_t size_bytes)
{
    fprintf(stderr, "heapfuzz: no memory for %zu bytes of the world\n", size_bytes);
    end_process();
}

size_t world_range_most_bytes(size_t alignment_bytes)
{
    return RANGE_BYTES - WORLD_PLACE_BYTES - 2 * GUARD_BYTES - alignment_bytes;
}

// Makes a range zeros: by writing, or by new memory in the middle of a large one.
static void fill_with_zeros(unsigned char *start, size_t size_bytes)
{
    uintptr_t begin =
        ((uintptr_t)start + WORLD_PAGE_BYTES - 1) & ~(uintptr_t)(WORLD_PAGE_BYTES - 1);
    uintptr_t end = ((uintptr_t)start + size_bytes) & ~(uintptr_t)(WORLD_PAGE_BYTES - 1);
    if (size_bytes <= WRITTEN_BYTES || !os_renew((void *)begin, end - begin) ||
        !os_use((void *)begin, end - begin)) {
        memset(start, 0, size_bytes);
        return;
    }
    memset(start, 0, begin - (uintptr_t)start);
    memset((void *)end, 0, (uintptr_t)start + size_bytes - end);
}

// Copies garbage that is made once: a range is filled for every program.
static void fill_with_garbage(unsigned char *start, size_t size_bytes)
{
    static unsigned char *garbage;
    size_t half_bytes = WRITTEN_BYTES / 2;
    if (garbage == NULL) {
        garbage = os_map(WRITTEN_BYTES);
        if (garbage == NULL || !os_use(garbage, WRITTEN_BYTES)) {
            no_memory(WRITTEN_BYTES);
        }
        write_garbage(garbage, WRITTEN_BYTES);
    }
    if (size_bytes <= WRITTEN_BYTES) {
        memcpy(start, garbage, size_bytes);
    } else {
        memcpy(start, garbage, half_bytes);
        memcpy(start + size_bytes - half_bytes, garbage + half_bytes, half_bytes);
    }
}

static unsigned char guard[GUARD_BYTES];

static void fill_guard(unsigned char *start)
{
    bool is_ready = guard[0] != 0;
    for (size_t i = 0; !is_ready && i < GUARD_BYTES; i++) {
        guard[i] = (unsigned char)(1 + i % 251);
    }
    memcpy(start, guard, GUARD_BYTES);
}

// Returns the first byte of a guard, or of its beginning, that has changed; or NULL. Unpoisons it.
static const void *find_changed(unsigned char *start, size_t size_bytes)
{
    unpoison(start, size_bytes);
    size_t at = 0;
    while (at < size_bytes && start[at] == guard[at]) {
        at++;
    }
    return at == size_bytes ? NULL : start + at;
}

const void *world_trespass(void)
{
    if (world.range_count == 0) {
        return NULL;
    }
    const void *changed = find_changed(world.ranges[0].start - GUARD_BYTES, GUARD_BYTES);
    for (size_t i = 0; changed == NULL && i < world.range_count; i++) {
        bool is_last = i + 1 == world.range_count;
        size_t gap_bytes =
            is_last ? GUARD_BYTES : (size_t)(world.ranges[i + 1].start - end_of_range(i));
        changed = find_changed(end_of_range(i), gap_bytes);
    }
    return changed;
}

// Makes memory of the world usable, as a range, with a guard behind it.
static void open_range(unsigned char *start, size_t size_bytes, bool is_zeroed)
{
    if (!os_use(start, size_bytes + GUARD_BYTES)) {
        no_memory(size_bytes);
    }
    world.touched_bytes += size_bytes < WRITTEN_BYTES ? size_bytes : WRITTEN_BYTES;
    if (is_zeroed) {
        fill_with_zeros(start, size_bytes);
    } else {
        fill_with_garbage(start, size_bytes);
    }
    fill_guard(start + size_bytes);
    poison(start + size_bytes, GUARD_BYTES);
}

// Returns an address at a multiple of alignment_bytes that is some steps behind another one, or
// somewhat further. A step is alignment_bytes, and all of them are at most most_bytes.
static unsigned char *place_behind(unsigned char *from, uint32_t steps, size_t alignment_bytes,
                                   size_t most_bytes)
{
    size_t step_bytes = alignment_bytes < GUARD_BYTES ? alignment_bytes : GUARD_BYTES;
    uintptr_t start = (uintptr_t)from + steps * step_bytes % most_bytes;
    return (unsigned char *)((start + alignment_bytes - 1) / alignment_bytes * alignment_bytes);
}

void *world_range(size_t size_bytes, uint32_t place, size_t alignment_bytes, bool is_zeroed)
{
    close_ranges();
    unsigned char *start =
        place_behind(world.start + GUARD_BYTES, place, alignment_bytes, WORLD_PLACE_BYTES);
    if (!os_use(start - GUARD_BYTES, GUARD_BYTES)) {
        no_memory(size_bytes);
    }
    fill_guard(start - GUARD_BYTES);
    poison(start - GUARD_BYTES, GUARD_BYTES);
    open_range(start, size_bytes, is_zeroed);
    world.ranges[0].start = start;
    world.ranges[0].size_bytes = size_bytes;
    world.range_count = 1;
    return start;
}

void *world_add_range(size_t size_bytes, uint32_t steps, size_t alignment_bytes, bool is_zeroed)
{
    unsigned char *end = end_of_range(world.range_count - 1);
    unsigned char *start = place_behind(end, steps, alignment_bytes, GUARD_BYTES);
    size_t taken_bytes = (size_t)(start - world.start) + GUARD_BYTES;
    if (world.range_count == WORLD_RANGES || taken_bytes > RANGE_BYTES ||
        size_bytes > RANGE_BYTES - taken_bytes || (size_t)(start - end) > GUARD_BYTES) {
        return NULL;
    }
    unpoison(start, GUARD_BYTES); // Of the guard behind the last range, the gap stays.
    open_range(start, size_bytes, is_zeroed);
    if (start == end) {
        world.ranges[world.range_count - 1].size_bytes += size_bytes;
    } else {
        world.ranges[world.range_count].start = start;
        world.ranges[world.range_count++].size_bytes = size_bytes;
    }
    return start;
}

void world_drop_range(void *start)
{
    size_t last = world.range_count - 1;
    unsigned char *end = end_of_range(last);
    unpoison(start, (size_t)(end - (unsigned char *)start) + GUARD_BYTES);
    if (world.ranges[last].start == start) {
        world.range_count--;
    } else { // It had become a part of the one in front.
        world.ranges[last].size_bytes = (size_t)((unsigned char *)start - world.ranges[last].start);
    }
    end = end_of_range(world.range_count - 1);
    fill_guard(end);
    poison(end, GUARD_BYTES);
}

static size_t os_page_bytes(void *unused)
{
    (void)unused;
    return WORLD_PAGE_BYTES;
}

static void *reserve(void *unused, size_t size_bytes)
{
    (void)unused;
    if (world.arena_bytes != 0 || size_bytes > RANGE_BYTES) {
        return NULL;
    }
    world.arena_bytes = size_bytes;
    return world.start;
}

static bool commit(void *unused, void *start, size_t size_bytes)
{
    (void)unused;
    size_t page;
    size_t pages;
    world.requests++;
    if (!find_pages(start, size_bytes, &page, &pages) || is_refused(pages)) {
        return false;
    }
    if (!os_use(start, size_bytes)) {
        no_memory(size_bytes);
    }
    if (memchr(world.is_committed + page, 1, pages) != NULL) {
        note_breach("commit of a page that is committed", start);
    }
    memset(world.is_committed + page, 1, pages);
    world.committed_pages += pages;
    if (world.log_count < LOG_REQUESTS) {
        world.log[world.log_count].page = page;
        world.log[world.log_count].pages = pages;
        world.log_count++;
    } else {
        world.log_count = LOG_REQUESTS + 1;
    }
    world.touched_bytes += size_bytes < REQUEST_BYTES ? size_bytes : REQUEST_BYTES;
    fill(start, size_bytes);
    return true;
}

static void decommit(void *unused, void *start, size_t size_bytes)
{
    (void)unused;
    size_t page;
    size_t pages;
    if (!find_pages(start, size_bytes, &page, &pages)) {
        return;
    }
    if (memchr(world.is_committed + page, 0, pages) != NULL) {
        note_breach("decommit of a page that is not committed", start);
        return;
    }
    memset(world.is_committed + page, 0, pages);
    world.committed_pages -= pages;
    fill(start, size_bytes); // Bytes that the heap gives back too early must change.
}

static void release(void *unused, void *start, size_t size_bytes)
{
    (void)unused;
    if (start != world.start || size_bytes != world.arena_bytes) {
        note_breach("release of a range that is not the reservation", start);
    }
    forget_commits();
    world.arena_bytes = 0;
}

static bool move(void *unused, void *from, void *to, size_t size_bytes)
{
    (void)unused;
    return world.moves++ < MOVES_MOST && os_move(from, to, size_bytes);
}

const struct heapfuzz_pages world_pages = {
    .os_page_bytes = os_page_bytes,
    .reserve = reserve,
    .commit = commit,
    .decommit = decommit,
    .release = release,
    .move = move,
};
