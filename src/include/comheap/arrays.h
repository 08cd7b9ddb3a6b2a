// Arrays from any IAtlMemMgr: sizes whose arithmetic is checked, and the four calls on arrays that
// need it.
#ifndef COMHEAP_ARRAYS_H
#define COMHEAP_ARRAYS_H

#include <stddef.h>

#include <comheap/api.h>
#include <comheap/atlmem.h>
#include <comheap/taskmem.h>

#ifdef __cplusplus
extern "C" {
#endif

/// HRESULT_FROM_WIN32(ERROR_ARITHMETIC_OVERFLOW).
#define CH_E_OVERFLOW ((HRESULT)0x80070216)

/// Puts left * right, or left + right, into result (spec 7, AtlMultiply and AtlAdd).
///
/// Returns S_OK, or CH_E_OVERFLOW iff no size_t is as large; result is then what it was.
CH_API HRESULT ch_size_multiply(size_t *result, size_t left, size_t right);
CH_API HRESULT ch_size_add(size_t *result, size_t left, size_t right);

/// Returns a block for `count` elements of element_bytes each, its bytes arbitrary. It is the
/// caller's, who ends it by Free of the same manager. An array of 0 bytes is what the manager makes
/// of Allocate(0).
///
/// Returns NULL iff the product is too large for a size_t, without asking the manager, or the
/// manager refuses.
CH_API void *ch_array_allocate(IAtlMemMgr *manager, size_t count, size_t element_bytes);

/// The same, and every byte that was asked for is 0; where none was, all that GetSize of the
/// manager says it has.
CH_API void *ch_array_allocate_zeroed(IAtlMemMgr *manager, size_t count, size_t element_bytes);

/// Gives an array another number of elements, as the manager's Reallocate does; new bytes are
/// arbitrary. array may be NULL. A product of 0 frees the array and returns NULL.
///
/// Otherwise returns NULL iff the product is too large for a size_t, or the manager refuses. In
/// both cases array is what it was.
CH_API void *ch_array_reallocate(IAtlMemMgr *manager, void *array, size_t count,
                                 size_t element_bytes);

/// The same, and every byte that the array has now, and did not have before, is 0. What it had
/// before is what GetSize of the manager says, which has to be exact. That of Global is not, where
/// an array has no bytes: the first byte that it gets is 0 only if a call that zeroes began it.
CH_API void *ch_array_reallocate_zeroed(IAtlMemMgr *manager, void *array, size_t count,
                                        size_t element_bytes);

#ifdef __cplusplus
}
#endif

#endif
