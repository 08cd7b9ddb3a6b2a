// Task memory from many threads. The first one makes the one heap, and a block of one thread is a
// block to all. Each may free another's blocks, by CoTaskMemFree or by IMalloc.
//
//     task [STEPS [SEED]]

#include "crew.h"

#include <comheap/taskmem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define THREADS 16U
#define BLOCKS 16U

struct task {
    size_t steps;
    uint64_t seed;
    const struct ch_heap *own[THREADS];
    unsigned char *first[THREADS];
    struct crew_meeting meeting;
    unsigned char *rings[THREADS][BLOCKS];
};

static IMalloc *allocator(void)
{
    IMalloc *found = NULL;
    CLAIM(CoGetMalloc(MEMCTX_TASK, &found) == S_OK, "there is no task allocator");
    return found;
}

static void claim_bytes(const unsigned char *block, size_t size_bytes, unsigned byte)
{
    for (size_t i = 0; i < size_bytes; i++) {
        CLAIM(block[i] == byte, "byte %zu of block %p has changed", i, (const void *)block);
    }
}

static void claim_size(unsigned char *block, size_t size_bytes)
{
    CLAIM(IMalloc_DidAlloc(allocator(), block) == 1, "%p is a block, but not ours", (void *)block);
    size_t has_bytes = IMalloc_GetSize(allocator(), block);
    CLAIM(has_bytes == size_bytes, "block %p of %zu bytes has %zu", (void *)block, size_bytes,
          has_bytes);
}

static size_t first_bytes(unsigned number)
{
    return 64 + number;
}

// Nothing of the library has run before this.
static void come_first(struct task *task, unsigned number)
{
    task->own[number] = ch_heap_of_process();
    task->first[number] = CoTaskMemAlloc(first_bytes(number));
    CLAIM(task->first[number] != NULL, "the first allocation was refused");
    memset(task->first[number], (int)number, first_bytes(number));
    crew_meet(&task->meeting, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        CLAIM(task->own[i] == task->own[number], "the process has two heaps of its own");
        claim_size(task->first[i], first_bytes(i));
        claim_bytes(task->first[i], first_bytes(i), i);
    }
    crew_meet(&task->meeting, THREADS);
    CoTaskMemFree(task->first[(number + 1) % THREADS]);
}

static void end(unsigned char *block, unsigned i)
{
    if (i % 5 == 0) {
        IMalloc_Free(allocator(), block);
    } else {
        CoTaskMemFree(block);
    }
}

static void fill_ring(struct task *task, unsigned number, uint64_t *random)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        size_t size_bytes = 1 + crew_below(random, i == 0 ? 40 * KIB : 700);
        unsigned char *block =
            i % 2 == 0 ? CoTaskMemAlloc(size_bytes) : IMalloc_Alloc(allocator(), size_bytes);
        CLAIM(block != NULL, "%zu bytes were refused", size_bytes);
        claim_size(block, size_bytes);
        memset(block, (int)i, size_bytes);
        task->rings[number][i] = block;
    }
}

// Gives each block another size, and frees it.
static void empty_ring(struct task *task, unsigned number, uint64_t *random)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        unsigned char *block = task->rings[number][i];
        size_t size_bytes = IMalloc_GetSize(allocator(), block);
        claim_bytes(block, size_bytes, i);
        size_t new_bytes = 1 + crew_below(random, 2 * size_bytes);
        block = i % 3 == 0 ? CoTaskMemRealloc(block, new_bytes)
                           : IMalloc_Realloc(allocator(), block, new_bytes);
        CLAIM(block != NULL, "%zu bytes were refused to a block", new_bytes);
        claim_size(block, new_bytes);
        claim_bytes(block, new_bytes < size_bytes ? new_bytes : size_bytes, i);
        end(block, i);
    }
}

static void work(unsigned number, void *argument)
{
    struct task *task = argument;
    uint64_t random = task->seed * THREADS + number;
    come_first(task, number);
    for (size_t i = 0; i < task->steps; i++) {
        fill_ring(task, number, &random);
        crew_meet(&task->meeting, THREADS);
        empty_ring(task, (number + 1) % THREADS, &random); // Its neighbour's.
        crew_meet(&task->meeting, THREADS);
        if (number == i % THREADS) {
            IMalloc_HeapMinimize(allocator());
        }
    }
}

int main(int argc, char **argv)
{
    static struct task task;
    task.steps = (size_t)crew_operand(argc, argv, 1, 100);
    task.seed = crew_operand(argc, argv, 2, 1);
    printf("task %zu %" PRIu64 "\n", task.steps, task.seed);
    crew_run(THREADS, work, &task);
    return 0;
}
