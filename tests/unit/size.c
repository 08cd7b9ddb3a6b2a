// Rows G1 to G4: GetSize's answers.

#include "cmocka_headers.h"
#include "faces.h"
#include "groups.h"
#include "scratch.h"

#include <comheap/atlmem.h>

#include <stdlib.h>

static void G1_the_size_of_null_is_minus_one(const struct face *face)
{
    (void)face;
    assert_true(IMalloc_GetSize(task_allocator(), NULL) == (SIZE_T)-1);
}

static void G2_com_heap_passes_the_size_of_null_on(const struct face *face)
{
    (void)face;
    assert_true(IAtlMemMgr_GetSize(ch_com_heap(), NULL) == SIZE_MAX);
}

static void G3_the_size_is_exactly_what_was_asked_for(const struct face *face)
{
    static const size_t sizes[] = {0,     1,     7,     8,       15,     16,   17,
                                   27,    31,    100,   1000,    4095,   4096, 32767,
                                   32768, 32769, 65537, 1000003, 5000001};
    void *block = NULL;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        void *fresh = face->alloc(sizes[i]);
        assert_non_null(fresh);
        assert_int_equal(face->size_bytes(fresh), sizes[i]);
        face->free(fresh);
        block = face->realloc(block, sizes[i]); // From the size before; from NULL to 0 at first.
        if (sizes[i] == 0) {
            assert_non_null(block);
        }
        assert_int_equal(face->size_bytes(block), sizes[i]);
    }
    for (size_t i = COUNT_OF(sizes) - 1; i > 0; i--) {
        block = face->realloc(block, sizes[i]);
        assert_int_equal(face->size_bytes(block), sizes[i]);
    }
    face->free(block);
}

// The example in ATL's documentation, which asserts the size after each step.
static void G3_the_documented_example_holds(const struct face *face)
{
    void *block = face->alloc(1024);
    assert_non_null(block);
    assert_int_equal(face->size_bytes(block), 1024);
    block = face->realloc(block, 2048);
    assert_non_null(block);
    assert_int_equal(face->size_bytes(block), 2048);
    face->free(block);
}

static void G4_what_is_no_live_block_has_the_size_minus_one(const struct face *face)
{
    unsigned char on_stack[32];
    static unsigned char in_image[32];
    void *of_c = malloc(100);
    unsigned char *block = face->alloc(100);
    assert_non_null(of_c);
    assert_non_null(block);
    void *const pointers[] = {on_stack,   in_image,    of_c,      block + 1,
                              block + 16, block + 100, (void *)1, (void *)UINTPTR_MAX};
    for (size_t i = 0; i < COUNT_OF(pointers); i++) {
        assert_true(face->size_bytes(pointers[i]) == SIZE_MAX);
    }
    face->free(block);
    assert_true(face->size_bytes(block) == SIZE_MAX);
    free(of_c);
}

int run_size_rows(void)
{
    const struct CMUnitTest rows[] = {
        ROW(G1_the_size_of_null_is_minus_one),
        ROW(G2_com_heap_passes_the_size_of_null_on),
        ON_ALL_FACES(G3_the_size_is_exactly_what_was_asked_for),
        ON_ALL_FACES(G3_the_documented_example_holds),
        ON_ALL_FACES(G4_what_is_no_live_block_has_the_size_minus_one),
    };
    return cmocka_run_group_tests_name("size", rows, NULL, NULL);
}
