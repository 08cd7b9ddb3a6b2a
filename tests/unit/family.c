// Section 5's table, a test for each cell: the answer of each of the five managers in that row.

#include "cmocka_headers.h"
#include "siblings.h"

#include "laws/fill.h"

#include <errno.h>
#include <limits.h>

#define SIZES 3000U

static void fill_block(void *block, size_t size_bytes)
{
    fill_write(block, size_bytes, fill_of(size_bytes));
}

static bool is_filled(const void *block, size_t filled_bytes, size_t kept_bytes)
{
    return fill_find_wrong(block, filled_bytes, fill_of(filled_bytes), kept_bytes) == SIZE_MAX;
}

static void allocate(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    void *blocks[SIZES];
    for (size_t i = 1; i < SIZES; i++) {
        blocks[i] = IAtlMemMgr_Allocate(manager, i);
        assert_non_null(blocks[i]);
        fill_block(blocks[i], i);
    }
    for (size_t i = 1; i < SIZES; i++) {
        assert_true(is_filled(blocks[i], i, i));
        IAtlMemMgr_Free(manager, blocks[i]);
    }
}

static void allocate_0(void **state)
{
    const struct sibling *sibling = *state;
    void *one = IAtlMemMgr_Allocate(sibling->manager, 0);
    void *other = IAtlMemMgr_Allocate(sibling->manager, 0);
    assert_non_null(one);
    assert_non_null(other);
    assert_ptr_not_equal(one, other);
    assert_int_equal(IAtlMemMgr_GetSize(sibling->manager, one), sibling->zero_bytes);
    IAtlMemMgr_Free(sibling->manager, one);
    IAtlMemMgr_Free(sibling->manager, other);
}

static void free_null(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    void *block = IAtlMemMgr_Allocate(manager, 100);
    fill_block(block, 100);
    IAtlMemMgr_Free(manager, NULL);
    assert_int_equal(IAtlMemMgr_GetSize(manager, block), 100);
    assert_true(is_filled(block, 100, 100));
    IAtlMemMgr_Free(manager, block);
}

static void reallocate_null(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    void *block = IAtlMemMgr_Reallocate(manager, NULL, 100);
    assert_non_null(block);
    assert_int_equal(IAtlMemMgr_GetSize(manager, block), 100);
    fill_block(block, 100);
    IAtlMemMgr_Free(manager, block);
}

static void reallocate_null_to_0(void **state)
{
    const struct sibling *sibling = *state;
    void *block = IAtlMemMgr_Reallocate(sibling->manager, NULL, 0);
    assert_non_null(block);
    assert_int_equal(IAtlMemMgr_GetSize(sibling->manager, block), sibling->zero_bytes);
    IAtlMemMgr_Free(sibling->manager, block);
}

// The freed block shows where its place is given out again, and under LeakSanitizer.
static void reallocate_to_0(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    static const size_t sizes[] = {0, 1, 100, 20000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = IAtlMemMgr_Allocate(manager, sizes[i]);
        assert_non_null(block);
        assert_null(IAtlMemMgr_Reallocate(manager, block, 0));
        if (manager != ch_crt_heap()) {
            size_t gone_bytes = ((struct sibling *)*state)->null_bytes;
            assert_int_equal(IAtlMemMgr_GetSize(manager, block), gone_bytes);
        }
    }
}

// The block is no longer alone in its place, so one that may not move can't grow.
static void reallocate(void **state)
{
    const struct sibling *sibling = *state;
    IAtlMemMgr *manager = sibling->manager;
    void *block = IAtlMemMgr_Allocate(manager, 97);
    fill_block(block, 97);
    void *same = IAtlMemMgr_Reallocate(manager, block, 100);
    assert_non_null(same);
    assert_true(!sibling->never_moves || same == block);
    assert_int_equal(IAtlMemMgr_GetSize(manager, same), 100);
    assert_true(is_filled(same, 97, 97));
    fill_block(same, 100);
    void *moved = IAtlMemMgr_Reallocate(manager, same, 100000);
    assert_true((moved == NULL) == sibling->never_moves);
    void *last = moved == NULL ? same : moved;
    assert_int_equal(IAtlMemMgr_GetSize(manager, last), moved == NULL ? 100 : 100000);
    assert_true(is_filled(last, 100, 100));
    IAtlMemMgr_Free(manager, last);
}

static const size_t resized[] = {1, 100, 1024, 8192, 8193, 20000, 300000};

#define RESIZED (sizeof resized / sizeof resized[0])

// Gives a block another size, which the manager has to grant. Returns its place.
static void *reallocated(const struct sibling *sibling, void *block, size_t old_bytes,
                         size_t size_bytes)
{
    void *same = IAtlMemMgr_Reallocate(sibling->manager, block, size_bytes);
    assert_non_null(same);
    assert_true(!sibling->never_moves || same == block);
    assert_int_equal(IAtlMemMgr_GetSize(sibling->manager, same), size_bytes);
    assert_true(is_filled(same, old_bytes, old_bytes < size_bytes ? old_bytes : size_bytes));
    fill_block(same, size_bytes);
    return same;
}

static void make_blocks(IAtlMemMgr *manager, void *blocks[RESIZED])
{
    for (size_t i = 0; i < RESIZED; i++) {
        blocks[i] = IAtlMemMgr_Allocate(manager, resized[i]);
        assert_non_null(blocks[i]);
        fill_block(blocks[i], resized[i]);
    }
}

