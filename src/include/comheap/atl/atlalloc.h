// ATL's checked arithmetic, its static allocators and its owning pointers, for code that is ported
// from Windows. Put the folder of this file on the include path, and <atlalloc.h> is found.
//
// What differs from ATL: Reallocate to no bytes frees the block, answers false and leaves nullptr,
// where ATL's CHeapPtr keeps the pointer and frees it again; and arithmetic is checked for signed
// types, too, whatever their signs are.
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

#include <limits.h>

#include <comheap/arrays.h>
#include <comheap/atlheaps.h>
#include <comheap/taskmem.h>

/// Checks what has to hold, in builds without NDEBUG.
#ifndef ATLASSERT
#define ATLASSERT(expr) assert(expr)
#endif

namespace ATL
{

/// What ATL throws: an HRESULT.
class CAtlException
{
  public:
    explicit CAtlException(HRESULT hr) noexcept : m_hr(hr)
    {
    }
    operator HRESULT() const noexcept
    {
        return m_hr;
    }

    HRESULT m_hr;
};

/// Throws a CAtlException; ends the process where there are no exceptions.
[[noreturn]] inline void AtlThrow(HRESULT hr)
{
#if defined(__cpp_exceptions) && !defined(_ATL_NO_EXCEPTIONS)
    throw CAtlException(hr);
#else
    (void)hr;
    std::abort();
#endif
}

/// Puts tLeft * tRight into *ptResult. Returns S_OK, or CH_E_OVERFLOW iff T has no such value;
/// *ptResult is then what it was.
template <typename T> inline HRESULT AtlMultiply(T *ptResult, T tLeft, T tRight) noexcept
{
    T result;
    if (__builtin_mul_overflow(tLeft, tRight, &result)) {
        return CH_E_OVERFLOW;
    }
    *ptResult = result;
    return S_OK;
}

/// The same of tLeft + tRight.
template <typename T> inline HRESULT AtlAdd(T *ptResult, T tLeft, T tRight) noexcept
{
    T result;
    if (__builtin_add_overflow(tLeft, tRight, &result)) {
        return CH_E_OVERFLOW;
    }
    *ptResult = result;
    return S_OK;
}

/// The product, or the sum; throws CH_E_OVERFLOW where the others return it.
template <typename T> inline T AtlMultiplyThrow(T tLeft, T tRight)
{
    T result{};
    HRESULT hr = AtlMultiply(&result, tLeft, tRight);
    if (FAILED(hr)) {
        AtlThrow(hr);
    }
    return result;
}

template <typename T> inline T AtlAddThrow(T tLeft, T tRight)
{
    T result{};
    HRESULT hr = AtlAdd(&result, tLeft, tRight);
    if (FAILED(hr)) {
        AtlThrow(hr);
    }
    return result;
}

// ch_com_heap and the others are objects of C, which have nothing that -fsanitize=vptr asks for.
#if defined(__clang__) || defined(__GNUC__)
#define COMHEAP_ATL_CALLS_C __attribute__((no_sanitize("vptr")))
#else
#define COMHEAP_ATL_CALLS_C
#endif

/// A static allocator over a manager that has no state. It says of each call what the manager does.
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

/// Task memory in blocks of at most INT_MAX bytes, malloc, and the two whose blocks stay in place.
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

/// A pointer that owns its block, which comes from a static allocator, and is freed with it. To
/// copy one that may change, or to move one, hands the block over. A copy of a const owner, or of
/// another type of owner, would be a second owner of the block, and does not compile.
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

    /// The place to put a block's address into; it must not hold one.
    T **operator&() noexcept
    {
        ATLASSERT(m_pData == nullptr);
        return &m_pData;
    }

    /// Takes a block of nBytes, in place of the one it has. Returns false, and changes nothing, iff
    /// the allocator refuses.
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
    /// nothing, or nBytes is 0 and there was a block, which is freed.
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
        Attach(p.Detach()); // Of itself, too: what is detached by then is not there to be freed.
        return *this;
    }
    CHeapPtrBase &operator=(CHeapPtrBase &&p) noexcept
    {
        return *this = p;
    }
};

/// The same in elements, whose number is checked.
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
    // Every owner that is not to be had from: as a pointer it would be one that two of them free.
    // A template is no copy constructor, so classes that are derived from this one have theirs.
    template <class U, class A> CHeapPtr(const CHeapPtrBase<U, A> &) = delete;

    /// As AllocateBytes and ReallocateBytes; false, too, and nothing changed, iff so many elements
    /// have more bytes than a size_t counts.
    bool Allocate(size_t nElements = 1) noexcept
    {
        size_t size = 0;
        return SUCCEEDED(AtlMultiply(&size, nElements, sizeof(T))) && this->AllocateBytes(size);
    }
    bool Reallocate(size_t nElements) noexcept
    {
        size_t size = 0;
        return SUCCEEDED(AtlMultiply(&size, nElements, sizeof(T))) && this->ReallocateBytes(size);
    }
};

/// A CHeapPtr of task memory, which it may be made from.
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

} // namespace ATL

#ifndef _ATL_NO_AUTOMATIC_NAMESPACE
using namespace ATL;
#endif

#endif
