// Threads that are the first to use the heap which CLocalHeap and CGlobalHeap share: one heap comes
// of it, for their blocks are each other's, and what a thread made that came too late is given
// back. A process can be the first once, so each time is a child's.
//
//     first [TIMES]

#include "crew.h"

#include <comheap/atlheaps.h>

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 2U
#define CHILD_SECONDS 10U

struct first {
    struct crew_meeting meeting;
    void *blocks[THREADS];
};

// What the process has of addresses, with memory behind them or not.
static size_t mapped_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CLAIM(file != NULL && fscanf(file, "%lu", &pages) == 1,
          "the kernel does not say what the process has mapped");
    (void)fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static IAtlMemMgr *manager_of(unsigned number)
{
    return number == 0 ? ch_local_heap() : ch_global_heap();
}

static void work(unsigned number, void *argument)
{
    struct first *first = argument;
    crew_stay(number);
    crew_meet(&first->meeting, THREADS);
    first->blocks[number] = IAtlMemMgr_Allocate(manager_of(number), 100 + number);
    CLAIM(first->blocks[number] != NULL, "a block was refused");
}

// A second heap takes as many addresses again; where there are too few left, it takes a part of
// them that is larger than this.
static _Noreturn void be_first(size_t heap_bytes)
{
    (void)alarm(CHILD_SECONDS);
    struct first first = {0};
    struct crew_thread *other = crew_start(work, 1, &first);
    size_t before_bytes = mapped_bytes();
    work(0, &first);
    crew_join(other);
    size_t taken_bytes = mapped_bytes() - before_bytes;
    CLAIM(taken_bytes < heap_bytes + heap_bytes / 8, "%zu MiB are mapped, of a heap with %zu MiB",
          taken_bytes / MIB, heap_bytes / MIB);
    for (unsigned i = 0; i < THREADS; i++) {
        CLAIM(IAtlMemMgr_GetSize(manager_of(1 - i), first.blocks[i]) == 100 + i,
              "the block of thread %u is not the other's", i);
        IAtlMemMgr_Free(manager_of(1 - i), first.blocks[i]);
    }
    _exit(0);
}

// The addresses of a heap like theirs.
static size_t measure_heap(void)
{
    size_t before_bytes = mapped_bytes();
    struct ch_heap *heap = ch_heap_create(NULL);
    CLAIM(heap != NULL, "there is no heap");
    size_t heap_bytes = mapped_bytes() - before_bytes;
    ch_heap_destroy(heap);
    return heap_bytes;
}

int main(int argc, char **argv)
{
    unsigned times = (unsigned)crew_operand(argc, argv, 1, 100);
    size_t heap_bytes = measure_heap();
    for (unsigned i = 0; i < times; i++) {
        pid_t child = fork();
        if (child == 0) {
            be_first(heap_bytes);
        }
        int status = -1;
        CLAIM(child > 0 && waitpid(child, &status, 0) == child, "child %u can't be forked", i);
        CLAIM(status == 0, "child %u ended with %d", i, status);
    }
    printf("first %u: one heap of %zu MiB each time\n", times, heap_bytes / MIB);
    return 0;
}
