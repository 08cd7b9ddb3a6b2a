// The drop-in as a subject: every function of its family, by turns that depend on sizes alone. It
// loads the library that DROP_IN names, which serves nothing else of this process.
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <heapfuzz/port.h>

#define PAGE ((size_t)4096)

static struct {
    void *(*malloc)(size_t size_bytes);
    void *(*calloc)(size_t count, size_t each_bytes);
    void *(*realloc)(void *block, size_t size_bytes);
    void *(*reallocarray)(void *block, size_t count, size_t each_bytes);
    void *(*memalign)(size_t alignment_bytes, size_t size_bytes);
    void *(*aligned_alloc)(size_t alignment_bytes, size_t size_bytes);
    int (*posix_memalign)(void **block, size_t alignment_bytes, size_t size_bytes);
    void *(*valloc)(size_t size_bytes);
    void *(*pvalloc)(size_t size_bytes);
    void (*free)(void *block);
    void (*cfree)(void *block);
    void (*free_sized)(void *block, size_t size_bytes);
    void (*free_aligned_sized)(void *block, size_t alignment_bytes, size_t size_bytes);
    size_t (*malloc_usable_size)(void *block);
    int (*malloc_trim)(size_t keep_bytes);
} calls;

static void find(void *library, const char *name, void *call)
{
    void *address = library == NULL ? NULL : dlsym(library, name);
    if (address == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        _exit(2);
    }
    *(void **)call = address;
}

__attribute__((constructor)) static void load(void)
{
    void *library = dlopen(DROP_IN, RTLD_NOW | RTLD_LOCAL);
    find(library, "malloc", &calls.malloc);
    find(library, "calloc", &calls.calloc);
    find(library, "realloc", &calls.realloc);
    find(library, "reallocarray", &calls.reallocarray);
    find(library, "memalign", &calls.memalign);
    find(library, "aligned_alloc", &calls.aligned_alloc);
    find(library, "posix_memalign", &calls.posix_memalign);
    find(library, "valloc", &calls.valloc);
    find(library, "pvalloc", &calls.pvalloc);
    find(library, "free", &calls.free);
    find(library, "cfree", &calls.cfree);
    find(library, "free_sized", &calls.free_sized);
    find(library, "free_aligned_sized", &calls.free_aligned_sized);
    find(library, "malloc_usable_size", &calls.malloc_usable_size);
    find(library, "malloc_trim", &calls.malloc_trim);
}

static void *allocate(size_t size_bytes)
{
    return calls.malloc(size_bytes);
}

// A count above PTRDIFF_MAX is refused, whatever its parts are.
static void *allocate_zeroed(size_t count, size_t size_bytes)
{
    return calls.calloc(count, count > PTRDIFF_MAX && count % 2 == 0 ? 1 : size_bytes);
}

// Ends the process where an alignment that is no power of two is not refused.
static void refuse_odd(size_t alignment_bytes, size_t size_bytes)
{
    void *block = NULL;
    errno = 0;
    if (calls.memalign(3 * alignment_bytes, size_bytes) != NULL || errno != EINVAL ||
        calls.posix_memalign(&block, 3 * alignment_bytes, size_bytes) != EINVAL || block != NULL) {
        fprintf(stderr, "an alignment of %zu bytes is not refused\n", 3 * alignment_bytes);
        abort();
    }
}

static void *allocate_aligned(size_t alignment_bytes, size_t size_bytes)
{
    void *block = NULL;
    refuse_odd(alignment_bytes, size_bytes);
    if (alignment_bytes == PAGE && size_bytes % 2 == 0) {
        return size_bytes % PAGE == 0 ? calls.pvalloc(size_bytes) : calls.valloc(size_bytes);
    }
    switch (size_bytes % 3) {
    case 0:
        return calls.memalign(alignment_bytes, size_bytes);
    case 1:
        return calls.aligned_alloc(alignment_bytes, size_bytes);
    default:
        return calls.posix_memalign(&block, alignment_bytes, size_bytes) == 0 ? block : NULL;
    }
}

// A product that overflows is refused as a size above PTRDIFF_MAX is.
static void *reallocate(void *block, size_t size_bytes)
{
    if (size_bytes > PTRDIFF_MAX) {
        return calls.reallocarray(block, size_bytes, 2);
    }
    return size_bytes % 2 == 0 ? calls.reallocarray(block, size_bytes / 2, 2)
                               : calls.realloc(block, size_bytes);
}

static void release(void *block)
{
    size_t size_bytes = calls.malloc_usable_size(block);
    switch (size_bytes % 4) {
    case 0:
        calls.free(block);
        break;
    case 1:
        calls.cfree(block);
        break;
    case 2:
        calls.free_sized(block, size_bytes);
        break;
    default:
        calls.free_aligned_sized(block, 1, size_bytes);
    }
}

static size_t size(void *block)
{
    return calls.malloc_usable_size(block);
}

static void minimize(void)
{
    (void)calls.malloc_trim(0);
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "drop-in",
    .policies = {.alignment_bytes = sizeof(void *) == 8 ? 16 : 8,
                 .limit_bytes = PTRDIFF_MAX,
                 .zero = HEAPFUZZ_ZERO_IS_BLOCK,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_FREES,
                 .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
                 .size_is_usable = HEAPFUZZ_YES,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .size_takes_null = HEAPFUZZ_YES,
                 .stays_in_place = HEAPFUZZ_NO,
                 .capacity_returns = HEAPFUZZ_NO,
                 .addresses_repeat = HEAPFUZZ_NO},
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = allocate_aligned,
    .size = size,
    .minimize = minimize,
};
