// The shadow of the arena, in builds with AddressSanitizer; empty in others. shadow.h draws it.
// This file does not know what a range holds.

#include "engine/shadow.h"

#ifdef CH_SHADOW

#include <sanitizer/asan_interface.h>

#define GUARD_BYTES ((size_t)8 * 1024)
#define WHOLE_BYTES ((size_t)32 * 1024)

void ch_shadow_poison(const void *start, size_t size_bytes)
{
    __asan_poison_memory_region(start, size_bytes);
}

void ch_shadow_unpoison(const void *start, size_t size_bytes)
{
    __asan_unpoison_memory_region(start, size_bytes);
}

void ch_shadow_hide(const void *start, size_t size_bytes)
{
    if (size_bytes <= WHOLE_BYTES) {
        __asan_poison_memory_region(start, size_bytes);
    } else {
        __asan_poison_memory_region(start, GUARD_BYTES);
        __asan_poison_memory_region((const char *)start + size_bytes - GUARD_BYTES, GUARD_BYTES);
    }
}

void ch_shadow_show(const void *start, size_t size_bytes)
{
    if (size_bytes <= WHOLE_BYTES) {
        __asan_unpoison_memory_region(start, size_bytes);
    } else {
        __asan_unpoison_memory_region(start, GUARD_BYTES);
        __asan_unpoison_memory_region((const char *)start + size_bytes - GUARD_BYTES, GUARD_BYTES);
    }
}

#endif
