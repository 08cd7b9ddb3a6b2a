// Section 1.8, A7, A8, R8, R9 and G2: the calls of COM that CComHeap makes, and their arguments.
// COM is a fake here, defined below, which the linker takes instead of the library's; it records
// calls and allocates nothing. This is a program of its own, because a program has one COM.

#include "cmocka_headers.h"

#include <comheap/atlmem.h>
#include <comheap/taskmem.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LIMIT ((size_t)INT_MAX)

// The fake's answers. Nothing follows these addresses.
#define BLOCK ((void *)(uintptr_t)0x1000)
#define MOVED ((void *)(uintptr_t)0x2000)
#define FAKE_SIZE ((SIZE_T)77)

static char calls[256]; // The calls so far, in order, with their arguments.
static HRESULT get_malloc_answer;

// Adds a call to the record. A call that does not fit would fail the comparison.
#define RECORD(...)                                                                                \
    ((void)snprintf(calls + strlen(calls), sizeof calls - strlen(calls), __VA_ARGS__))

LPVOID CoTaskMemAlloc(SIZE_T cb)
{
    RECORD("Alloc(%zu) ", cb);
    return BLOCK;
}

LPVOID CoTaskMemRealloc(LPVOID pv, SIZE_T cb)
{
    RECORD("Realloc(%p, %zu) ", pv, cb);
    return cb == 0 && pv != NULL ? NULL : MOVED;
}

void CoTaskMemFree(LPVOID pv)
{
    RECORD("Free(%p) ", pv);
}

static ULONG STDMETHODCALLTYPE fake_release(IMalloc *This)
{
    (void)This;
    RECORD("Release ");
    return 0;
}

static SIZE_T STDMETHODCALLTYPE fake_get_size(IMalloc *This, void *pv)
{
    (void)This;
    RECORD("GetSize(%p) ", pv);
    return pv == NULL ? (SIZE_T)-1 : FAKE_SIZE;
}

static const IMallocVtbl fake_methods = {.Release = fake_release, .GetSize = fake_get_size};
static IMalloc fake_allocator = {&fake_methods};

HRESULT CoGetMalloc(DWORD dwMemContext, LPMALLOC *ppMalloc)
{
    RECORD("CoGetMalloc(%u) ", (unsigned)dwMemContext);
    *ppMalloc = SUCCEEDED(get_malloc_answer) ? &fake_allocator : NULL;
    return get_malloc_answer;
}

static int forget(void **state)
{
    (void)state;
    calls[0] = '\0';
    get_malloc_answer = S_OK;
    return 0;
}

// Asserts that exactly these calls came since the last time, written as RECORD writes them.
#define ASSERT_CALLS(...)                                                                          \
    do {                                                                                           \
        char expected[sizeof calls];                                                               \
        (void)snprintf(expected, sizeof expected, __VA_ARGS__);                                    \
        assert_string_equal(calls, expected);                                                      \
        calls[0] = '\0';                                                                           \
    } while (0)

static void S1_8_allocate_is_one_alloc(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 1000, LIMIT - 1, LIMIT};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_ptr_equal(IAtlMemMgr_Allocate(ch_com_heap(), sizes[i]), BLOCK);
        ASSERT_CALLS("Alloc(%zu) ", sizes[i]);
    }
}

static void S1_8_free_is_one_free_also_of_null(void **state)
{
    (void)state;
    IAtlMemMgr_Free(ch_com_heap(), BLOCK);
    ASSERT_CALLS("Free(%p) ", BLOCK);
    IAtlMemMgr_Free(ch_com_heap(), NULL);
    ASSERT_CALLS("Free(%p) ", NULL);
}

static void S1_8_reallocate_is_one_realloc(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 1000, LIMIT - 1, LIMIT};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_ptr_equal(IAtlMemMgr_Reallocate(ch_com_heap(), BLOCK, sizes[i]), MOVED);
        ASSERT_CALLS("Realloc(%p, %zu) ", BLOCK, sizes[i]);
    }
    assert_null(IAtlMemMgr_Reallocate(ch_com_heap(), BLOCK, 0));
    ASSERT_CALLS("Realloc(%p, 0) ", BLOCK);
    assert_ptr_equal(IAtlMemMgr_Reallocate(ch_com_heap(), NULL, 0), MOVED);
    ASSERT_CALLS("Realloc(%p, 0) ", NULL);
}

static void S1_8_get_size_asks_the_allocator_and_releases_it(void **state)
{
    (void)state;
    assert_int_equal(IAtlMemMgr_GetSize(ch_com_heap(), BLOCK), FAKE_SIZE);
    ASSERT_CALLS("CoGetMalloc(1) GetSize(%p) Release ", BLOCK);
}

static void G2_the_size_is_coms_for_null_and_0_without_an_allocator(void **state)
{
    (void)state;
    assert_true(IAtlMemMgr_GetSize(ch_com_heap(), NULL) == SIZE_MAX);
    ASSERT_CALLS("CoGetMalloc(1) GetSize(%p) Release ", NULL);
    get_malloc_answer = E_OUTOFMEMORY;
    assert_int_equal(IAtlMemMgr_GetSize(ch_com_heap(), BLOCK), 0);
    ASSERT_CALLS("CoGetMalloc(1) ");
}

static const size_t too_large[] = {
    LIMIT + 1,
    UINT32_MAX,
#if SIZE_MAX > UINT32_MAX
    (size_t)UINT32_MAX + 1,
    (size_t)UINT32_MAX + 17,
#endif
    SIZE_MAX - 16,
    SIZE_MAX,
};

static void A7_A8_com_hears_nothing_of_more_than_INT_MAX(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof too_large / sizeof too_large[0]; i++) {
        assert_null(IAtlMemMgr_Allocate(ch_com_heap(), too_large[i]));
        assert_string_equal(calls, "");
    }
}

static void R8_R9_com_hears_nothing_of_more_than_INT_MAX(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof too_large / sizeof too_large[0]; i++) {
        assert_null(IAtlMemMgr_Reallocate(ch_com_heap(), BLOCK, too_large[i]));
        assert_null(IAtlMemMgr_Reallocate(ch_com_heap(), NULL, too_large[i]));
        assert_string_equal(calls, "");
    }
}

int main(void)
{
    const struct CMUnitTest rows[] = {
        cmocka_unit_test_setup(S1_8_allocate_is_one_alloc, forget),
        cmocka_unit_test_setup(S1_8_free_is_one_free_also_of_null, forget),
        cmocka_unit_test_setup(S1_8_reallocate_is_one_realloc, forget),
        cmocka_unit_test_setup(S1_8_get_size_asks_the_allocator_and_releases_it, forget),
        cmocka_unit_test_setup(G2_the_size_is_coms_for_null_and_0_without_an_allocator, forget),
        cmocka_unit_test_setup(A7_A8_com_hears_nothing_of_more_than_INT_MAX, forget),
        cmocka_unit_test_setup(R8_R9_com_hears_nothing_of_more_than_INT_MAX, forget),
    };
    return cmocka_run_group_tests_name("com_heap_calls", rows, NULL, NULL) == 0 ? 0 : 1;
}
