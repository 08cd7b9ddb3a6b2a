// AddressSanitizer's shadow of the arena: which bytes a caller may touch. It does nothing in other
// builds.
//
// Every byte outside a live block is poisoned, to the byte, with one exception: the middle of a
// long range that is free, or that a block may grow into. Poisoning 2 GiB would write 256 MiB of
// shadow. So a free range above CH_SPAN_BYTES is poisoned only at its ends, and where shorter ones
// were before it was joined from them. A bit a page says that all of the page is poisoned.
//
//     free, short   |################|
//     free, long    |####....####....####|      # poisoned   . not
#ifndef COMHEAP_ENGINE_SHADOW_H
#define COMHEAP_ENGINE_SHADOW_H

#include "engine/state.h"

#if defined(__SANITIZE_ADDRESS__)
#define CH_SHADOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CH_SHADOW 1
#endif
#endif

#ifdef CH_SHADOW
#define CH_SHADOW_PRESENT true
void ch_shadow_poison(const void *start, size_t size_bytes);
void ch_shadow_unpoison(const void *start, size_t size_bytes);

/// Poisons free pages, as a whole or at both ends.
void ch_shadow_hide(struct ch_heap *heap, uint32_t page, uint32_t pages);

/// Unpoisons pages that become a large block.
void ch_shadow_show(struct ch_heap *heap, uint32_t page, uint32_t pages);

/// Poisons pages that become a span. From then on each block has its own poison.
void ch_shadow_open_span(struct ch_heap *heap, uint32_t page, uint32_t pages);

/// Takes back pages that are poisoned as a whole: those of a span without live blocks, or of a kept
/// page run.
void ch_shadow_close(struct ch_heap *heap, uint32_t page, uint32_t pages);
#else
#define CH_SHADOW_PRESENT false
#define ch_shadow_poison(start, size_bytes) ((void)(start), (void)(size_bytes))
#define ch_shadow_unpoison(start, size_bytes) ((void)(start), (void)(size_bytes))
#define ch_shadow_hide(heap, page, pages) ((void)(heap), (void)(page), (void)(pages))
#define ch_shadow_show(heap, page, pages) ((void)(heap), (void)(page), (void)(pages))
#define ch_shadow_open_span(heap, page, pages) ((void)(heap), (void)(page), (void)(pages))
#define ch_shadow_close(heap, page, pages) ((void)(heap), (void)(page), (void)(pages))
#endif

#endif
