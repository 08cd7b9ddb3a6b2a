// The shadow of the arena, in builds with AddressSanitizer; empty in others. shadow.h draws it.
// This file does not know what a page holds.

#include "engine/shadow.h"

#ifdef CH_SHADOW

#include <sanitizer/asan_interface.h>

#define EDGE_BYTES ((size_t)8 * 1024)
#define GRAIN_BYTES ((size_t)8) // One byte of shadow describes so many.

// Returns the bytes from the end of a range to the end of its grain.
static size_t to_grain(const void *start, size_t size_bytes)
{
    return -((uintptr_t)start + size_bytes) % GRAIN_BYTES;
}

// Bytes up to the end of a grain follow a block, and are poisoned too. So the end is rounded up.
// AddressSanitizer ends the process where a range inside one grain changes meanwhile, as when two
// threads end and resize one block.
void ch_shadow_poison(const void *start, size_t size_bytes)
{
    __asan_poison_memory_region(start, size_bytes + to_grain(start, size_bytes));
}

void ch_shadow_unpoison(const void *start, size_t size_bytes)
{
    size_t rest_bytes = size_bytes < GRAIN_BYTES ? to_grain(start, size_bytes) : 0;
    __asan_unpoison_memory_region(start, size_bytes + rest_bytes);
    if (rest_bytes > 0) {
        __asan_poison_memory_region((const char *)start + size_bytes, rest_bytes);
    }
}

static size_t bytes_of(const struct ch_heap *heap, uint32_t pages)
{
    return (size_t)pages << heap->page_log2;
}

static void hide_whole(struct ch_heap *heap, uint32_t page, uint32_t end)
{
    for (uint32_t to; (page = ch_bits_next(heap->hidden, false, page, end)) < end; page = to) {
        to = ch_bits_next(heap->hidden, true, page, end);
        ch_shadow_poison(ch_page_start(heap, page), bytes_of(heap, to - page));
        ch_bits_fill(heap->hidden, true, page, to);
    }
}

void ch_shadow_hide(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    uint32_t edge = (uint32_t)((EDGE_BYTES + heap->page_bytes - 1) >> heap->page_log2);
    if (bytes_of(heap, pages) <= CH_SPAN_BYTES || pages <= 2 * edge) {
        hide_whole(heap, page, page + pages);
    } else {
        hide_whole(heap, page, page + edge);
        hide_whole(heap, page + pages - edge, page + pages);
    }
}

void ch_shadow_show(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    uint32_t end = page + pages;
    for (uint32_t to; (page = ch_bits_next(heap->hidden, true, page, end)) < end; page = to) {
        to = ch_bits_next(heap->hidden, false, page, end);
        ch_shadow_unpoison(ch_page_start(heap, page), bytes_of(heap, to - page));
        ch_bits_fill(heap->hidden, false, page, to);
    }
}

void ch_shadow_open_span(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    hide_whole(heap, page, page + pages);
    ch_bits_fill(heap->hidden, false, page, page + pages);
}

void ch_shadow_close(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    ch_bits_fill(heap->hidden, true, page, page + pages);
}

#endif
