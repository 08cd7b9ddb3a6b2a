// Row 7a of section 3.4: blocks of no bytes, and spies that put a header before each block. The
// caller of such a spy holds the end of the header, where no other block may start.

#include "cmocka_headers.h"
#include "faces.h"
#include "recorder.h"
#include "scratch.h"
#include "spy_groups.h"

#include <limits.h>

// The blocks of a class stand side by side. So the place of the lower of two has room for one that
// ends at the other.
static void assert_between_neighbours(const struct face *face, size_t header_bytes, bool is_alloc)
{
    scratch_restart(CH_ARENA_BYTES_MIN);
    unsigned char *one = face->alloc(header_bytes);
    unsigned char *other = face->alloc(header_bytes);
    unsigned char *lower = one < other ? one : other;
    unsigned char *upper = one < other ? other : one;
    assert_ptr_equal(upper, lower + header_bytes);
    face->free(lower);
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = header_bytes;
    void *empty = is_alloc ? face->alloc(0) : face->realloc(NULL, 0);
    assert_non_null(empty);
    assert_ptr_not_equal(empty, upper);
    recorder_forget(&spy);
    face->free(empty);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", empty);
    assert_int_equal(face->size_bytes(upper), header_bytes);
    recorder_revoke(&spy);
    face->free(upper);
}

static void S3_4_7a_an_empty_block_is_not_its_neighbour(const struct face *face)
{
    assert_between_neighbours(face, CH_GRANULE_BYTES, true);
    assert_between_neighbours(face, CH_GRANULE_BYTES, false);
    assert_between_neighbours(face, 4 * CH_GRANULE_BYTES, true);
    assert_between_neighbours(face, 4 * CH_GRANULE_BYTES, false);
}

// Runs of pages, which are given from above downward.
static void S3_4_7a_nor_where_the_header_has_pages_of_its_own(const struct face *face)
{
    size_t header_bytes = (size_t)128 * 1024;
    scratch_restart(16 * CH_ARENA_BYTES_MIN);
    void *upper = face->alloc(header_bytes);
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = header_bytes;
    void *empty = face->alloc(0);
    assert_non_null(empty);
    assert_ptr_not_equal(empty, upper);
    face->free(empty);
    recorder_revoke(&spy);
    face->free(upper);
}

#define BLOCKS 300U

// A spy may treat one block so and the next one in another way.
static void S3_4_7a_of_many_blocks_no_two_have_one_address(const struct face *face)
{
    void *blocks[3 * BLOCKS];
    struct recorder spy;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = face->alloc(CH_GRANULE_BYTES);
    }
    recorder_register(&spy);
    for (size_t i = BLOCKS; i < 3 * BLOCKS; i++) {
        recorder_forget(&spy);
        spy.header_bytes = i % 3 * CH_GRANULE_BYTES;
        blocks[i] = face->alloc(i % 2 * CH_GRANULE_BYTES);
    }
    for (size_t i = 0; i < 3 * BLOCKS; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_ptr_not_equal(blocks[i], blocks[k]);
        }
    }
    for (size_t i = 0; i < 3 * BLOCKS; i++) {
        recorder_forget(&spy);
        spy.header_bytes = i < BLOCKS ? 0 : i % 3 * CH_GRANULE_BYTES;
        face->free(blocks[i]);
    }
    recorder_revoke(&spy);
}

// Neither the spy nor the caller sees the block's extra byte.
static void S3_4_7a_its_size_is_exact(const struct face *face)
{
    size_t header_bytes = 2 * CH_GRANULE_BYTES;
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = header_bytes;
    unsigned char *empty = face->alloc(0);
    recorder_forget(&spy);
    assert_int_equal(face->size_bytes(empty), 0);
    recorder_expect(&spy, "PreGetSize %p 1, PostGetSize %zu 1", (void *)empty, header_bytes);
    unsigned char *actual = empty - header_bytes; // The spy's own query.
    assert_int_equal(face->size_bytes(actual), header_bytes);
    recorder_expect(&spy, "PreGetSize %p 0, PostGetSize %zu 0", (void *)actual, header_bytes);
    face->free(empty);
    recorder_revoke(&spy);
}

// The next block in its place has the requested size, even if that is the same.
static void S3_4_7a_so_is_that_of_the_next_one_in_its_place(const struct face *face)
{
    size_t header_bytes = 2 * CH_GRANULE_BYTES;
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = header_bytes;
    unsigned char *empty = face->alloc(0);
    face->free(empty);
    unsigned char *next = face->alloc(1);
    assert_ptr_equal(next, empty);
    assert_int_equal(face->size_bytes(next), 1);
    face->free(next);

    empty = face->alloc(0);
    assert_ptr_equal(face->realloc(empty, 1), empty);
    assert_int_equal(face->size_bytes(empty), 1);
    face->free(empty);
    recorder_revoke(&spy);
}

static void S3_4_7a_it_is_reallocated_like_any_other(const struct face *face)
{
    size_t header_bytes = 2 * CH_GRANULE_BYTES;
    scratch_restart(CH_ARENA_BYTES_MIN);
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = header_bytes;
    unsigned char *block = face->alloc(0);
    fill(block - header_bytes, header_bytes, 3);
    assert_null(face->realloc(block, INT_MAX));
    assert_int_equal(face->size_bytes(block), 0);
    block = face->realloc(block, 5000);
    assert_non_null(block);
    assert_int_equal(face->size_bytes(block), 5000);
    assert_filled(block - header_bytes, header_bytes, 3);
    assert_int_equal(ch_heap_stats(scratch.heap).live_bytes, 5000 + header_bytes);
    assert_null(face->realloc(block, 0));
    recorder_revoke(&spy);
}

// Another heap's block, where the former heap had an empty one that was never freed.
static void S3_4_7a_what_a_former_heap_had_there_is_forgotten(const struct face *face)
{
    struct ch_heap *heaps[2];
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = CH_GRANULE_BYTES;
    unsigned char *blocks[2];
    for (size_t i = 0; i < 2; i++) { // The second is made in the place of the first.
        heaps[i] = ch_heap_create(&(struct ch_config){.arena_bytes = CH_ARENA_BYTES_MIN});
        assert_ptr_equal(ch_task_heap_use(heaps[i]), scratch.heap);
        blocks[i] = face->alloc(i);
        assert_int_equal(face->size_bytes(blocks[i]), i);
        assert_ptr_equal(ch_task_heap_use(scratch.heap), heaps[i]);
        ch_heap_destroy(heaps[i]);
    }
    recorder_forget(&spy);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    face->free(blocks[1]);
    scratch.faults = 0; // They are no blocks of the scratch heap.
    if (blocks[0] != blocks[1]) {
        face->free(blocks[0]);
        scratch.faults = 0;
    }
    assert_int_equal(spy.releases, 1);
}

int run_spy_empty_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_ALL_FACES(S3_4_7a_an_empty_block_is_not_its_neighbour),
        ON_ALL_FACES(S3_4_7a_nor_where_the_header_has_pages_of_its_own),
        ON_ALL_FACES(S3_4_7a_of_many_blocks_no_two_have_one_address),
        ON_ALL_FACES(S3_4_7a_its_size_is_exact),
        ON_ALL_FACES(S3_4_7a_so_is_that_of_the_next_one_in_its_place),
        ON_ALL_FACES(S3_4_7a_it_is_reallocated_like_any_other),
        ON_ALL_FACES(S3_4_7a_what_a_former_heap_had_there_is_forgotten),
    };
    return cmocka_run_group_tests_name("spy_empty", rows, NULL, NULL);
}
