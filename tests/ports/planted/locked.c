// A heap for threads, and its port: lists of powers of two in a range, behind one lock.
//
// It owns the range from its start to `used`. It neither splits nor joins a block.
#include <heapfuzz/port.h>
#include <pthread.h>
#include <string.h>

#define GRANULE (2 * sizeof(void *))

enum { CLASSES = 40 };

struct block {
    size_t class;
    _Alignas(2 * sizeof(void *)) struct block *next; // In the room of a block that is freed.
};

static struct {
    unsigned char *range;
    size_t range_bytes, used;
    struct block *lists[CLASSES];
} heap;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool begin(void *range, size_t range_bytes)
{
    memset(&heap, 0, sizeof heap);
    size_t head = -(uintptr_t)range % GRANULE;
    if (range_bytes < head + 4 * GRANULE)
        return false;
    heap.range = range;
    heap.range_bytes = range_bytes;
    heap.used = head;
    return true;
}

static size_t room_of(size_t class)
{
    return GRANULE << class;
}

// Takes a block of a class from its list, or from the end. Precondition: the lock is held.
static struct block *take(size_t class)
{
    struct block *block = heap.lists[class];
    if (block != NULL) {
        heap.lists[class] = block->next;
    } else if (room_of(class) + GRANULE <= heap.range_bytes - heap.used) {
        block = (void *)(heap.range + heap.used);
        block->class = class;
        heap.used += GRANULE + room_of(class);
    }
    return block;
}

static void *allocate(size_t size_bytes)
{
    size_t class = 0;
    while (class < CLASSES && room_of(class) < size_bytes)
        class ++;
    if (class == CLASSES)
        return NULL;
#if BUG == 30 // Threads: a block is taken without the lock, which frees alone hold.
    struct block *block = take(class);
#else
    (void)pthread_mutex_lock(&lock);
    struct block *block = take(class);
    (void)pthread_mutex_unlock(&lock);
#endif
    return block == NULL ? NULL : (unsigned char *)block + GRANULE;
}

static struct block *block_of(void *address)
{
    return (void *)((unsigned char *)address - GRANULE);
}

static size_t size(void *address)
{
    return room_of(block_of(address)->class);
}

static void release(void *address)
{
    if (address == NULL)
        return;
    struct block *block = block_of(address);
    (void)pthread_mutex_lock(&lock);
    block->next = heap.lists[block->class];
    heap.lists[block->class] = block;
    (void)pthread_mutex_unlock(&lock);
}

static void *reallocate(void *address, size_t size_bytes)
{
    if (address == NULL)
        return allocate(size_bytes);
    if (size_bytes <= size(address))
        return address;
    void *moved = allocate(size_bytes);
    if (moved != NULL) {
        memcpy(moved, address, size(address));
        release(address);
    }
    return moved;
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "locked",
    .sentence = "lists of powers of two, behind a lock",
    .policies = {.alignment_bytes = GRANULE,
                 .limit_bytes = SIZE_MAX,
                 .zero = HEAPFUZZ_ZERO_IS_BLOCK,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_SHRINKS,
                 .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .size_takes_null = HEAPFUZZ_NO,
                 .stays_in_place = HEAPFUZZ_NO,
                 .capacity_returns = HEAPFUZZ_NO,
                 .addresses_repeat = HEAPFUZZ_YES,
                 .range_usual_bytes = 1 << 20,
                 .is_threadsafe = true},
    .open = begin,
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .size = size,
};
