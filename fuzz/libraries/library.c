// The port of a shared library whose machine code is all that there is. It loads the library, asks
// for its calls, and passes requests on. Knows nothing of the harness, except the port.
//
// Macros name the library and the calls that it has, as look.c tells them. The library answers its
// own calls: its malloc serves nothing else of this process, unless the library is its C library. A
// second copy of that would begin empty. Then sizes of blocks would show the heap's history, so
// that each program would need a process of its own.

#define _GNU_SOURCE // For RTLD_DEEPBIND.

#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include <heapfuzz/port.h>

// Programs may request more than a machine has. So a heap gets this much in large blocks; then the
// port refuses them. Smaller ones can't sum up to more: a program has too few calls.
#define LARGE_BYTES ((size_t)64 * 1024)
#define LARGE_MOST_BYTES ((size_t)256 * 1024 * 1024)

// A process can certainly hold this much beside everything else.
#define PROMISED_BYTES ((size_t)64 * 1024 * 1024)

// Sizes above this one are left out, up to those that no object can have.
#define BLOCK_MOST_BYTES ((size_t)64 * 1024 * 1024)

static struct {
    void *(*allocate)(size_t size_bytes);
    void (*free)(void *block);
    void *(*reallocate)(void *block, size_t size_bytes);
    void *(*allocate_zeroed)(size_t count, size_t size_bytes);
    int (*posix_memalign)(void **block, size_t alignment_bytes, size_t size_bytes);
    void *(*memalign)(size_t alignment_bytes, size_t size_bytes);
    void *(*aligned_alloc)(size_t alignment_bytes, size_t size_bytes);
    size_t (*size)(const void *block);
    size_t (*sallocx)(const void *block, int flags);
    int (*trim)(size_t pad_bytes);
} calls;

static size_t large_bytes; // Granted in large blocks since the heap began.
static bool has_refused;   // This port, and not the library.

static _Noreturn void end_refused(const char *why)
{
    fprintf(stderr, "heapfuzz: " LIBRARY ": %s\n", why);
    _exit(2);
}

// A pointer to a function has no type that fits all.
static void find(void *library, const char *name, void *call)
{
    void *address = dlsym(library, name);
    if (address == NULL) {
        end_refused(dlerror());
    }
    *(void **)call = address;
}

__attribute__((constructor)) static void load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (library == NULL) {
        end_refused(dlerror());
    }
    find(library, LIBRARY_MALLOC, &calls.allocate);
    find(library, LIBRARY_FREE, &calls.free);
#ifdef LIBRARY_REALLOC
    find(library, LIBRARY_REALLOC, &calls.reallocate);
#endif
#ifdef LIBRARY_CALLOC
    find(library, LIBRARY_CALLOC, &calls.allocate_zeroed);
#endif
#ifdef LIBRARY_POSIX_MEMALIGN
    find(library, LIBRARY_POSIX_MEMALIGN, &calls.posix_memalign);
#endif
#ifdef LIBRARY_MEMALIGN
    find(library, LIBRARY_MEMALIGN, &calls.memalign);
#endif
#ifdef LIBRARY_ALIGNED_ALLOC
    find(library, LIBRARY_ALIGNED_ALLOC, &calls.aligned_alloc);
#endif
#ifdef LIBRARY_SIZE
    find(library, LIBRARY_SIZE, &calls.size);
#endif
#ifdef LIBRARY_SALLOCX
    find(library, LIBRARY_SALLOCX, &calls.sallocx);
#endif
#ifdef LIBRARY_TRIM
    find(library, LIBRARY_TRIM, &calls.trim);
#endif
}

static void end(void)
{
    large_bytes = 0;
    has_refused = false;
}

static bool must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks)
{
    (void)arena_bytes, (void)since_empty_blocks;
    return since_empty_bytes <= PROMISED_BYTES && !has_refused;
}

// Counts a request. Returns whether it is to be refused here.
static bool is_too_much(size_t size_bytes)
{
    if (size_bytes < LARGE_BYTES || size_bytes > PTRDIFF_MAX) {
        return false;
    }
    if (size_bytes > LARGE_MOST_BYTES - large_bytes) {
        has_refused = true;
        return true;
    }
    large_bytes += size_bytes;
    return false;
}

static void *allocate(size_t size_bytes)
{
    return is_too_much(size_bytes) ? NULL : calls.allocate(size_bytes);
}

static void free_block(void *block)
{
    calls.free(block);
}

