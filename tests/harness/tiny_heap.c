// A tiny heap, and the port that makes it a subject: blocks behind one another, first fit. BUG is
// 0, or the number of a planted bug; port-as-c names them. FORM chooses the memory of the heap.

#include <heapfuzz/port.h>

#include <stdlib.h>
#include <string.h>

#define RANGE 0
#define PAGES 1 // It takes pages, and
#define OWN 2   // it has memory of its own.
#ifndef FORM
#define FORM RANGE
#endif
#ifndef STAYS // Blocks stay in place.
#define STAYS 0
#endif

#define LIMIT 40000U
#define UNIT 16U

struct block {
    size_t size, room, is_live;
    size_t check; // The complement of the size.
};

static struct block *first, *hint; // The search begins at the hint.
static unsigned char *end;
static size_t live_blocks, live_bytes;
static const char *raised;

static struct block *next_of(struct block *block)
{
    return (struct block *)(void *)((unsigned char *)(block + 1) + block->room);
}

static bool is_end(const struct block *block)
{
    return (const unsigned char *)block >= end;
}

static void resize(struct block *block, size_t size)
{
    live_bytes += size - block->size;
    block->size = size;
    block->check = ~size;
}

static bool begin(void *range, size_t range_bytes)
{
    if (range_bytes < 1024) {
        return false;
    }
    first = range;
    *first = (struct block){0, (range_bytes - sizeof *first) / UNIT * UNIT, 0, SIZE_MAX};
    end = (unsigned char *)next_of(first);
    if (BUG != 21 || hint == NULL) {
        hint = first;
    }
    live_blocks = live_bytes = 0;
    raised = NULL;
    return true;
}

static void cut(struct block *block, size_t need)
{
    if (block->room >= need + 2 * sizeof *block) {
        size_t rest = block->room - need - sizeof *block;
        block->room = need;
        *next_of(block) = (struct block){0, rest, 0, SIZE_MAX};
    }
}

static void *take(struct block *block, size_t size)
{
    block->size = 0;
    block->is_live = BUG != 5 || size != 200;
    live_blocks++;
    resize(block, size);
    if (BUG == 20 && is_end(next_of(block))) {
        *(volatile unsigned char *)end = 1;
    }
    return block + 1;
}

static void *find(struct block *from, size_t need, size_t size)
{
    for (struct block *at = from; !is_end(at); at = next_of(at)) {
        while (BUG != 16 && !at->is_live && !is_end(next_of(at)) && !next_of(at)->is_live) {
            at->room += sizeof *at + next_of(at)->room;
        }
        if (!at->is_live && at->room >= need) {
            cut(at, need);
            return take(at, size);
        }
    }
    return NULL;
}

static void *allocate(size_t size)
{
    static unsigned char spare[64 + sizeof(struct block)] __attribute__((aligned(16)));
    if (size >= 30000 && size <= 31000) {
        abort(); // The port avoids these.
    }
    if ((size > LIMIT && BUG != 1) || (size == 0 && BUG != 9)) {
        return NULL;
    }
    if (BUG == 3 && live_blocks == 5 && size <= 64) {
        struct block *other = (struct block *)(void *)spare;
        *other = (struct block){0, 64, 0, SIZE_MAX};
        return take(other, size);
    }
    size_t unit = BUG == 2 ? 8 : UNIT;
    return find(hint, (size + unit - 1) / unit * unit, size);
}

static void release(void *pointer)
{
    struct block *block = (struct block *)pointer - 1;
    if (BUG == 12 && !is_end(next_of(block)) && next_of(block)->is_live) {
        *(unsigned char *)(next_of(block) + 1) ^= 1;
    }
    if (BUG == 19 && block->size > 3000) {
        raised = "a large block is freed";
    }
    if (BUG != 15 || block->size < 5000) {
        live_blocks--;
    }
    resize(block, 0);
    block->is_live = 0;
}

