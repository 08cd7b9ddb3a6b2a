// A spy in C++ with a map of the live blocks, as one writes it for Windows: see spies.h. A block
// from before the spy gets a header when it is resized.

#include "spies.h"

#include <cstring>
#include <map>
#include <new>
#include <vector>

namespace
{

const BYTE c_bGuard = 0xFD;
const SIZE_T c_cbGuard = 8;

const char *g_pszError = NULL;
ULONG g_cObjects = 0;
ULONG g_cCalls = 0;
ULONG g_cLive = 0;

void Fail(const char *pszClaim)
{
    if (g_pszError == NULL) {
        g_pszError = pszClaim;
    }
}

#define CHECK(claim) ((claim) ? (void)0 : Fail("map_spy.cpp: " #claim))

class CMapSpy;

// A multiple of the alignment of blocks, so that the caller's block is aligned, too.
struct BLOCKHEADER {
    const CMapSpy *pOwner;
    SIZE_T cbRequest;
};

class CMapSpy : public IMallocSpy
{
  public:
    CMapSpy() : m_cRef(1), m_cbRequest(0), m_cbFormer(0), m_pvRequest(NULL)
    {
        g_cObjects++;
    }

    // IUnknown
    STDMETHOD(QueryInterface)(REFIID riid, void **ppvObject);
    STDMETHOD_(ULONG, AddRef)();
    STDMETHOD_(ULONG, Release)();

    // IMallocSpy
    STDMETHOD_(SIZE_T, PreAlloc)(SIZE_T cbRequest);
    STDMETHOD_(void *, PostAlloc)(void *pActual);
    STDMETHOD_(void *, PreFree)(void *pRequest, BOOL fSpyed);
    STDMETHOD_(void, PostFree)(BOOL fSpyed);
    STDMETHOD_(SIZE_T, PreRealloc)
    (void *pRequest, SIZE_T cbRequest, void **ppNewRequest, BOOL fSpyed);
    STDMETHOD_(void *, PostRealloc)(void *pActual, BOOL fSpyed);
    STDMETHOD_(void *, PreGetSize)(void *pRequest, BOOL fSpyed);
    STDMETHOD_(SIZE_T, PostGetSize)(SIZE_T cbActual, BOOL fSpyed);
    STDMETHOD_(void *, PreDidAlloc)(void *pRequest, BOOL fSpyed);
    STDMETHOD_(int, PostDidAlloc)(void *pRequest, BOOL fSpyed, int fActual);
    STDMETHOD_(void, PreHeapMinimize)();
    STDMETHOD_(void, PostHeapMinimize)();

  private:
    virtual ~CMapSpy()
    {
        CHECK(m_Live.empty());
        g_cObjects--;
    }

    static BLOCKHEADER *HeaderOf(void *pv)
    {
        return static_cast<BLOCKHEADER *>(pv) - 1;
    }

    static SIZE_T Enlarge(SIZE_T cb)
    {
        SIZE_T cbMore = sizeof(BLOCKHEADER) + c_cbGuard;
        return cb > static_cast<SIZE_T>(-1) - cbMore ? cb : cb + cbMore;
    }

    void *Begin(void *pActual);
    void *Check(void *pv) const;

