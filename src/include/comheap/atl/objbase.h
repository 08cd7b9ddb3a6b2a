// COM's main header, for code ported from Windows, in C and in C++: all that comheap has of COM,
// and a few words of Windows that come with its header. Put the folder of this file on the include
// path, and the compiler finds <objbase.h>. <combaseapi.h>, <unknwn.h>, <objidl.h>, <ole2.h> and
// <shlobj.h> are this header.
//
// It declares what belongs to memory. COM's other functions and interfaces are not here.
#ifndef COMHEAP_ATL_OBJBASE_H
#define COMHEAP_ATL_OBJBASE_H

#ifdef _WIN32
#error "Windows has COM's headers of its own"
#endif

#include <string.h>

#include <comheap/comtypes.h>
#include <comheap/heap.h>
#include <comheap/mallocspy.h>
#include <comheap/taskmem.h>

#ifndef COMHEAP_HAS_COM_TYPES

#ifndef interface
#define interface struct
#endif
#ifndef ARRAYSIZE
#define ARRAYSIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif
#ifdef __cplusplus // GCC warns of an object that has a constructor, and Windows' compiler does not.
#define COMHEAP_BYTES_OF(destination) static_cast<void *>(destination)
#else
#define COMHEAP_BYTES_OF(destination) (destination)
#endif
#ifndef ZeroMemory
#define ZeroMemory(destination, length) memset(COMHEAP_BYTES_OF(destination), 0, (length))
#endif
#ifndef CopyMemory
#define CopyMemory(destination, source, length)                                                    \
    memcpy(COMHEAP_BYTES_OF(destination), (source), (length))
#endif

#endif

#ifdef __cplusplus
extern "C" {
#endif

#if !defined(WINPR_HEAP_H) && !defined(COMHEAP_HAS_COM_FUNCTIONS)
/// Returns the heap of the process as a HANDLE: a struct ch_heap *. Returns NULL iff it can't be
/// made.
static inline void *GetProcessHeap(void)
{
    return ch_heap_of_process();
}
#endif

#ifndef COMHEAP_HAS_COM_FUNCTIONS

/// Do as CoGetMalloc for task memory, CoTaskMemAlloc and CoTaskMemFree: the shell of Windows has
/// the allocator of COM.
static inline ch_hresult SHGetMalloc(struct IMalloc **ppMalloc)
{
    return CoGetMalloc(1, ppMalloc);
}
static inline void *SHAlloc(size_t cb)
{
    return CoTaskMemRealloc(CH_NULL, cb); // In DXC the other function's name is a macro.
}
static inline void SHFree(void *pv)
{
    if (pv != CH_NULL) {
        (void)CoTaskMemRealloc(pv, 0);
    }
}

#endif

#ifdef __cplusplus
}
#endif

#endif
