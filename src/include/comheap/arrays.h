// Arrays from any IAtlMemMgr: sizes with checked arithmetic, and four calls on arrays that use it.
#ifndef COMHEAP_ARRAYS_H
#define COMHEAP_ARRAYS_H

#include <stddef.h>

#include <comheap/api.h>
#include <comheap/atlmem.h>
#include <comheap/comtypes.h>

#ifdef __cplusplus
extern "C" {
#endif

/// HRESULT_FROM_WIN32(ERROR_ARITHMETIC_OVERFLOW).
#define CH_E_OVERFLOW CH_CAST(ch_hresult, 0x80070216)

/// Stores left * right, or left + right, in *result. They are ATL's AtlMultiply and AtlAdd.
///
/// Returns S_OK, or CH_E_OVERFLOW iff a size_t can't hold the value; *result then keeps its value.
CH_API ch_hresult ch_size_multiply(size_t *result, size_t left, size_t right);
CH_API ch_hresult ch_size_add(size_t *result, size_t left, size_t right);

/// Returns a block for `count` elements of element_bytes each, with arbitrary bytes. The caller
/// owns it and ends it with Free of the same manager. An array of 0 bytes is the result of the
/// manager's Allocate(0).
///
/// Returns NULL iff the product is too large for a size_t, or the manager refuses. In the first
/// case the manager is not called.
CH_API void *ch_array_allocate(IAtlMemMgr *manager, size_t count, size_t element_bytes);

/// Returns an array as ch_array_allocate does, with all requested bytes 0. For a request of 0
/// bytes, clears as many bytes as the manager's GetSize returns.
///
/// Returns NULL iff ch_array_allocate would.
CH_API void *ch_array_allocate_zeroed(IAtlMemMgr *manager, size_t count, size_t element_bytes);

/// Gives an array another number of elements, as the manager's Reallocate does. New bytes are
/// arbitrary. array may be NULL. A product of 0 frees the array and returns NULL.
///
/// Otherwise returns NULL iff the product is too large for a size_t, or the manager refuses. In
/// both cases the array is as it was.
CH_API void *ch_array_reallocate(IAtlMemMgr *manager, void *array, size_t count,
                                 size_t element_bytes);

/// Reallocates as ch_array_reallocate does, and clears every byte that the array has gained. The
/// manager's GetSize reports the old size, so it has to be exact.
///
/// GetSize of Global is not exact for an array of 0 bytes: it returns 1. The first byte of such an
/// array is 0 after growth only if a call that zeroes made the array.
///
/// Returns NULL iff ch_array_reallocate would.
CH_API void *ch_array_reallocate_zeroed(IAtlMemMgr *manager, void *array, size_t count,
                                        size_t element_bytes);

#ifdef __cplusplus
}
#endif

#endif
