// The range is reserved; the excess at its ends stays so, and is never committed.

#include "watch_range.h"

#include <windows.h>

#include "engine/state.h"

unsigned char *watch_range_map(size_t size_bytes, size_t past_bytes)
{
    unsigned char *reserved =
        VirtualAlloc(NULL, size_bytes + CH_SPAN_BYTES, MEM_RESERVE, PAGE_NOACCESS);
    if (reserved == NULL) {
        return NULL;
    }
    return reserved + (past_bytes - (uintptr_t)reserved) % CH_SPAN_BYTES;
}

bool watch_range_open(void *start, size_t size_bytes)
{
    return VirtualAlloc(start, size_bytes, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

void watch_range_shut(void *start, size_t size_bytes)
{
    (void)VirtualFree(start, size_bytes, MEM_DECOMMIT);
}

void watch_range_unmap(void *start, size_t size_bytes)
{
    MEMORY_BASIC_INFORMATION pages;
    (void)size_bytes;
    if (VirtualQuery(start, &pages, sizeof pages) != 0) {
        (void)VirtualFree(pages.AllocationBase, 0, MEM_RELEASE);
    }
}
