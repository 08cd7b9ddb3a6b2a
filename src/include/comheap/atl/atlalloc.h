// ATL's checked arithmetic, its static allocators, its owning pointers and its temporary buffer,
// for code ported from Windows. Put the folder of this file on the include path, and the compiler
// finds <atlalloc.h>.
//
// Two things differ from ATL. A Reallocate to no bytes frees the block, returns false and leaves
// nullptr. ATL's CHeapPtr keeps the pointer and frees it again. And arithmetic is checked for
// signed types, too, for every combination of signs.
#ifndef COMHEAP_ATL_ATLALLOC_H
#define COMHEAP_ATL_ATLALLOC_H

#ifdef _WIN32
#error "Windows has an ATL of its own"
#endif
#ifdef CINTERFACE
#error "ATL is written in the interfaces of C++, and CINTERFACE asks for those of C"
#endif

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <limits.h>

#include "objbase.h"
#include <comheap/arrays.h>
#include <comheap/atlheaps.h>
#include <comheap/comtypes.h>

/// Checks a condition in builds without NDEBUG.
#ifndef ATLASSERT
#define ATLASSERT assert
#endif

#ifdef CComHeapPtr // DXC makes its CHeapPtr of it.
#pragma push_macro("CComHeapPtr")
#undef CComHeapPtr
#define COMHEAP_ATL_POPS_MACRO
#endif

namespace ATL
{

/// The exception that ATL throws: an HRESULT, which is E_FAIL unless another is given.
class CAtlException
{
  public:
    CAtlException() noexcept : m_hr(static_cast<ch_hresult>(0x80004005))
    {
    }
    CAtlException(ch_hresult hr) noexcept : m_hr(hr)
    {
    }
    operator ch_hresult() const noexcept
    {
        return m_hr;
    }