static void *reallocate(void *pointer, size_t size)
{
    struct block *block = (struct block *)pointer - 1;
    size_t old = block->size;
    if (size == 0 && BUG != 10) {
        release(pointer);
        return NULL;
    }
    if (size > LIMIT) {
        return NULL;
    }
    if (size <= block->room) {
        if (BUG == 14) {
            live_bytes -= size - block->size;
        }
        if (BUG != 4) {
            resize(block, size);
        }
        block->check -= BUG == 18;
        return pointer;
    }
    void *moved = STAYS && BUG != 7 ? NULL : allocate(size);
    if (moved == NULL) {
        block->size += BUG == 8;
        return NULL;
    }
    memcpy(moved, pointer, old - (BUG == 6));
    release(pointer);
    return moved;
}

static size_t size_of(void *pointer)
{
    return pointer == NULL ? 7 - (BUG == 11) : ((struct block *)pointer - 1)->size;
}

static int owns(const void *address)
{
    for (struct block *at = first; !is_end(at); at = next_of(at)) {
        if (address == at + 1) {
            return at->is_live || BUG == 13;
        }
    }
    return address == NULL ? -1 : 0;
}

static void count(struct heapfuzz_counts *counts)
{
    counts->live_blocks = live_blocks;
    counts->live_bytes = live_bytes;
}

static const char *check(const void **where)
{
    for (struct block *at = first; !is_end(at); at = next_of(at)) {
        if (at->check != ~at->size) {
            *where = at;
            return "a size has its complement";
        }
    }
    return NULL;
}

static const char *fault(const void **where)
{
    const char *now = raised;
    *where = first;
    raised = NULL;
    return now;
}

#if FORM == RANGE
static bool open(void *range, size_t range_bytes)
{
    static size_t opened;
    bool moves = BUG == 17 && ++opened % 2 == 1;
    return begin((unsigned char *)range + (moves ? UNIT : 0), range_bytes - (moves ? UNIT : 0));
}
#elif FORM == PAGES
static const struct heapfuzz_pages *pages;
static size_t arena, committed;

static bool open_pages(const struct heapfuzz_pages *from, size_t arena_bytes)
{
    pages = from;
    arena = arena_bytes;
    committed = 16 * pages->os_page_bytes(pages->context);
    void *start = pages->reserve(pages->context, arena);
    if (start == NULL || !pages->commit(pages->context, start, committed)) {
        return false;
    }
    if (BUG == 22 && !pages->commit(pages->context, start, committed / 16)) {
        return false;
    }
    return begin(start, committed);
}

static void give_back(void)
{
    pages->decommit(pages->context, first, committed);
    pages->release(pages->context, first, arena);
}
#else
static void reset(void)
{
    static unsigned char memory[65536] __attribute__((aligned(16)));
    (void)begin(memory, sizeof memory);
}
#endif

const struct heapfuzz_port heapfuzz_port = {
    .sentence = "a tiny heap",
    .policies =
        {
            .alignment_bytes = UNIT,
            .limit_bytes = LIMIT,
            .zero = HEAPFUZZ_ZERO_IS_NULL,
            .reallocate_to_zero = HEAPFUZZ_TO_ZERO_FREES,
            .size = HEAPFUZZ_SIZE_IS_EXACT,
            .free_takes_null = HEAPFUZZ_NO,
            .reallocate_takes_null = HEAPFUZZ_NO,
            .size_takes_null = HEAPFUZZ_YES,
            .null_size_bytes = 7,
            .stays_in_place = STAYS ? HEAPFUZZ_YES : HEAPFUZZ_NO,
            .capacity_returns = HEAPFUZZ_YES,
            .addresses_repeat = FORM == OWN ? HEAPFUZZ_NO : HEAPFUZZ_YES,
            .range_alignment_bytes = UNIT,
            .avoid_from_bytes = 30000,
            .avoid_to_bytes = 31000,
        },
#if FORM == RANGE
    .open = open,
#elif FORM == PAGES
    .open_pages = open_pages,
    .close = give_back,
#else
    .reset = reset,
#endif
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .size = size_of,
    .owns = owns,
    .count = count,
    .check = check,
    .fault = fault,
};
