// Threads that are the first to use the heap that CLocalHeap and CGlobalHeap share. They get one
// heap, because their blocks are each other's, and no thread makes another one, not even for a
// moment. A process can be the first once, so each attempt runs in a child. The seed decides how
// long one thread waits for the other in each attempt.
//
//     first [TIMES [SEED]]

#include "crew.h"

#include <comheap/atlheaps.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 2U
#define CHILD_SECONDS 10U
#define WAIT_TURNS 300U

struct first {
    struct crew_meeting meeting;
    unsigned turns[THREADS]; ///< Each thread waits this long once they have met.
    void *blocks[THREADS];
};

// Returns the address space of the process, with memory behind it or not, or the most that it has
// had: a child begins with the current amount.
static size_t mapped_bytes(const char *which)
{
    size_t kib = 0;
    char line[256];
    size_t length = strlen(which);
    FILE *file = fopen("/proc/self/status", "r");
    CLAIM(file != NULL, "the kernel does not say what the process has mapped");
    while (kib == 0 && fgets(line, sizeof line, file) != NULL) {
        kib = strncmp(line, which, length) == 0 ? strtoul(line + length, NULL, 10) : 0;
    }
    (void)fclose(file);
    CLAIM(kib != 0, "the kernel does not say %s", which);
    return kib * KIB;
}

#define NOW "VmSize:"
#define AT_MOST "VmPeak:"

static IAtlMemMgr *manager_of(unsigned number)
{
    return number == 0 ? ch_local_heap() : ch_global_heap();
}

static void work(unsigned number, void *argument)
{
    struct first *first = argument;
    crew_stay(number);
    crew_meet(&first->meeting, THREADS);
    for (volatile unsigned turn = 0; turn < first->turns[number]; turn++) {
    }
    first->blocks[number] = IAtlMemMgr_Allocate(manager_of(number), 100 + number);
    CLAIM(first->blocks[number] != NULL, "a block was refused");
}

// A second heap takes as many addresses again. Where there are too few left, it takes a part of
// them that is larger than this.
static _Noreturn void be_first(size_t heap_bytes, uint64_t seed)
{
    (void)alarm(CHILD_SECONDS);
    struct first first = {0};
    first.turns[seed % THREADS] = (unsigned)crew_below(&seed, WAIT_TURNS);
    struct crew_thread *other = crew_start(work, 1, &first);
    size_t before_bytes = mapped_bytes(NOW);
    work(0, &first);
    crew_join(other);
    size_t taken_bytes = mapped_bytes(AT_MOST) - before_bytes;
    CLAIM(taken_bytes < heap_bytes + heap_bytes / 8, "%zu MiB were mapped, of a heap with %zu MiB",
          taken_bytes / MIB, heap_bytes / MIB);
    for (unsigned i = 0; i < THREADS; i++) {
        CLAIM(IAtlMemMgr_GetSize(manager_of(1 - i), first.blocks[i]) == 100 + i,
              "the block of thread %u is not the other's", i);
        IAtlMemMgr_Free(manager_of(1 - i), first.blocks[i]);
    }
    _exit(0);
}

// The address space of a heap like theirs.
static size_t measure_heap(void)
{
    size_t before_bytes = mapped_bytes(NOW);
    struct ch_heap *heap = ch_heap_create(NULL);
    CLAIM(heap != NULL, "there is no heap");
    size_t heap_bytes = mapped_bytes(NOW) - before_bytes;
    ch_heap_destroy(heap);
    return heap_bytes;
}

int main(int argc, char **argv)
{
    unsigned times = (unsigned)crew_operand(argc, argv, 1, 100);
    uint64_t seed = crew_operand(argc, argv, 2, 1);
    size_t heap_bytes = measure_heap();
    for (unsigned i = 0; i < times; i++) {
        pid_t child = fork();
        if (child == 0) {
            be_first(heap_bytes, seed * times + i);
        }
        int status = -1;
        CLAIM(child > 0 && waitpid(child, &status, 0) == child, "child %u can't be forked", i);
        CLAIM(status == 0, "child %u ended with %d", i, status);
    }
    printf("first %u: one heap of %zu MiB each time\n", times, heap_bytes / MIB);
    return 0;
}
