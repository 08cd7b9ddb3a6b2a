// ATL's memory managers in ATL's spelling, for code ported from Windows. Put the folder of this
// file on the include path, and the compiler finds <atlmem.h>.
//
// Each class behaves as the manager of <comheap/atlheaps.h> or <comheap/atlmem.h> that it names.
// Only CWin32Heap has a virtual destructor: do not delete the others as IAtlMemMgr.
//
// Only CWin32Heap's constructor throws. The methods are not declared noexcept, since overriding
// methods may throw.
#ifndef COMHEAP_ATL_ATLMEM_H
#define COMHEAP_ATL_ATLMEM_H

#include "atlalloc.h"
#include <comheap/atlmem.h>
#include <comheap/heap.h>

#ifndef HEAP_NO_SERIALIZE
#define HEAP_NO_SERIALIZE CH_HEAP_NO_SERIALIZE
#endif
#ifndef HEAP_GENERATE_EXCEPTIONS
#define HEAP_GENERATE_EXCEPTIONS CH_HEAP_GENERATE_EXCEPTIONS
#endif

#ifdef __GNUC__ // The table has no place for a virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#ifdef __clang__ // It has no place for CWin32Heap's table either, and padding does no harm.
#pragma clang diagnostic ignored "-Wweak-vtables"
#pragma clang diagnostic ignored "-Wpadded"
#endif
#endif

namespace ATL
{

using ::IAtlMemMgr;

/// Return the next multiple of nAlign up or down, in the type of n. nAlign is a power of two.
/// Rounding up past the largest value wraps to 0 in an unsigned type, and is not allowed in a
/// signed one.
template <typename N, typename Align> constexpr N AtlAlignUp(N n, Align nAlign) noexcept
{
    return static_cast<N>((n + (static_cast<N>(nAlign) - 1)) & ~(static_cast<N>(nAlign) - 1));
}
template <typename N, typename Align> constexpr N AtlAlignDown(N n, Align nAlign) noexcept
{
    return static_cast<N>(n & ~(static_cast<N>(nAlign) - 1));
}

/// A manager without state, over a C manager without state.
template <IAtlMemMgr *Manager()> class CManagerHeap : public IAtlMemMgr
{
  public:
    COMHEAP_ATL_CALLS_C void *Allocate(size_t nBytes) override
    {
        return Manager()->Allocate(nBytes);
    }
    COMHEAP_ATL_CALLS_C void Free(void *p) override
    {
        Manager()->Free(p);
    }
    COMHEAP_ATL_CALLS_C void *Reallocate(void *p, size_t nBytes) override
    {
        return Manager()->Reallocate(p, nBytes);
    }
    COMHEAP_ATL_CALLS_C size_t GetSize(void *p) override
    {
        return Manager()->GetSize(p);
    }
};

/// The managers over ch_com_heap, ch_crt_heap, ch_local_heap and ch_global_heap.
class CComHeap : public CManagerHeap<ch_com_heap>
{
};
class CCRTHeap : public CManagerHeap<ch_crt_heap>
{
};
class CLocalHeap : public CManagerHeap<ch_local_heap>
{
};
class CGlobalHeap : public CManagerHeap<ch_global_heap>
{
};

/// Behaves as struct ch_win32_heap. A HANDLE, which is a void *, is a struct ch_heap *. The object
/// can't be copied, since the copy would end the same heap.
class CWin32Heap : public IAtlMemMgr
{
  public:
    CWin32Heap() noexcept : m_hHeap(nullptr), m_bOwnHeap(false)
    {
    }
    CWin32Heap(void *hHeap) noexcept : m_hHeap(hHeap), m_bOwnHeap(false)
    {
    }

    /// Makes a manager over a heap of its own. Throws E_INVALIDARG for flags that are refused, and
    /// for an nInitialSize above an nMaxSize that is not 0. Throws E_OUTOFMEMORY iff there is no
    /// room for the heap.
    CWin32Heap(ch_dword dwFlags, size_t nInitialSize, size_t nMaxSize = 0)
        : m_hHeap(nullptr), m_bOwnHeap(false)
    {
        ch_win32_heap made;
        if (!ch_win32_heap_init_own(&made, dwFlags, nInitialSize, nMaxSize)) {
            bool is_bad = (dwFlags & ~ch_dword{CH_HEAP_NO_SERIALIZE}) != 0 ||
                          (nMaxSize != 0 && nInitialSize > nMaxSize);
            // E_INVALIDARG or E_OUTOFMEMORY.
            AtlThrow(static_cast<ch_hresult>(is_bad ? 0x80070057 : 0x8007000E));
        }
        m_hHeap = made.heap;
        m_bOwnHeap = true;
    }

    virtual ~CWin32Heap() noexcept
    {
        if (m_bOwnHeap) {
            ch_heap_destroy(static_cast<ch_heap *>(m_hHeap));
        }
    }

    CWin32Heap(const CWin32Heap &) = delete;
    CWin32Heap &operator=(const CWin32Heap &) = delete;

    /// Attaches a heap. Does nothing iff hHeap is NULL or a heap is attached already.
    void Attach(void *hHeap, bool bTakeOwnership) noexcept
    {
        if (hHeap != nullptr && m_hHeap == nullptr) {
            m_hHeap = hHeap;
            m_bOwnHeap = bTakeOwnership;
        }
    }

    void *Detach() noexcept
    {
        void *heap = m_hHeap;
        m_hHeap = nullptr;
        m_bOwnHeap = false;
        return heap;
    }

    COMHEAP_ATL_CALLS_C void *Allocate(size_t nBytes) override
    {
        ch_win32_heap view = View();
        return ch_win32_heap_manager(&view)->Allocate(nBytes);
    }
    COMHEAP_ATL_CALLS_C void Free(void *p) override
    {
        ch_win32_heap view = View();
        ch_win32_heap_manager(&view)->Free(p);
    }
    COMHEAP_ATL_CALLS_C void *Reallocate(void *p, size_t nBytes) override
    {
        ch_win32_heap view = View();
        return ch_win32_heap_manager(&view)->Reallocate(p, nBytes);
    }
    COMHEAP_ATL_CALLS_C size_t GetSize(void *p) override
    {
        ch_win32_heap view = View();
        return ch_win32_heap_manager(&view)->GetSize(p);
    }

    void *m_hHeap;
    bool m_bOwnHeap;

  private:
    // Returns the C manager that does the work.
    ch_win32_heap View() const noexcept
    {
        ch_win32_heap view;
        ch_win32_heap_init_over(&view, static_cast<ch_heap *>(m_hHeap));
        return view;
    }
};

} // namespace ATL

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

#endif