    ULONG m_cRef;
    SIZE_T m_cbRequest; // From a Pre method to its Post method,
    SIZE_T m_cbFormer;  // and the size of a block from before the spy,
    void *m_pvRequest;  // and the caller's pointer.
    std::map<void *, SIZE_T> m_Live;
};

void *CMapSpy::Begin(void *pActual)
{
    BLOCKHEADER *pHeader = static_cast<BLOCKHEADER *>(pActual);
    void *pv = pHeader + 1;
    pHeader->pOwner = this;
    pHeader->cbRequest = m_cbRequest;
    std::memset(static_cast<BYTE *>(pv) + m_cbRequest, c_bGuard, c_cbGuard);
    m_Live[pv] = m_cbRequest;
    g_cLive++;
    return pv;
}

// Returns the start of the real block.
void *CMapSpy::Check(void *pv) const
{
    BLOCKHEADER *pHeader = HeaderOf(pv);
    std::map<void *, SIZE_T>::const_iterator it = m_Live.find(pv);
    CHECK(pHeader->pOwner == this);
    CHECK(it != m_Live.end() && it->second == pHeader->cbRequest);
    for (SIZE_T i = 0; i < c_cbGuard; i++) {
        CHECK(static_cast<BYTE *>(pv)[pHeader->cbRequest + i] == c_bGuard);
    }
    return pHeader;
}

STDMETHODIMP CMapSpy::QueryInterface(REFIID riid, void **ppvObject)
{
    if (ppvObject == NULL) {
        return E_POINTER;
    }
    *ppvObject = NULL;
    if (riid == IID_IMallocSpy || riid == IID_IUnknown) {
        *ppvObject = static_cast<IMallocSpy *>(this);
        AddRef();
        return S_OK;
    }
    return E_NOINTERFACE;
}

STDMETHODIMP_(ULONG) CMapSpy::AddRef()
{
    return ++m_cRef;
}

STDMETHODIMP_(ULONG) CMapSpy::Release()
{
    ULONG cRef = --m_cRef;
    if (cRef == 0) {
        delete this;
    }
    return cRef;
}

STDMETHODIMP_(SIZE_T) CMapSpy::PreAlloc(SIZE_T cbRequest)
{
    g_cCalls++;
    m_cbRequest = cbRequest;
    return Enlarge(cbRequest);
}

STDMETHODIMP_(void *) CMapSpy::PostAlloc(void *pActual)
{
    return pActual == NULL ? NULL : Begin(pActual);
}

STDMETHODIMP_(void *) CMapSpy::PreFree(void *pRequest, BOOL fSpyed)
{
    g_cCalls++;
    CHECK(pRequest != NULL);
    if (!fSpyed) {
        return pRequest;
    }
    void *pActual = Check(pRequest);
    m_Live.erase(pRequest);
    g_cLive--;
    HeaderOf(pRequest)->pOwner = NULL;
    return pActual;
}

STDMETHODIMP_(void) CMapSpy::PostFree(BOOL)
{
}

STDMETHODIMP_(SIZE_T)
CMapSpy::PreRealloc(void *pRequest, SIZE_T cbRequest, void **ppNewRequest, BOOL fSpyed)
{
    g_cCalls++;
    CHECK(pRequest != NULL && cbRequest != 0);
    if (fSpyed) {
        *ppNewRequest = Check(pRequest);
    } else { // A call of the spy's own.
        IMalloc *pMalloc = NULL;
        CHECK(SUCCEEDED(CoGetMalloc(1, &pMalloc)));
        m_cbFormer = pMalloc->GetSize(pRequest);
        pMalloc->Release();
        *ppNewRequest = pRequest;
    }
    m_pvRequest = pRequest;
    m_cbRequest = cbRequest;
    return Enlarge(cbRequest);
}

STDMETHODIMP_(void *) CMapSpy::PostRealloc(void *pActual, BOOL fSpyed)
{
    if (pActual == NULL) {
        return NULL; // The block is as it was.
    }
    if (fSpyed) {
        m_Live.erase(m_pvRequest);
        g_cLive--;
    } else {
        SIZE_T cbKept = m_cbFormer < m_cbRequest ? m_cbFormer : m_cbRequest;
        std::memmove(static_cast<BLOCKHEADER *>(pActual) + 1, pActual, cbKept);
    }
    return Begin(pActual);
}

STDMETHODIMP_(void *) CMapSpy::PreGetSize(void *pRequest, BOOL fSpyed)
{
    g_cCalls++;
    CHECK(pRequest != NULL);
    return fSpyed ? Check(pRequest) : pRequest;
}

STDMETHODIMP_(SIZE_T) CMapSpy::PostGetSize(SIZE_T cbActual, BOOL fSpyed)
{
    return fSpyed ? cbActual - sizeof(BLOCKHEADER) - c_cbGuard : cbActual;
}

STDMETHODIMP_(void *) CMapSpy::PreDidAlloc(void *pRequest, BOOL fSpyed)
{
    g_cCalls++;
    return fSpyed ? Check(pRequest) : pRequest;
}

// A header of this spy is no block of a caller's.
STDMETHODIMP_(int) CMapSpy::PostDidAlloc(void *pRequest, BOOL fSpyed, int fActual)
{
    CHECK(!fSpyed || fActual == 1);
    bool fHeader =
        !fSpyed && fActual == 1 && m_Live.count(static_cast<BLOCKHEADER *>(pRequest) + 1) == 1;
    return fHeader ? 0 : fActual;
}

STDMETHODIMP_(void) CMapSpy::PreHeapMinimize()
{
    g_cCalls++;
    std::map<void *, SIZE_T>::const_iterator it;
    for (it = m_Live.begin(); it != m_Live.end(); ++it) {
        Check(it->first);
    }
}

STDMETHODIMP_(void) CMapSpy::PostHeapMinimize()
{
}

} // namespace

