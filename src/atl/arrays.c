// Arrays: checks the product, then calls the manager. It owns the arithmetic and the clearing. It
// does not know how a manager handles NULL or 0 bytes.

#include <comheap/arrays.h>

#include <stdint.h>
#include <string.h>

HRESULT ch_size_multiply(size_t *result, size_t left, size_t right)
{
    if (left != 0 && right > SIZE_MAX / left) {
        return CH_E_OVERFLOW;
    }
    *result = left * right;
    return S_OK;
}

HRESULT ch_size_add(size_t *result, size_t left, size_t right)
{
    if (right > SIZE_MAX - left) {
        return CH_E_OVERFLOW;
    }
    *result = left + right;
    return S_OK;
}

void *ch_array_allocate(IAtlMemMgr *manager, size_t count, size_t element_bytes)
{
    size_t size_bytes;
    return FAILED(ch_size_multiply(&size_bytes, count, element_bytes))
               ? NULL
               : IAtlMemMgr_Allocate(manager, size_bytes);
}

// An array of 0 bytes may have bytes that its manager reports. It may grow from them, and then they
// count as old. So they are cleared, too.
static void *clear_new(IAtlMemMgr *manager, void *array, size_t size_bytes)
{
    if (array != NULL) {
        memset(array, 0, size_bytes != 0 ? size_bytes : IAtlMemMgr_GetSize(manager, array));
    }
    return array;
}

void *ch_array_allocate_zeroed(IAtlMemMgr *manager, size_t count, size_t element_bytes)
{
    return clear_new(manager, ch_array_allocate(manager, count, element_bytes),
                     count * element_bytes);
}

void *ch_array_reallocate(IAtlMemMgr *manager, void *array, size_t count, size_t element_bytes)
{
    size_t size_bytes;
    if (FAILED(ch_size_multiply(&size_bytes, count, element_bytes))) {
        return NULL;
    }
    if (array != NULL && size_bytes == 0) { // Not every manager frees when it reallocates to 0.
        IAtlMemMgr_Free(manager, array);
        return NULL;
    }
    return IAtlMemMgr_Reallocate(manager, array, size_bytes);
}

void *ch_array_reallocate_zeroed(IAtlMemMgr *manager, void *array, size_t count,
                                 size_t element_bytes)
{
    if (array == NULL) {
        return clear_new(manager, ch_array_reallocate(manager, NULL, count, element_bytes),
                         count * element_bytes);
    }
    size_t old_bytes = IAtlMemMgr_GetSize(manager, array);
    unsigned char *grown = ch_array_reallocate(manager, array, count, element_bytes);
    if (grown != NULL && count * element_bytes > old_bytes) {
        memset(grown + old_bytes, 0, count * element_bytes - old_bytes);
    }
    return grown;
}
