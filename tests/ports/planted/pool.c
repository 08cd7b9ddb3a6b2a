// Pools of objects of one size, and their port. The range is cut into chunks; each has its objects
// first and its header at the end:
//
//     | object | object | ... | object | header |
//
// It owns the headers, with a bit for each object in use.
#include <heapfuzz/port.h>

enum { OBJECT = 32, CHUNK = 1024 };

struct header {
    uint32_t used; // A bit for each object, the highest for the first.
    uint32_t count;
};

#if BUG == 40 // Count of objects: the header is not counted, so it lies under the last object.
enum { OBJECTS = CHUNK / OBJECT };
#else
enum { OBJECTS = (CHUNK - sizeof(struct header)) / OBJECT };
#endif

static unsigned char *pools;
static size_t chunks;

static struct header *header_of(size_t chunk)
{
    return (struct header *)(pools + (chunk + 1) * CHUNK) - 1;
}

static bool begin(void *range, size_t range_bytes)
{
    pools = range;
    chunks = range_bytes / CHUNK;
    for (size_t i = 0; i < chunks; i++)
        *header_of(i) = (struct header){0, 0};
    return chunks > 0;
}

static uint32_t bit(unsigned object)
{
#if BUG == 41 // Undefined behavior: an int has no such bit, and most processors have it anyway.
    return (uint32_t)(1 << (31 - object));
#else
    return (uint32_t)1 << (31 - object);
#endif
}

static void *allocate(size_t size_bytes)
{
    if (size_bytes == 0 || size_bytes > OBJECT)
        return NULL;
    for (size_t i = 0; i < chunks; i++) {
        struct header *header = header_of(i);
        for (unsigned object = 0; header->count < OBJECTS && object < OBJECTS; object++) {
            if ((header->used & bit(object)) == 0) {
                header->used |= bit(object);
                header->count++;
                return pools + i * CHUNK + object * OBJECT;
            }
        }
    }
    return NULL;
}

static void release(void *address)
{
    if (address != NULL) {
        size_t offset = (size_t)((unsigned char *)address - pools);
        struct header *header = header_of(offset / CHUNK);
        header->used &= ~bit((unsigned)(offset % CHUNK / OBJECT));
        header->count--;
    }
}

static size_t size(void *address)
{
    return address == NULL ? 0 : OBJECT;
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "pool",
    .sentence = "chunks of objects of 32 bytes",
    .policies = {.alignment_bytes = 8,
                 .limit_bytes = OBJECT,
                 .zero = HEAPFUZZ_ZERO_IS_NULL,
                 .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
                 .size_is_usable = HEAPFUZZ_YES,
                 .free_takes_null = HEAPFUZZ_YES,
                 .size_takes_null = HEAPFUZZ_YES,
                 .capacity_returns = HEAPFUZZ_YES,
                 .addresses_repeat = HEAPFUZZ_YES,
                 .range_least_bytes = CHUNK},
    .open = begin,
    .allocate = allocate,
    .free = release,
    .size = size,
};