#ifdef LIBRARY_REALLOC
static void *reallocate(void *block, size_t size_bytes)
{
    return is_too_much(size_bytes) ? NULL : calls.reallocate(block, size_bytes);
}
#endif

#ifdef LIBRARY_CALLOC
static void *allocate_zeroed(size_t count, size_t size_bytes)
{
    size_t product;
    bool has_product = !__builtin_mul_overflow(count, size_bytes, &product);
    return has_product && is_too_much(product) ? NULL : calls.allocate_zeroed(count, size_bytes);
}
#endif

// aligned_alloc is the last choice: it may demand that the alignment divides the size.
#if defined(LIBRARY_POSIX_MEMALIGN)
#define HAS_ALIGNED
static void *allocate_aligned(size_t alignment_bytes, size_t size_bytes)
{
    void *block = NULL;
    size_t least_bytes = sizeof(void *); // It takes no less.
    size_t asked_bytes = alignment_bytes < least_bytes ? least_bytes : alignment_bytes;
    bool is_refused =
        is_too_much(size_bytes) || calls.posix_memalign(&block, asked_bytes, size_bytes) != 0;
    return is_refused ? NULL : block;
}
#elif defined(LIBRARY_MEMALIGN)
#define HAS_ALIGNED
static void *allocate_aligned(size_t alignment_bytes, size_t size_bytes)
{
    return is_too_much(size_bytes) ? NULL : calls.memalign(alignment_bytes, size_bytes);
}
#elif defined(LIBRARY_ALIGNED_ALLOC)
#define HAS_ALIGNED
static void *allocate_aligned(size_t alignment_bytes, size_t size_bytes)
{
    size_t more_bytes = -size_bytes % alignment_bytes;
    size_t whole_bytes = size_bytes > SIZE_MAX - more_bytes ? size_bytes : size_bytes + more_bytes;
    return is_too_much(size_bytes) ? NULL : calls.aligned_alloc(alignment_bytes, whole_bytes);
}
#endif

#if defined(LIBRARY_SIZE)
#define HAS_SIZE
static size_t size(void *block)
{
    return calls.size(block);
}
#elif defined(LIBRARY_SALLOCX)
#define HAS_SIZE
static size_t size(void *block)
{
    return calls.sallocx(block, 0);
}
#endif

#ifdef HAS_SIZE
#define SIZE_POLICY HEAPFUZZ_SIZE_IS_AT_LEAST
#else
#define SIZE_POLICY HEAPFUZZ_SIZE_IS_NONE
#endif

#ifdef LIBRARY_TRIM
static void minimize(void)
{
    (void)calls.trim(0);
}
#endif

// The user may bound the memory of a block, in the form `2 * n + 64`, where n bytes are requested.
// An aligned block may take twice its alignment more.
#ifdef LIBRARY_MOST
static size_t most_taken(const struct heapfuzz_block *block)
{
    size_t n = block->most_bytes;
    size_t most_bytes = (LIBRARY_MOST);
    size_t more_bytes = 2 * block->alignment_bytes + 0 * n;
    return most_bytes > SIZE_MAX - more_bytes ? SIZE_MAX : most_bytes + more_bytes;
}
#define MOST_TAKEN most_taken
#else
#define MOST_TAKEN NULL
#endif

// The user may state policies, in the form `.zero = HEAPFUZZ_ZERO_IS_NULL,`.
#ifndef LIBRARY_POLICIES
#define LIBRARY_POLICIES
#endif

// C and malloc_usable_size promise these. The probe sees the others.
const struct heapfuzz_port heapfuzz_port = {
    .sentence = LIBRARY_MALLOC " of " LIBRARY ", into which no sanitizer sees",
    .policies = {.size = SIZE_POLICY,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .is_threadsafe = true,
                 .avoid_from_bytes = BLOCK_MOST_BYTES + 1,
                 .avoid_to_bytes = PTRDIFF_MAX,
                 LIBRARY_POLICIES},
    .close = end,
    .allocate = allocate,
    .free = free_block,
#ifdef LIBRARY_REALLOC
    .reallocate = reallocate,
#endif
#ifdef LIBRARY_CALLOC
    .allocate_zeroed = allocate_zeroed,
#endif
#ifdef HAS_ALIGNED
    .allocate_aligned = allocate_aligned,
#endif
#ifdef HAS_SIZE
    .size = size,
#endif
#ifdef LIBRARY_TRIM
    .minimize = minimize,
#endif
    .promises =
        &(const struct heapfuzz_promises){.must_grant = must_grant, .most_taken = MOST_TAKEN},
};
