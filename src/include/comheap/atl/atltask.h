// ATL's functions over task memory: arrays whose sizes are checked, and copies of strings. ATL has
// them in <atlbase.h> and <ATLComMem.h>.
#ifndef COMHEAP_ATL_ATLTASK_H
#define COMHEAP_ATL_ATLTASK_H

#include <cstring>
#include <cwchar>

#include "atlalloc.h"
#include <comheap/arrays.h>
#include <comheap/taskstrings.h>

namespace ATL
{

#ifndef COMHEAP_HAS_COM_FUNCTIONS

/// Returns task memory for nCount elements of nSize bytes, with arbitrary bytes in spite of its
/// name. A product of 0 is a block of 0 bytes. Returns NULL iff the product has more than 32 bits,
/// or there is no memory.
inline void *AtlCoTaskMemCAlloc(uint32_t nCount, uint32_t nSize) noexcept
{
    uint32_t bytes = 0;
    return AtlMultiply(&bytes, nCount, nSize) < 0 ? nullptr : SHAlloc(bytes);
}

/// Gives task memory another number of elements, as CoTaskMemRealloc does: a product of 0 frees it
/// and returns NULL. Also returns NULL iff the product has more than 32 bits, or there is no
/// memory. pvMemory is then as it was.
inline void *AtlCoTaskMemRecalloc(void *pvMemory, uint32_t nCount, uint32_t nSize) noexcept
{
    uint32_t bytes = 0;
    return AtlMultiply(&bytes, nCount, nSize) < 0 ? nullptr : CoTaskMemRealloc(pvMemory, bytes);
}

#endif

/// Return a copy of the string in task memory, which the caller frees. A string of the other kind
/// is converted by the locale of the process, as by ATL with the code page.
///
/// Return NULL iff lpszString is NULL, has a character that the other kind lacks, or there is no
/// task memory.
inline wchar_t *AtlAllocTaskWideString(const wchar_t *lpszString) noexcept
{
    return ch_task_wide_string(lpszString);
}
inline wchar_t *AtlAllocTaskWideString(const char *lpszString) noexcept
{
    size_t length =
        lpszString == nullptr ? static_cast<size_t>(-1) : std::mbstowcs(nullptr, lpszString, 0);
    CComHeapPtr<wchar_t> copy;
    if (length == static_cast<size_t>(-1) || !copy.Allocate(length + 1)) {
        return nullptr;
    }
    std::mbstowcs(copy, lpszString, length + 1);
    return copy.Detach();
}
inline char *AtlAllocTaskAnsiString(const char *lpszString) noexcept
{
    return ch_task_string(lpszString);
}
inline char *AtlAllocTaskAnsiString(const wchar_t *lpszString) noexcept
{
    size_t length =
        lpszString == nullptr ? static_cast<size_t>(-1) : std::wcstombs(nullptr, lpszString, 0);
    CComHeapPtr<char> copy;
    if (length == static_cast<size_t>(-1) || !copy.Allocate(length + 1)) {
        return nullptr;
    }
    std::wcstombs(copy, lpszString, length + 1);
    return copy.Detach();
}

/// AtlAllocTaskWideString, since OLECHAR is WCHAR.
inline wchar_t *AtlAllocTaskOleString(const wchar_t *lpszString) noexcept
{
    return AtlAllocTaskWideString(lpszString);
}
inline wchar_t *AtlAllocTaskOleString(const char *lpszString) noexcept
{
    return AtlAllocTaskWideString(lpszString);
}

/// Copies in the kind that TCHAR has: wide iff UNICODE is defined.
#if defined(_UNICODE) || defined(UNICODE)
inline wchar_t *AtlAllocTaskString(const wchar_t *lpszString) noexcept
{
    return AtlAllocTaskWideString(lpszString);
}
#else
inline char *AtlAllocTaskString(const char *lpszString) noexcept
{
    return AtlAllocTaskAnsiString(lpszString);
}
#endif

} // namespace ATL

#endif
