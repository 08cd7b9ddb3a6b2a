// The memory that a process holds of the machine: threads fill a heap and free everything, and the
// heap is minimized. The process is then within a MiB of its memory when the heap was new, by the
// kernel's own count. Before that, it holds at most the committed bytes.
//
//     resident [MIB_A_THREAD [SEED]]

#include "crew.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define THREADS 6U
#define BLOCKS_MOST 200000U

struct fill {
    struct ch_heap *heap;
    size_t mib;
    uint64_t seed;
    struct crew_meeting meeting;
};

// The blocks of a thread, kept outside of the heap.
struct kept {
    void *blocks[BLOCKS_MOST];
    size_t count;
};

static size_t resident_bytes(void)
{
    // The kernel counts these pages now. Its shorter reports are late by some pages a thread.
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    size_t resident_kib = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "Rss: %zu", &resident_kib);
    }
    CLAIM(resident_kib > 0, "the kernel does not say what the process holds");
    (void)fclose(file);
    return resident_kib * KIB;
}

static void fill_one(struct fill *fill, struct kept *kept, uint64_t *random)
{
    size_t size_bytes = crew_below(random, (size_t)1 << (4 + crew_below(random, 14)));
    unsigned char *block = ch_heap_alloc(fill->heap, size_bytes);
    CLAIM(block != NULL, "%zu bytes were refused", size_bytes);
    memset(block, 1, size_bytes);
    kept->blocks[kept->count++] = block;
}

static void work(unsigned number, void *argument)
{
    struct fill *fill = argument;
    // The C library would keep a part of it for the thread.
    struct kept *kept =
        mmap(NULL, sizeof *kept, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CLAIM(kept != MAP_FAILED, "there is no memory");
    uint64_t random = fill->seed + number;
    size_t enough = ch_heap_stats(fill->heap).live_bytes + fill->mib * MIB * THREADS;
    while (kept->count < BLOCKS_MOST && ch_heap_stats(fill->heap).live_bytes < enough) {
        fill_one(fill, kept, &random);
    }
    crew_meet(&fill->meeting, THREADS); // All blocks are live at once.
    for (size_t i = 0; i < kept->count; i++) {
        ch_heap_free(fill->heap, kept->blocks[i]);
    }
    (void)munmap(kept, sizeof *kept);
}

int main(int argc, char **argv)
{
    static struct fill fill;
    fill.mib = (size_t)crew_operand(argc, argv, 1, 20);
    fill.seed = crew_operand(argc, argv, 2, 1);
    fill.heap = ch_heap_create(&(struct ch_config){.arena_bytes = 1024 * MIB});
    CLAIM(fill.heap != NULL, "there is no heap");
    struct fill first = {.heap = fill.heap, .mib = 0, .seed = fill.seed};
    crew_run(THREADS, work, &first); // From now on the C library has its memory for threads.
    ch_heap_minimize(fill.heap);
    size_t fresh = resident_bytes();
    crew_run(THREADS, work, &fill);
    size_t freed = resident_bytes();
    size_t committed = ch_heap_stats(fill.heap).committed_bytes;
    ch_heap_minimize(fill.heap);
    size_t minimized = resident_bytes();
    printf("resident %zu %" PRIu64 ": %zu KiB when new, %zu KiB when all was freed, of %zu KiB "
           "committed, %zu KiB when minimized\n",
           fill.mib, fill.seed, fresh / KIB, freed / KIB, committed / KIB, minimized / KIB);
    CLAIM(minimized <= fresh + MIB, "%zu bytes more than when it was new", minimized - fresh);
    CLAIM(freed <= fresh + committed, "more than is committed");
    CLAIM(ch_heap_check(fill.heap).invariant == CH_INVARIANTS, "an invariant does not hold");
    ch_heap_destroy(fill.heap);
    return 0;
}