// Every block lies between others.
static void doubling(void **state)
{
    const struct sibling *sibling = *state;
    void *first[RESIZED], *blocks[RESIZED], *last[RESIZED];
    make_blocks(sibling->manager, first);
    make_blocks(sibling->manager, blocks);
    make_blocks(sibling->manager, last);
    for (size_t i = 0; i < RESIZED; i++) {
        blocks[i] = reallocated(sibling, blocks[i], resized[i], 2 * resized[i]);
    }
    for (size_t i = 0; i < RESIZED; i++) {
        assert_true(is_filled(first[i], resized[i], resized[i]));
        assert_true(is_filled(last[i], resized[i], resized[i]));
        IAtlMemMgr_Free(sibling->manager, first[i]);
        IAtlMemMgr_Free(sibling->manager, blocks[i]);
        IAtlMemMgr_Free(sibling->manager, last[i]);
    }
}

static void shrinking(void **state)
{
    const struct sibling *sibling = *state;
    void *blocks[RESIZED];
    make_blocks(sibling->manager, blocks);
    for (size_t i = 0; i < RESIZED; i++) {
        size_t size_bytes = resized[i];
        for (; size_bytes > 1; size_bytes /= 2) {
            void *less = reallocated(sibling, blocks[i], size_bytes, size_bytes / 2);
            void *again = reallocated(sibling, less, size_bytes / 2, size_bytes / 2 * 2);
            blocks[i] = reallocated(sibling, again, size_bytes / 2 * 2, size_bytes / 2);
        }
        IAtlMemMgr_Free(sibling->manager, blocks[i]);
    }
}

static void failed_reallocate(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    static const size_t sizes[] = {0, 100, 20000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = IAtlMemMgr_Allocate(manager, sizes[i]);
        size_t size_bytes = IAtlMemMgr_GetSize(manager, block);
        fill_block(block, sizes[i]);
        assert_null(IAtlMemMgr_Reallocate(manager, block, SIZE_MAX));
        assert_null(IAtlMemMgr_Reallocate(manager, block, CH_CRT_MAX_BYTES + 1));
        assert_int_equal(IAtlMemMgr_GetSize(manager, block), size_bytes);
        assert_true(is_filled(block, sizes[i], sizes[i]));
        IAtlMemMgr_Free(manager, block);
    }
}

static void get_size(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    for (size_t size_bytes = 1; size_bytes < 40000; size_bytes += 1 + size_bytes / 50) {
        void *block = IAtlMemMgr_Allocate(manager, size_bytes);
        assert_int_equal(IAtlMemMgr_GetSize(manager, block), size_bytes);
        IAtlMemMgr_Free(manager, block);
    }
}

static void get_size_of_null(void **state)
{
    const struct sibling *sibling = *state;
    errno = 0;
    assert_int_equal(IAtlMemMgr_GetSize(sibling->manager, NULL), sibling->null_bytes);
    assert_int_equal(errno, sibling == &sibling_crt ? EINVAL : 0);
}

// After a refusal, the C library's heap reports the reason in errno, as the C library does.
static void assert_says_why(const struct sibling *sibling)
{
    assert_true(sibling != &sibling_crt || errno == ENOMEM);
    errno = 0;
}

static void own_limit(void **state)
{
    const struct sibling *sibling = *state;
    IAtlMemMgr *manager = sibling->manager;
    size_t over_bytes = sibling->first_over_bytes;
    if (over_bytes == 0) { // None: it grants sizes that CComHeap refuses.
        void *block = IAtlMemMgr_Allocate(manager, (size_t)INT_MAX + 1);
        assert_non_null(block);
        IAtlMemMgr_Free(manager, block);
        over_bytes = SIZE_MAX; // And it refuses a size that no memory has.
    }
    errno = 0;
    assert_null(IAtlMemMgr_Allocate(manager, over_bytes));
    assert_says_why(sibling);
    assert_null(IAtlMemMgr_Allocate(manager, SIZE_MAX));
    assert_says_why(sibling);
    assert_null(IAtlMemMgr_Reallocate(manager, NULL, over_bytes));
    assert_says_why(sibling);
    void *block = IAtlMemMgr_Allocate(manager, 100);
    assert_null(IAtlMemMgr_Reallocate(manager, block, over_bytes));
    assert_says_why(sibling);
    IAtlMemMgr_Free(manager, block);
}

static void alignment(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    void *blocks[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        blocks[i] = IAtlMemMgr_Allocate(manager, i * 9);
        assert_int_equal((uintptr_t)blocks[i] % (2 * sizeof(void *)), 0);
    }
    for (size_t i = 0; i < SIZES; i++) {
        IAtlMemMgr_Free(manager, blocks[i]);
    }
}

#define CELL(column, row)                                                                          \
    {                                                                                              \
        "S5_" #column "_" #row, row, sibling_open, sibling_close, &sibling_##column                \
    }
#define ROW(row)                                                                                   \
    CELL(crt, row), CELL(win32, row), CELL(local, row), CELL(global, row), CELL(com, row)

int main(void)
{
    const struct CMUnitTest cells[] = {
        ROW(allocate),
        ROW(allocate_0),
        ROW(free_null),
        ROW(reallocate_null),
        ROW(reallocate_null_to_0),
        ROW(reallocate_to_0),
        ROW(reallocate),
        ROW(doubling),
        ROW(shrinking),
        ROW(failed_reallocate),
        ROW(get_size),
        ROW(get_size_of_null),
        ROW(own_limit),
        ROW(alignment),
    };
    return cmocka_run_group_tests_name("section 5, cell by cell", cells, NULL, NULL);
}
