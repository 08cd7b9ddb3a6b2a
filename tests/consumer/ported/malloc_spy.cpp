// A spy as Windows code writes one: it counts allocations, puts a header in front of each block,
// and knows which blocks are live.

#include <objbase.h>
#include <objidl.h>

#include "require.h"

class CMallocSpy : public IMallocSpy
{
  public:
    CMallocSpy() : m_cRef(0), m_cbRequest(0), m_cLive(0), m_cAllocations(0)
    {
    }

    // IUnknown
    STDMETHOD(QueryInterface)(REFIID riid, void **ppvObject)
    {
        if (ppvObject == NULL)
            return E_INVALIDARG;
        if (IsEqualIID(riid, IID_IUnknown) || IsEqualIID(riid, IID_IMallocSpy)) {
            *ppvObject = static_cast<IMallocSpy *>(this);
            AddRef();
            return NOERROR;
        }
        *ppvObject = NULL;
        return E_NOINTERFACE;
    }
    STDMETHOD_(ULONG, AddRef)()
    {
        return ++m_cRef;
    }
    STDMETHOD_(ULONG, Release)()
    {
        return --m_cRef;
    }

    // IMallocSpy
    STDMETHOD_(SIZE_T, PreAlloc)(SIZE_T cbRequest)
    {
        m_cbRequest = cbRequest;
        return cbRequest + sizeof(Header);
    }
    STDMETHOD_(void *, PostAlloc)(void *pActual)
    {
        if (pActual == NULL)
            return NULL;
        Header *pHeader = static_cast<Header *>(pActual);
        pHeader->cb = m_cbRequest;
        pHeader->dwSignature = SIGNATURE;
        m_cLive++;
        m_cAllocations++;
        return pHeader + 1;
    }
    STDMETHOD_(void *, PreFree)(void *pRequest, BOOL fSpyed)
    {
        if (!fSpyed)
            return pRequest;
        Header *pHeader = static_cast<Header *>(pRequest) - 1;
        REQUIRE(pHeader->dwSignature == SIGNATURE);
        pHeader->dwSignature = 0;
        m_cLive--;
        return pHeader;
    }
    STDMETHOD_(void, PostFree)(BOOL)
    {
    }
    STDMETHOD_(SIZE_T, PreRealloc)(void *pRequest, SIZE_T cb, void **ppNewRequest, BOOL fSpyed)
    {
        m_cbRequest = cb;
        *ppNewRequest = fSpyed ? static_cast<Header *>(pRequest) - 1 : pRequest;
        return fSpyed ? cb + sizeof(Header) : cb;
    }
    STDMETHOD_(void *, PostRealloc)(void *pActual, BOOL fSpyed)
    {
        if (pActual == NULL || !fSpyed)
            return pActual;
        Header *pHeader = static_cast<Header *>(pActual);
        pHeader->cb = m_cbRequest;
        return pHeader + 1;
    }
    STDMETHOD_(void *, PreGetSize)(void *pRequest, BOOL fSpyed)
    {
        return fSpyed ? static_cast<Header *>(pRequest) - 1 : pRequest;
    }
    STDMETHOD_(SIZE_T, PostGetSize)(SIZE_T cbActual, BOOL fSpyed)
    {
        return fSpyed ? cbActual - sizeof(Header) : cbActual;
    }
    STDMETHOD_(void *, PreDidAlloc)(void *pRequest, BOOL fSpyed)
    {
        return fSpyed ? static_cast<Header *>(pRequest) - 1 : pRequest;
    }
    STDMETHOD_(int, PostDidAlloc)(void *, BOOL, int fActual)
    {
        return fActual;
    }
    STDMETHOD_(void, PreHeapMinimize)()
    {
    }
    STDMETHOD_(void, PostHeapMinimize)()
    {
    }

    LONG Live() const
    {
        return m_cLive;
    }
    LONGLONG Allocations() const
    {
        return m_cAllocations;
    }
    ULONG References() const
    {
        return m_cRef;
    }

  private:
    enum : DWORD { SIGNATURE = 0x59505343 };
    struct Header {
        SIZE_T cb;
        DWORD dwSignature;
        DWORD dwPadding;
    };

    ULONG m_cRef;
    SIZE_T m_cbRequest;
    LONG m_cLive;
    LONGLONG m_cAllocations;
};

int main()
{
    static CMallocSpy spy;
    LPMALLOC pMalloc = NULL;
    REQUIRE(CoGetMalloc(MEMCTX_TASK, &pMalloc) == S_OK);
    PVOID pvBefore = pMalloc->Alloc(10);

    REQUIRE(SUCCEEDED(CoRegisterMallocSpy(&spy)));
    REQUIRE(CoRegisterMallocSpy(&spy) == CO_E_OBJISREG);
    LPVOID pv = CoTaskMemAlloc(100);
    REQUIRE(pMalloc->GetSize(pv) == 100 && pMalloc->DidAlloc(pv) == TRUE);
    pv = CoTaskMemRealloc(pv, 1000);
    REQUIRE(pMalloc->GetSize(pv) == 1000 && pMalloc->GetSize(pvBefore) == 10);
    REQUIRE(spy.Live() == 1 && spy.Allocations() == 1);
    REQUIRE(CoRevokeMallocSpy() == E_ACCESSDENIED);
    CoTaskMemFree(pv);
    REQUIRE(spy.Live() == 0 && spy.References() == 0);
    REQUIRE(CoRevokeMallocSpy() == CO_E_OBJNOTREG);

    pMalloc->Free(pvBefore);
    pMalloc->HeapMinimize();
    pMalloc->Release();
    return 0;
}
