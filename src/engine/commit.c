// The account of committed memory: one bit for each OS page of the arena, tables included.
//
//     committed pages   |######## used ########|--- idle ---|
//                       live page runs, tables   free page runs
//
// A decommitted page costs a call into the kernel, and a page fault when it is used again. A kept
// page costs memory that no block uses. A heap that is filled and emptied in turn needs its idle
// pages soon; one that has shrunk does not. The heap has no clock: the pages that come free measure
// time. A period lasts until they are some times as many as a heap may keep for good. At its end go
// the idle pages that the heap did not need in all that time, and at any time those above the most.
//
// Fresh memory may hold anything. So a table is zeroed when it is committed. This file does not
// know what a page holds, nor which idle pages should go first.

#include "engine/commit.h"

// Bound the idle pages: those kept for good, and the most. A part of the used pages is added.
#define KEPT_BYTES ((size_t)8 * 1024 * 1024)
#define MOST_BYTES ((size_t)32 * 1024 * 1024)
#define USED_PART 4U

// A period lasts until so many times the pages kept for good have come free.
#define PERIOD_PARTS 4U

static size_t idle_pages(const struct ch_heap *heap)
{
    return heap->committed_pages - heap->used_pages;
}

// A range of OS pages, by their numbers in the arena.
struct range {
    uint32_t begin, end;
};

static unsigned char *start_of(const struct ch_heap *heap, uint32_t number)
{
    return (unsigned char *)(uintptr_t)heap + ((size_t)number << heap->page_log2);
}

// Return the OS pages that a range touches, and those that lie in it as a whole.
static struct range touched(const struct ch_heap *heap, const void *start, size_t size_bytes)
{
    size_t offset = (uintptr_t)start - (uintptr_t)heap;
    return (struct range){
        (uint32_t)(offset >> heap->page_log2),
        (uint32_t)((offset + size_bytes + heap->page_bytes - 1) >> heap->page_log2)};
}

static struct range inside(const struct ch_heap *heap, const void *start, size_t size_bytes)
{
    size_t offset = (uintptr_t)start - (uintptr_t)heap;
    return (struct range){(uint32_t)((offset + heap->page_bytes - 1) >> heap->page_log2),
                          (uint32_t)((offset + size_bytes) >> heap->page_log2)};
}

static struct range of_pages(const struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    uint32_t begin = (uint32_t)(((uintptr_t)heap->pages - (uintptr_t)heap) >> heap->page_log2);
    return (struct range){begin + page, begin + page + pages};
}

static uint32_t next_uncommitted(const struct ch_heap *heap, struct range in)
{
    return ch_bits_next(heap->committed, false, in.begin, in.end);
}

// Most of a large arena has never been committed, so it is searched by groups. A group whose bit is
// set may have a committed page; the search clears the bit of one that has none.
static uint32_t next_committed(struct ch_heap *heap, struct range in)
{
    uint32_t groups = in.end / CH_COMMIT_GROUP + 1;
    for (uint32_t from = in.begin; from < in.end;) {
        uint32_t group = ch_bits_next(heap->committed_groups, true, from / CH_COMMIT_GROUP, groups);
        if (group == groups) {
            break;
        }
        uint32_t begin = group * CH_COMMIT_GROUP;
        uint32_t end = in.end - begin > CH_COMMIT_GROUP ? begin + CH_COMMIT_GROUP : in.end;
        uint32_t found = ch_bits_next(heap->committed, true, from > begin ? from : begin, end);
        if (found < end) {
            return found;
        }
        if (from <= begin && end - begin == CH_COMMIT_GROUP) {
            ch_bits_clear(heap->committed_groups, group);
        }
        from = end;
    }
    return in.end;
}

// Commits the first uncommitted OS pages of a range. Returns them; an empty range iff the world
// refuses, or there are none.
static struct range commit_first(struct ch_heap *heap, struct range in)
{
    struct range fresh = {.begin = next_uncommitted(heap, in)};
    fresh.end = next_committed(heap, (struct range){fresh.begin, in.end});
    size_t size_bytes = (size_t)(fresh.end - fresh.begin) << heap->page_log2;
    if (size_bytes > 0 &&
        !heap->config.pages->commit(heap->config.world, start_of(heap, fresh.begin), size_bytes)) {
        heap->was_refused = true;
        fresh.end = fresh.begin;
    }
    ch_commit_mark(heap, fresh.begin, fresh.end);
    heap->committed_pages += fresh.end - fresh.begin;
    return fresh;
}

// Decommits up to `most` committed pages of a range. Returns how many.
static size_t decommit(struct ch_heap *heap, struct range rest, size_t most)
{
    size_t count = 0;
    while (count < most && (rest.begin = next_committed(heap, rest)) < rest.end) {
        struct range gone = rest;
        if (gone.end - gone.begin > most - count) {
            gone.end = gone.begin + (uint32_t)(most - count);
        }
        gone.end = next_uncommitted(heap, gone);
        uint32_t pages = gone.end - gone.begin;
        heap->config.pages->decommit(heap->config.world, start_of(heap, gone.begin),
                                     (size_t)pages << heap->page_log2);
        ch_bits_fill(heap->committed, false, gone.begin, gone.end);
        heap->committed_pages -= pages;
        count += pages;
        rest.begin = gone.end;
    }
    return count;
}

