// The shadow of the arena, in builds with AddressSanitizer; empty in others. shadow.h draws it.
// This file does not know what a page holds.

#include "engine/shadow.h"

#ifdef CH_SHADOW

#include <sanitizer/asan_interface.h>

#define EDGE_BYTES ((size_t)8 * 1024)

void ch_shadow_poison(const void *start, size_t size_bytes)
{
    __asan_poison_memory_region(start, size_bytes);
}

void ch_shadow_unpoison(const void *start, size_t size_bytes)
{
    __asan_unpoison_memory_region(start, size_bytes);
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
