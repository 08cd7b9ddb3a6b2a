// AddressSanitizer's shadow of the arena: what may be touched. Nothing at all in other builds.
//
// Every byte that is not a live block's is poisoned, to the byte. The one exception is the middle
// of a long range that nobody holds, or that a block may grow into: poisoning 2 GiB would write 256
// MiB of shadow, so of a range above 32 KiB only a guard zone at each end is poisoned.
//
//     hidden, short   |################|
//     hidden, long    |####........####|      # poisoned   . not
//
// So a free range is hidden and shown as one: whoever joins two shows both and hides the sum, and
// whoever cuts one shows it and hides the pieces.
#ifndef COMHEAP_ENGINE_SHADOW_H
#define COMHEAP_ENGINE_SHADOW_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define CH_SHADOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CH_SHADOW 1
#endif
#endif

#ifdef CH_SHADOW
void ch_shadow_poison(const void *start, size_t size_bytes);
void ch_shadow_unpoison(const void *start, size_t size_bytes);
void ch_shadow_hide(const void *start, size_t size_bytes);
void ch_shadow_show(const void *start, size_t size_bytes);
#else
static inline void ch_shadow_poison(const void *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
}
static inline void ch_shadow_unpoison(const void *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
}
static inline void ch_shadow_hide(const void *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
}
static inline void ch_shadow_show(const void *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
}
#endif

#endif
