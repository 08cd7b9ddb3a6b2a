// Runs under an emulator that passes mremap's flags on, and then takes moved pages for unmapped.
// Large blocks are copied there: the heap touches nothing that the emulator believes to be gone.
// The program is linked with such an mremap in place of the system's.

#define _GNU_SOURCE // For mremap.

#include <comheap/heap.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MIB ((size_t)1024 * 1024)

void *__real_mremap(void *old, size_t old_bytes, size_t new_bytes, int flags, ...);
void *__wrap_mremap(void *old, size_t old_bytes, size_t new_bytes, int flags, ...);

static bool is_emulated;
static unsigned moved;

void *__wrap_mremap(void *old, size_t old_bytes, size_t new_bytes, int flags, ...)
{
    va_list operands;
    va_start(operands, flags);
    void *to = (flags & MREMAP_FIXED) != 0 ? va_arg(operands, void *) : NULL;
    va_end(operands);
    void *at = __real_mremap(old, old_bytes, new_bytes, flags, to);
    if ((flags & MREMAP_DONTUNMAP) != 0 && at != MAP_FAILED) {
        moved += old_bytes >= MIB;
        if (is_emulated) {
            (void)mprotect(old, old_bytes, PROT_NONE);
        }
    }
    return at;
}

// Blocks grow past each other, and each is written to wherever it comes to lie.
static bool keeps_blocks(void)
{
    struct ch_heap *heap = ch_heap_create(NULL);
    unsigned char *blocks[3] = {NULL};
    bool is_kept = heap != NULL;
    for (unsigned i = 0; is_kept && i < 30; i++) {
        unsigned char **block = &blocks[i % 3];
        size_t old_bytes = *block != NULL ? ch_heap_size_bytes(heap, *block) : 0;
        size_t size_bytes = old_bytes > 40 * MIB ? 2 * MIB : old_bytes + 3 * MIB;
        unsigned char *resized = ch_heap_realloc(heap, *block, size_bytes);
        is_kept = resized != NULL && (old_bytes == 0 || resized[2 * MIB - 1] == i % 3);
        if (is_kept) {
            memset(resized, (int)(i % 3), size_bytes);
            *block = resized;
        }
    }
    ch_heap_destroy(heap);
    return is_kept;
}

// Returns whether the kernel moves pages and leaves the range: it does from Linux 5.7 on.
static bool kernel_moves(void)
{
    unsigned char *range =
        mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    bool moves =
        range != MAP_FAILED && __real_mremap(range, MIB, MIB, flags, range + MIB) == range + MIB;
    return moves && munmap(range, 2 * MIB) == 0;
}

// The library finds out once what the system's pages can do, so the emulator must run before it.
int main(int argc, char **argv)
{
    is_emulated = argc == 2 && strcmp(argv[1], "emulated") == 0;
    if (!keeps_blocks()) {
        (void)fprintf(stderr, "emulated: a block lost its bytes\n");
        return 1;
    }
    if ((moved > 0) != (!is_emulated && kernel_moves())) {
        (void)fprintf(stderr, "emulated: %u blocks were moved by their pages\n", moved);
        return 1;
    }
    return 0;
}