    ch_hresult m_hr;
};

/// Throws a CAtlException. Aborts the process where exceptions are disabled.
[[noreturn]] inline void AtlThrow(ch_hresult hr)
{
#if defined(__cpp_exceptions) && !defined(_ATL_NO_EXCEPTIONS)
    throw CAtlException(hr);
#else
    (void)hr;
    std::abort();
#endif
}

/// Stores tLeft * tRight in *ptResult. Returns S_OK, or CH_E_OVERFLOW iff T has no such value;
/// *ptResult then keeps its value.
template <typename T> inline ch_hresult AtlMultiply(T *ptResult, T tLeft, T tRight) noexcept
{
    T result;
    if (__builtin_mul_overflow(tLeft, tRight, &result)) {
        return CH_E_OVERFLOW;
    }
    *ptResult = result;
    return 0;
}

/// Stores tLeft + tRight in *ptResult. Returns S_OK, or CH_E_OVERFLOW iff T has no such value;
/// *ptResult then keeps its value.
template <typename T> inline ch_hresult AtlAdd(T *ptResult, T tLeft, T tRight) noexcept
{
    T result;
    if (__builtin_add_overflow(tLeft, tRight, &result)) {
        return CH_E_OVERFLOW;
    }
    *ptResult = result;
    return 0;
}

/// Returns the product. Throws CH_E_OVERFLOW iff T has no such value.
template <typename T> inline T AtlMultiplyThrow(T tLeft, T tRight)
{
    T result{};
    ch_hresult hr = AtlMultiply(&result, tLeft, tRight);
    if (hr < 0) {
        AtlThrow(hr);
    }
    return result;
}

/// Returns the sum. Throws CH_E_OVERFLOW iff T has no such value.
template <typename T> inline T AtlAddThrow(T tLeft, T tRight)
{
    T result{};
    ch_hresult hr = AtlAdd(&result, tLeft, tRight);
    if (hr < 0) {
        AtlThrow(hr);
    }
    return result;
}

// ch_com_heap and the other managers are objects of C. They lack the type information that
// -fsanitize=vptr looks for.
#if defined(__clang__) || defined(__GNUC__)
#define COMHEAP_ATL_CALLS_C __attribute__((no_sanitize("vptr")))
#else
#define COMHEAP_ATL_CALLS_C
#endif

/// A static allocator over a manager without state. Each call does the work of the method with its
/// name.
template <IAtlMemMgr *Manager()> class CManagerAllocator
{
  public:
    COMHEAP_ATL_CALLS_C static void *Allocate(size_t nBytes) noexcept
    {
        return Manager()->Allocate(nBytes);
    }
    COMHEAP_ATL_CALLS_C static void *Reallocate(void *p, size_t nBytes) noexcept
    {
        return Manager()->Reallocate(p, nBytes);
    }
    COMHEAP_ATL_CALLS_C static void Free(void *p) noexcept
    {
        Manager()->Free(p);
    }
};

/// The static allocators over task memory in blocks of at most INT_MAX bytes, over malloc, and over
/// the two heaps whose blocks stay in place.
class CComAllocator : public CManagerAllocator<ch_com_heap>
{
};
class CCRTAllocator : public CManagerAllocator<ch_crt_heap>
{
};
class CLocalAllocator : public CManagerAllocator<ch_local_heap>
{
};
class CGlobalAllocator : public CManagerAllocator<ch_global_heap>
{
};

/// A pointer that owns its block, which comes from a static allocator. Its destructor frees the
/// block. Copying a non-const owner, or moving an owner, transfers the block. Copying a const
/// owner, or an owner of another type, does not compile, since two owners would free one block.
template <class T, class Allocator = CCRTAllocator> class CHeapPtrBase
{
  public:
    ~CHeapPtrBase() noexcept
    {
        Free();
    }

    operator T *() const noexcept
    {
        return m_pData;
    }
    T *operator->() const noexcept
    {
        return m_pData;
    }

    /// Returns the place for the address of a block. The pointer must not own a block.
    T **operator&() noexcept
    {
        ATLASSERT(m_pData == nullptr);
        return &m_pData;
    }

    /// Allocates a block of nBytes and frees the one it owned. Returns false, and changes nothing,
    /// iff the allocator refuses.
    bool AllocateBytes(size_t nBytes) noexcept
    {
        void *block = Allocator::Allocate(nBytes);
        if (block == nullptr) {
            return false;
        }
        Attach(static_cast<T *>(block));
        return true;
    }

    /// Gives the block another size. Returns false iff the allocator refuses, which changes
    /// nothing, or nBytes is 0 and there was a block. That block is freed.
    bool ReallocateBytes(size_t nBytes) noexcept
    {
        bool ends = nBytes == 0 && m_pData != nullptr;
        void *block = Allocator::Reallocate(m_pData, nBytes);
        if (block != nullptr || ends) {
            m_pData = static_cast<T *>(block);
        }
        return block != nullptr;
    }

    void Attach(T *pData) noexcept
    {
        Allocator::Free(m_pData);
        m_pData = pData;
    }
    template <class U, class A> void Attach(const CHeapPtrBase<U, A> &) = delete; // Detach it.

    T *Detach() noexcept
    {
        T *block = m_pData;
        m_pData = nullptr;
        return block;
    }

    void Free() noexcept
    {
        Attach(nullptr);
    }

    T *m_pData;

  protected:
    CHeapPtrBase() noexcept : m_pData(nullptr)
    {
    }
    explicit CHeapPtrBase(T *pData) noexcept : m_pData(pData)
    {
    }
    CHeapPtrBase(CHeapPtrBase &p) noexcept : m_pData(p.Detach())
    {
    }
    CHeapPtrBase(CHeapPtrBase &&p) noexcept : m_pData(p.Detach())
    {
    }
    CHeapPtrBase &operator=(CHeapPtrBase &p) noexcept
    {
        Attach(p.Detach()); // Also right for itself: Detach leaves nothing that Attach frees.
        return *this;
    }
    CHeapPtrBase &operator=(CHeapPtrBase &&p) noexcept
    {
        return *this = p;
    }
};

/// A CHeapPtrBase that counts in elements and checks their number.
template <class T, class Allocator = CCRTAllocator>
class CHeapPtr : public CHeapPtrBase<T, Allocator>
{
  public:
    CHeapPtr() noexcept
    {
    }
    explicit CHeapPtr(T *pData) noexcept : CHeapPtrBase<T, Allocator>(pData)
    {
    }
    CHeapPtr(CHeapPtr &p) noexcept : CHeapPtrBase<T, Allocator>(p)
    {
    }
    CHeapPtr(CHeapPtr &&p) noexcept : CHeapPtrBase<T, Allocator>(p)
    {
    }
    CHeapPtr &operator=(CHeapPtr &p) noexcept
    {
        CHeapPtrBase<T, Allocator>::operator=(p);
        return *this;
    }
    CHeapPtr &operator=(CHeapPtr &&p) noexcept
    {
        return *this = p;
    }
    // No other owner converts to this type. As a plain pointer its block would have two owners. A
    // template is never a copy constructor, so derived classes keep their own.
    template <class U, class A> CHeapPtr(const CHeapPtrBase<U, A> &) = delete;