void ch_commit_mark(struct ch_heap *heap, uint32_t begin, uint32_t end)
{
    CH_ASSERT(begin <= end);
    ch_bits_fill(heap->committed, true, begin, end);
    if (begin < end) {
        ch_bits_fill(heap->committed_groups, true, begin / CH_COMMIT_GROUP,
                     (end - 1) / CH_COMMIT_GROUP + 1);
    }
}

// Another thread may look up a stray pointer, and read a tag here without the lock. So the writes
// are atomic.
static void write_zeros(unsigned char *start, size_t size_bytes)
{
    atomic_size_t *words = (atomic_size_t *)(void *)start;
    for (size_t i = 0; i < size_bytes / sizeof words[0]; i++) {
        atomic_store_explicit(&words[i], 0, memory_order_relaxed);
    }
}

bool ch_commit_cover_late(struct ch_heap *heap, const void *start, size_t size_bytes)
{
    CH_ASSERT((uintptr_t)start + size_bytes <= (uintptr_t)heap->pages);
    struct range rest = touched(heap, start, size_bytes);
    while (next_uncommitted(heap, rest) < rest.end) {
        struct range fresh = commit_first(heap, rest);
        if (fresh.begin == fresh.end) {
            return false;
        }
        heap->used_pages += fresh.end - fresh.begin;
        if (!heap->config.pages->commits_zeros) {
            write_zeros(start_of(heap, fresh.begin), (size_t)(fresh.end - fresh.begin)
                                                         << heap->page_log2);
        }
        rest.begin = fresh.end;
    }
    return true;
}

void ch_commit_uncover(struct ch_heap *heap, const void *start, size_t size_bytes)
{
    CH_ASSERT((uintptr_t)start + size_bytes <= (uintptr_t)heap->pages);
    heap->used_pages -= decommit(heap, inside(heap, start, size_bytes), SIZE_MAX);
}

// Commits the uncommitted pages of a range. Narrows the dirty range to the pages that were
// committed before, and those between them: they may hold anything.
static bool commit_rest(struct ch_heap *heap, struct range all)
{
    struct range dirty = {all.begin, all.begin};
    for (struct range rest = all; rest.begin < all.end;) {
        struct range fresh = commit_first(heap, rest);
        if (fresh.begin == fresh.end && fresh.begin < all.end) {
            return false;
        }
        if (fresh.begin > rest.begin) {
            dirty.begin = dirty.begin == dirty.end ? rest.begin : dirty.begin;
            dirty.end = fresh.begin;
        }
        rest.begin = fresh.end;
    }
    heap->dirty_page += dirty.begin - all.begin;
    heap->dirty_end -= all.end - dirty.end;
    return true;
}

bool ch_commit_use(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    CH_ASSERT(pages > 0 && pages <= heap->page_count - page);
    struct range all = of_pages(heap, page, pages);
    heap->dirty_page = page;
    heap->dirty_end = page + pages;
    if (next_uncommitted(heap, all) < all.end && !commit_rest(heap, all)) {
        return false;
    }
    heap->used_pages += pages;
    if (heap->least_idle_pages > idle_pages(heap)) {
        heap->least_idle_pages = idle_pages(heap);
    }
    return true;
}

void ch_commit_unuse(struct ch_heap *heap, uint32_t pages)
{
    CH_ASSERT(pages <= heap->used_pages);
    heap->used_pages -= pages;
    heap->freed_pages += pages;
}

size_t ch_commit_drop(struct ch_heap *heap, uint32_t page, uint32_t pages, size_t most)
{
    bool has_idle = heap->committed_pages > heap->used_pages;
    return has_idle ? most - decommit(heap, of_pages(heap, page, pages), most) : most;
}

// Returns a bound of the idle pages.
static size_t bound(const struct ch_heap *heap, size_t size_bytes)
{
    return heap->used_pages / USED_PART + (size_bytes >> heap->page_log2);
}

bool ch_commit_keeps_enough(const struct ch_heap *heap)
{
    return idle_pages(heap) > bound(heap, KEPT_BYTES);
}

size_t ch_commit_excess_pages(struct ch_heap *heap)
{
    size_t kept = bound(heap, KEPT_BYTES);
    size_t most = bound(heap, MOST_BYTES);
    size_t idle = idle_pages(heap);
    if (idle <= most && heap->freed_pages < PERIOD_PARTS * kept) {
        return 0;
    }
    size_t unneeded = heap->least_idle_pages < idle ? heap->least_idle_pages : idle;
    size_t excess = unneeded > kept ? unneeded - kept : 0;
    if (idle - excess > most) {
        excess = idle - (most - most / 4); // So that the next block does not exceed it again.
    }
    heap->freed_pages = 0;
    heap->least_idle_pages = idle - excess;
    return excess;
}

bool ch_commit_is_whole(const struct ch_heap *heap, const void *start, size_t size_bytes)
{
    struct range range = touched(heap, start, size_bytes);
    return size_bytes == 0 || next_uncommitted(heap, range) == range.end;
}