STDAPI CreateMapSpy(LPMALLOCSPY *ppSpy)
{
    if (ppSpy == NULL) {
        return E_POINTER;
    }
    *ppSpy = new (std::nothrow) CMapSpy;
    return *ppSpy == NULL ? E_OUTOFMEMORY : S_OK;
}

STDAPI GetMapSpyStats(SPYSTATS *pStats)
{
    if (pStats == NULL) {
        return E_INVALIDARG;
    }
    pStats->cObjects = g_cObjects;
    pStats->cLive = g_cLive;
    pStats->cCalls = g_cCalls;
    pStats->pszError = g_pszError;
    return S_OK;
}

namespace
{

// A string in task memory, as a method with an [out] parameter returns it.
HRESULT GetText(ULONG n, BYTE **ppb)
{
    SIZE_T cb = 2 + n % 3000;
    BYTE *pb = static_cast<BYTE *>(CoTaskMemAlloc(cb));
    if (pb == NULL) {
        return E_OUTOFMEMORY;
    }
    std::memset(pb, static_cast<int>('a' + n % 26), cb - 1);
    pb[cb - 1] = 0;
    *ppb = pb;
    return S_OK;
}

bool IsText(const BYTE *pb, ULONG n)
{
    SIZE_T cb = 1 + n % 3000;
    return std::strlen(reinterpret_cast<const char *>(pb)) == cb && pb[0] == 'a' + n % 26 &&
           pb[cb - 1] == pb[0];
}

} // namespace

DWORD WINAPI MapSpyWorker(LPVOID lpParameter)
{
    const WORK *pWork = static_cast<const WORK *>(lpParameter);
    std::vector<BYTE *> aTexts;
    DWORD cWrong = 0;
    IMalloc *pMalloc = NULL;
    if (FAILED(CoGetMalloc(MEMCTX_TASK, &pMalloc))) {
        return 1;
    }
    for (ULONG i = 0; i < pWork->cSteps; i++) {
        ULONG n = pWork->ulSeed + i * 7919;
        BYTE *pb = NULL;
        if (FAILED(GetText(n, &pb)) || !IsText(pb, n)) {
            cWrong++;
            continue;
        }
        BYTE *pbLonger = static_cast<BYTE *>(pMalloc->Realloc(pb, 2 + n % 3000 + 100));
        cWrong += pbLonger == NULL || !IsText(pbLonger, n);
        cWrong += pMalloc->GetSize(pbLonger) != 2 + n % 3000 + 100;
        cWrong += pMalloc->DidAlloc(pbLonger) != 1;
        aTexts.push_back(pbLonger);
        if (aTexts.size() == 16) {
            for (size_t j = 0; j < aTexts.size(); j++) {
                CoTaskMemFree(aTexts[j]);
            }
            aTexts.clear();
        }
        if (i % 5000 == 4999) {
            pMalloc->HeapMinimize();
        }
    }
    for (size_t j = 0; j < aTexts.size(); j++) {
        pMalloc->Free(aTexts[j]);
    }
    pMalloc->Release();
    return cWrong;
}
