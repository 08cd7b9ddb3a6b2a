// The same in C: an object with a table of functions, and the macros of COM's own headers.

#define COBJMACROS
#include <objidl.h>
#include <ole2.h>

#include "require.h"

typedef struct CountingSpy {
    IMallocSpy spy;
    ULONG cRef;
    ULONG cAllocations;
    ULONG cFrees;
    ULONG cReallocations;
    ULONG cQueries;
} CountingSpy;

static CountingSpy *FromSpy(IMallocSpy *This)
{
    return (CountingSpy *)This;
}

static HRESULT STDMETHODCALLTYPE Spy_QueryInterface(IMallocSpy *This, REFIID riid, void **ppv)
{
    if (IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IMallocSpy)) {
        *ppv = This;
        FromSpy(This)->cRef++;
        return S_OK;
    }
    *ppv = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE Spy_AddRef(IMallocSpy *This)
{
    return ++FromSpy(This)->cRef;
}

static ULONG STDMETHODCALLTYPE Spy_Release(IMallocSpy *This)
{
    return --FromSpy(This)->cRef;
}

static SIZE_T STDMETHODCALLTYPE Spy_PreAlloc(IMallocSpy *This, SIZE_T cbRequest)
{
    FromSpy(This)->cAllocations++;
    return cbRequest;
}

static void *STDMETHODCALLTYPE Spy_PostAlloc(IMallocSpy *This, void *pActual)
{
    (void)This;
    return pActual;
}

static void *STDMETHODCALLTYPE Spy_PreFree(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    FromSpy(This)->cFrees += fSpyed ? 1 : 0;
    return pRequest;
}

static void STDMETHODCALLTYPE Spy_PostFree(IMallocSpy *This, BOOL fSpyed)
{
    (void)This;
    (void)fSpyed;
}

static SIZE_T STDMETHODCALLTYPE Spy_PreRealloc(IMallocSpy *This, void *pRequest, SIZE_T cbRequest,
                                               void **ppNewRequest, BOOL fSpyed)
{
    (void)fSpyed;
    FromSpy(This)->cReallocations++;
    *ppNewRequest = pRequest;
    return cbRequest;
}

static void *STDMETHODCALLTYPE Spy_PostRealloc(IMallocSpy *This, void *pActual, BOOL fSpyed)
{
    (void)This;
    (void)fSpyed;
    return pActual;
}

static void *STDMETHODCALLTYPE Spy_PreQuery(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    (void)fSpyed;
    FromSpy(This)->cQueries++;
    return pRequest;
}

static SIZE_T STDMETHODCALLTYPE Spy_PostGetSize(IMallocSpy *This, SIZE_T cbActual, BOOL fSpyed)
{
    (void)This;
    (void)fSpyed;
    return cbActual;
}

static int STDMETHODCALLTYPE Spy_PostDidAlloc(IMallocSpy *This, void *pRequest, BOOL fSpyed,
                                              int fActual)
{
    (void)This;
    (void)pRequest;
    (void)fSpyed;
    return fActual;
}

static void STDMETHODCALLTYPE Spy_Minimize(IMallocSpy *This)
{
    (void)This;
}

static const IMallocSpyVtbl SpyVtbl = {
    Spy_QueryInterface, Spy_AddRef,   Spy_Release,      Spy_PreAlloc,    Spy_PostAlloc,
    Spy_PreFree,        Spy_PostFree, Spy_PreRealloc,   Spy_PostRealloc, Spy_PreQuery,
    Spy_PostGetSize,    Spy_PreQuery, Spy_PostDidAlloc, Spy_Minimize,    Spy_Minimize,
};

int main(void)
{
    static CountingSpy counting = {{&SpyVtbl}, 0, 0, 0, 0, 0};
    IMalloc *pMalloc = NULL;
    void *pv;

    REQUIRE(CoGetMalloc(MEMCTX_SHARED, &pMalloc) == E_INVALIDARG);
    REQUIRE(SUCCEEDED(CoGetMalloc(MEMCTX_TASK, &pMalloc)));
    REQUIRE(SUCCEEDED(CoRegisterMallocSpy(&counting.spy)));
    pv = IMalloc_Alloc(pMalloc, 64);
    pv = IMalloc_Realloc(pMalloc, pv, 128);
    REQUIRE(IMalloc_GetSize(pMalloc, pv) == 128);
    REQUIRE(IMalloc_DidAlloc(pMalloc, pv) == 1);
    IMalloc_Free(pMalloc, pv);
    REQUIRE(counting.cAllocations == 1 && counting.cFrees == 1);
    REQUIRE(counting.cReallocations == 1 && counting.cQueries == 2);
    REQUIRE(SUCCEEDED(CoRevokeMallocSpy()));
    REQUIRE(counting.cRef == 0);
    IMalloc_HeapMinimize(pMalloc);
    IMalloc_Release(pMalloc);
    return 0;
}
