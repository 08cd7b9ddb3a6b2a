// The scratch heap: its world is a thin layer over ch_pages_os.

#include "scratch.h"
#include "cmocka_headers.h"

#include <comheap/taskmem.h>

#define FILL_BYTES_MOST ((size_t)16 * 1024 * 1024)

struct scratch scratch;

static size_t os_page_bytes(void *world)
{
    return ch_pages_os.os_page_bytes(world);
}

static void *reserve(void *world, size_t size_bytes)
{
    return ch_pages_os.reserve(world, size_bytes);
}

// Volatile, and outside of AddressSanitizer's sight: the heap may have poisoned these pages before
// it asked for them, and a loop that became a memset would be checked.
#if defined(__clang__) || defined(__GNUC__)
__attribute__((no_sanitize("address")))
#endif
static void
fill_with_garbage(void *start, size_t size_bytes)
{
    volatile unsigned char *bytes = start;
    for (size_t i = 0; i < size_bytes; i++) {
        bytes[i] = SCRATCH_GARBAGE;
    }
}

static bool commit(void *world, void *start, size_t size_bytes)
{
    scratch.page_requests++;
    if (scratch.refuses_pages || !ch_pages_os.commit(world, start, size_bytes)) {
        return false;
    }
    if (size_bytes <= FILL_BYTES_MOST) {
        fill_with_garbage(start, size_bytes);
    }
    return true;
}

static void decommit(void *world, void *start, size_t size_bytes)
{
    ch_pages_os.decommit(world, start, size_bytes);
}

static void release(void *world, void *start, size_t size_bytes)
{
    ch_pages_os.release(world, start, size_bytes);
}

static const struct ch_pages scratch_pages = {
    .os_page_bytes = os_page_bytes,
    .reserve = reserve,
    .commit = commit,
    .decommit = decommit,
    .release = release,
};

static void record_fault(void *context, enum ch_fault fault, const void *block)
{
    struct scratch *record = context;
    record->faults++;
    record->fault = fault;
    record->fault_block = block;
}

static void start(size_t arena_bytes)
{
    scratch = (struct scratch){0};
    const struct ch_config config = {
        .arena_bytes = arena_bytes,
        .pages = &scratch_pages,
        .on_fault = record_fault,
        .on_fault_context = &scratch,
    };
    scratch.heap = ch_heap_create(&config);
    assert_non_null(scratch.heap);
    (void)ch_task_heap_use(scratch.heap);
}

static void stop(void)
{
    (void)ch_task_heap_use(NULL);
    ch_heap_destroy(scratch.heap);
    scratch.heap = NULL;
}

int scratch_setup(void **state)
{
    (void)state;
    start(CH_ARENA_BYTES_DEFAULT);
    return 0;
}

void scratch_run(void **state)
{
    const struct row *row = *state;
    row->test(row->face);
    assert_int_equal(scratch.faults, 0);
    assert_string_equal(ch_invariant_sentence(ch_heap_check(scratch.heap).invariant), "");
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
}

int scratch_teardown(void **state)
{
    (void)state;
    stop();
    return 0;
}

void scratch_restart(size_t arena_bytes)
{
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
    stop();
    start(arena_bytes);
}

void scratch_expect_fault(enum ch_fault fault, const void *block)
{
    assert_int_equal(scratch.faults, 1);
    assert_string_equal(ch_fault_sentence(scratch.fault), ch_fault_sentence(fault));
    assert_ptr_equal(scratch.fault_block, block);
    scratch.faults = 0;
}

// Every byte depends on its place, so that the check sees moved bytes, too.
static unsigned char pattern(size_t offset, unsigned seed)
{
    return (unsigned char)((offset * 31 + (offset >> 8) + seed) & 0xFF);
}

void fill(void *block, size_t size_bytes, unsigned seed)
{
    unsigned char *bytes = block;
    for (size_t i = 0; i < size_bytes; i++) {
        bytes[i] = pattern(i, seed);
    }
}

size_t filled_bytes(const void *block, size_t size_bytes, unsigned seed)
{
    const unsigned char *bytes = block;
    size_t count = 0;
    while (count < size_bytes && bytes[count] == pattern(count, seed)) {
        count++;
    }
    return count;
}

void assert_filled(const void *block, size_t size_bytes, unsigned seed)
{
    assert_int_equal(filled_bytes(block, size_bytes, seed), size_bytes);
}