    /// Allocate and reallocate as AllocateBytes and ReallocateBytes do, in elements. Also return
    /// false, and change nothing, iff the size in bytes exceeds a size_t.
    bool Allocate(size_t nElements = 1) noexcept
    {
        size_t size = 0;
        return AtlMultiply(&size, nElements, sizeof(T)) >= 0 && this->AllocateBytes(size);
    }
    bool Reallocate(size_t nElements) noexcept
    {
        size_t size = 0;
        return AtlMultiply(&size, nElements, sizeof(T)) >= 0 && this->ReallocateBytes(size);
    }
};

/// A CHeapPtr of task memory. It can be constructed from a CHeapPtr over CComAllocator.
template <class T> class CComHeapPtr : public CHeapPtr<T, CComAllocator>
{
  public:
    CComHeapPtr() noexcept
    {
    }
    explicit CComHeapPtr(T *pData) noexcept : CHeapPtr<T, CComAllocator>(pData)
    {
    }
    CComHeapPtr(CComHeapPtr &p) noexcept : CHeapPtr<T, CComAllocator>(p)
    {
    }
    CComHeapPtr(CComHeapPtr &&p) noexcept : CHeapPtr<T, CComAllocator>(p)
    {
    }
    CComHeapPtr(CHeapPtr<T, CComAllocator> &p) noexcept : CHeapPtr<T, CComAllocator>(p)
    {
    }
    CComHeapPtr(CHeapPtr<T, CComAllocator> &&p) noexcept : CHeapPtr<T, CComAllocator>(p)
    {
    }
    CComHeapPtr &operator=(CComHeapPtr &p) noexcept
    {
        CHeapPtr<T, CComAllocator>::operator=(p);
        return *this;
    }
    CComHeapPtr &operator=(CComHeapPtr &&p) noexcept
    {
        return *this = p;
    }
    template <class U, class A> CComHeapPtr(const CHeapPtrBase<U, A> &) = delete;
};

/// A buffer for the time of a scope: within the object up to t_nFixedBytes, and above in a block of
/// its own. Its bytes are arbitrary. Every call that can't get memory throws E_OUTOFMEMORY, and so
/// does a number of elements whose size in bytes exceeds a size_t.
template <typename T, int t_nFixedBytes = 128, class Allocator = CCRTAllocator> class CTempBuffer
{
  public:
    CTempBuffer() noexcept : m_p(nullptr)
    {
    }
    CTempBuffer(size_t nElements) : m_p(nullptr)
    {
        Allocate(nElements);
    }
    ~CTempBuffer() noexcept
    {
        FreeBlock();
    }
    CTempBuffer(const CTempBuffer &) = delete;
    CTempBuffer &operator=(const CTempBuffer &) = delete;

    operator T *() const noexcept
    {
        return m_p;
    }
    T *operator->() const noexcept
    {
        ATLASSERT(m_p != nullptr);
        return m_p;
    }

    /// Allocate the buffer, which must not be allocated yet, and return it.
    T *Allocate(size_t nElements)
    {
        return AllocateBytes(BytesOf(nElements));
    }
    T *AllocateBytes(size_t nBytes)
    {
        ATLASSERT(m_p == nullptr);
        return m_p = NewBuffer(nBytes);
    }

    /// Give the buffer another size, keep the bytes that fit, and return it. It may move. One that
    /// throws has changed nothing.
    T *Reallocate(size_t nElements)
    {
        return ReallocateBytes(BytesOf(nElements));
    }
    T *ReallocateBytes(size_t nBytes)
    {
        if (m_p == nullptr) {
            return AllocateBytes(nBytes);
        }
        if (!IsFixed() && nBytes > sizeof m_abFixedBuffer) {
            void *block = Allocator::Reallocate(m_p, nBytes);
            return m_p = static_cast<T *>(Checked(block));
        }
        T *buffer = NewBuffer(nBytes);
        if (buffer != m_p) { // One of the two is in the object, so the object's size fits both.
            std::memcpy(static_cast<void *>(buffer), m_p,
                        nBytes < sizeof m_abFixedBuffer ? nBytes : sizeof m_abFixedBuffer);
            FreeBlock();
            m_p = buffer;
        }
        return m_p;
    }

    T *m_p;

  private:
    bool IsFixed() const noexcept
    {
        return static_cast<const void *>(m_p) == m_abFixedBuffer;
    }

    static void *Checked(void *block)
    {
        if (block == nullptr) {
            AtlThrow(static_cast<ch_hresult>(0x8007000E)); // E_OUTOFMEMORY.
        }
        return block;
    }

    static size_t BytesOf(size_t nElements)
    {
        size_t size = 0;
        if (AtlMultiply(&size, nElements, sizeof(T)) < 0) {
            Checked(nullptr);
        }
        return size;
    }

    T *NewBuffer(size_t nBytes)
    {
        void *buffer = m_abFixedBuffer;
        if (nBytes > sizeof m_abFixedBuffer) {
            buffer = Checked(Allocator::Allocate(nBytes));
        }
        return static_cast<T *>(buffer);
    }

    void FreeBlock() noexcept
    {
        if (!IsFixed()) {
            Allocator::Free(m_p);
        }
    }

    alignas(std::max_align_t) unsigned char m_abFixedBuffer[t_nFixedBytes];
};

} // namespace ATL

#ifdef COMHEAP_ATL_POPS_MACRO
#pragma pop_macro("CComHeapPtr")
#endif

// DXC has classes of these names without a namespace.
#if !defined(_ATL_NO_AUTOMATIC_NAMESPACE) && !defined(COMHEAP_HAS_DXC)
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wheader-hygiene" // ATL's own headers do it.
#endif
using namespace ATL;
#ifdef __clang__
#pragma clang diagnostic pop
#endif
#endif

#endif
