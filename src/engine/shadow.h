// AddressSanitizer's shadow of the arena: which bytes a caller may touch. It does nothing in other
// builds.
//
// Every byte outside a live block is poisoned, to the byte, with one exception. That is the middle
// of a long range that is free, or that a block may grow into. Poisoning 2 GiB would write 256 MiB
// of shadow. So of a range above 32 KiB only a guard zone at each end is poisoned.
//
//     hidden, short   |################|
//     hidden, long    |####........####|      # poisoned   . not
//
// So a free range is hidden and shown as one. To join two ranges, show both and hide the sum. To
// cut a range, show it and hide the pieces.
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
