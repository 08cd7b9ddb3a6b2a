// A spy in C with a table of the live blocks, as one writes it for Windows: see spies.h. A block
// from before the spy stays as it is, and can't be resized.

#define COBJMACROS
#include "spies.h"

#include <stdlib.h>
#include <string.h>

#define LIVE_SIGNATURE 0x4556494CUL
#define DEAD_SIGNATURE 0x44414544UL
#define GUARD_BYTE 0xFD
#define GUARD_SIZE ((SIZE_T)8)

typedef struct tagBLOCKHEADER {
    DWORD dwSignature;
    ULONG iSlot; // In the table.
    SIZE_T cbRequest;
} BLOCKHEADER;

// A multiple of the alignment of blocks, so that the caller's block is aligned, too.
#define HEADER_SIZE ((SIZE_T)((sizeof(BLOCKHEADER) + 15) / 16 * 16))

static struct {
    IMallocSpy Object;
    ULONG cRef;
    ULONG cCalls;
    SIZE_T cbRequest; // From a Pre method to its Post method.
    LPVOID *apvLive;  // Pointers that callers hold.
    ULONG cLive;
    ULONG cRoom;
    const char *pszError;
} g_Spy;

static void Fail(const char *pszClaim)
{
    if (g_Spy.pszError == NULL) {
        g_Spy.pszError = pszClaim;
    }
}

#define CHECK(claim) ((claim) ? (void)0 : Fail("table_spy.c: " #claim))

static BLOCKHEADER *HeaderOf(LPVOID pv)
{
    return (BLOCKHEADER *)(LPVOID)((BYTE *)pv - HEADER_SIZE);
}

static BOOL HasSlot(BLOCKHEADER *pHeader)
{
    return pHeader->dwSignature == LIVE_SIGNATURE && pHeader->iSlot < g_Spy.cLive &&
           g_Spy.apvLive[pHeader->iSlot] == (BYTE *)pHeader + HEADER_SIZE;
}

static void AddToTable(LPVOID pv)
{
    if (g_Spy.cLive == g_Spy.cRoom) {
        ULONG cRoom = g_Spy.cRoom == 0 ? 64 : 2 * g_Spy.cRoom;
        LPVOID *apv = (LPVOID *)realloc(g_Spy.apvLive, cRoom * sizeof(LPVOID));
        if (apv == NULL) {
            abort();
        }
        g_Spy.apvLive = apv;
        g_Spy.cRoom = cRoom;
    }
    HeaderOf(pv)->iSlot = g_Spy.cLive;
    g_Spy.apvLive[g_Spy.cLive++] = pv;
}

// The last entry takes the place.
static void RemoveFromTable(LPVOID pv)
{
    ULONG iSlot = HeaderOf(pv)->iSlot;
    LPVOID pvLast = g_Spy.apvLive[--g_Spy.cLive];
    g_Spy.apvLive[iSlot] = pvLast;
    HeaderOf(pvLast)->iSlot = iSlot;
}

static void CheckBlock(LPVOID pv)
{
    BLOCKHEADER *pHeader = HeaderOf(pv);
    BYTE *pGuard = (BYTE *)pv + pHeader->cbRequest;
    SIZE_T i;
    CHECK(HasSlot(pHeader));
    for (i = 0; i < GUARD_SIZE; i++) {
        CHECK(pGuard[i] == GUARD_BYTE);
    }
}

static void SetBounds(LPVOID pv, SIZE_T cb)
{
    BLOCKHEADER *pHeader = HeaderOf(pv);
    pHeader->dwSignature = LIVE_SIGNATURE;
    pHeader->cbRequest = cb;
    memset((BYTE *)pv + cb, GUARD_BYTE, GUARD_SIZE);
}

static SIZE_T Enlarge(SIZE_T cb)
{
    return cb > (SIZE_T)-1 - HEADER_SIZE - GUARD_SIZE ? cb : HEADER_SIZE + cb + GUARD_SIZE;
}

static STDMETHODIMP TableSpy_QueryInterface(IMallocSpy *This, REFIID riid, void **ppvObject)
{
    if (ppvObject == NULL) {
        return E_POINTER;
    }
    if (IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IMallocSpy)) {
        *ppvObject = This;
        IMallocSpy_AddRef(This);
        return S_OK;
    }
    *ppvObject = NULL;
    return E_NOINTERFACE;
}

static STDMETHODIMP_(ULONG) TableSpy_AddRef(IMallocSpy *This)
{
    CHECK(This == &g_Spy.Object);
    return ++g_Spy.cRef;
}

static STDMETHODIMP_(ULONG) TableSpy_Release(IMallocSpy *This)
{
    CHECK(This == &g_Spy.Object);
    CHECK(g_Spy.cRef > 0);
    return --g_Spy.cRef;
}

static STDMETHODIMP_(SIZE_T) TableSpy_PreAlloc(IMallocSpy *This, SIZE_T cbRequest)
{
    (void)This;
    g_Spy.cCalls++;
    g_Spy.cbRequest = cbRequest;
    return Enlarge(cbRequest);
}

static STDMETHODIMP_(void *) TableSpy_PostAlloc(IMallocSpy *This, void *pActual)
{
    BYTE *pb = (BYTE *)pActual;
    (void)This;
    if (pb == NULL) {
        return NULL;
    }
    SetBounds(pb + HEADER_SIZE, g_Spy.cbRequest);
    AddToTable(pb + HEADER_SIZE);
    return pb + HEADER_SIZE;
}

static STDMETHODIMP_(void *) TableSpy_PreFree(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    (void)This;
    g_Spy.cCalls++;
    CHECK(pRequest != NULL);
    if (!fSpyed) {
        return pRequest;
    }
    CheckBlock(pRequest);
    RemoveFromTable(pRequest);
    HeaderOf(pRequest)->dwSignature = DEAD_SIGNATURE;
    return HeaderOf(pRequest);
}

static STDMETHODIMP_(void) TableSpy_PostFree(IMallocSpy *This, BOOL fSpyed)
{
    (void)This;
    (void)fSpyed;
}

static STDMETHODIMP_(SIZE_T) TableSpy_PreRealloc(IMallocSpy *This, void *pRequest, SIZE_T cbRequest,
                                                 void **ppNewRequest, BOOL fSpyed)
{
    (void)This;
    g_Spy.cCalls++;
    CHECK(pRequest != NULL && cbRequest != 0);
    *ppNewRequest = pRequest;
    if (!fSpyed) {
        return 0; // It has no header, and would need one.
    }
    CheckBlock(pRequest);
    g_Spy.cbRequest = cbRequest;
    *ppNewRequest = HeaderOf(pRequest);
    return Enlarge(cbRequest);
}

// The header has moved with the block, and knows its place in the table.
static STDMETHODIMP_(void *) TableSpy_PostRealloc(IMallocSpy *This, void *pActual, BOOL fSpyed)
{
    BYTE *pb = (BYTE *)pActual;
    (void)This;
    CHECK(fSpyed == TRUE);
    if (pb == NULL) {
        return NULL;
    }
    SetBounds(pb + HEADER_SIZE, g_Spy.cbRequest);
    g_Spy.apvLive[HeaderOf(pb + HEADER_SIZE)->iSlot] = pb + HEADER_SIZE;
    return pb + HEADER_SIZE;
}

static STDMETHODIMP_(void *) TableSpy_PreGetSize(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    (void)This;
    g_Spy.cCalls++;
    CHECK(pRequest != NULL);
    if (!fSpyed) {
        return pRequest;
    }
    CheckBlock(pRequest);
    g_Spy.cbRequest = HeaderOf(pRequest)->cbRequest;
    return HeaderOf(pRequest);
}

static STDMETHODIMP_(SIZE_T) TableSpy_PostGetSize(IMallocSpy *This, SIZE_T cbActual, BOOL fSpyed)
{
    (void)This;
    if (!fSpyed) {
        return cbActual;
    }
    CHECK(cbActual == Enlarge(g_Spy.cbRequest));
    return cbActual - HEADER_SIZE - GUARD_SIZE;
}

static STDMETHODIMP_(void *) TableSpy_PreDidAlloc(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    (void)This;
    g_Spy.cCalls++;
    return fSpyed ? HeaderOf(pRequest) : pRequest;
}

// A header of this spy is no block of a caller's.
static STDMETHODIMP_(int)
    TableSpy_PostDidAlloc(IMallocSpy *This, void *pRequest, BOOL fSpyed, int fActual)
{
    (void)This;
    CHECK(!fSpyed || fActual == 1);
    if (!fSpyed && fActual == 1 && HasSlot((BLOCKHEADER *)pRequest)) {
        return 0;
    }
    return fActual;
}

static STDMETHODIMP_(void) TableSpy_PreHeapMinimize(IMallocSpy *This)
{
    ULONG i;
    (void)This;
    g_Spy.cCalls++;
    for (i = 0; i < g_Spy.cLive; i++) {
        CheckBlock(g_Spy.apvLive[i]);
    }
}

static STDMETHODIMP_(void) TableSpy_PostHeapMinimize(IMallocSpy *This)
{
    (void)This;
}

static IMallocSpyVtbl g_TableSpyVtbl = {
    TableSpy_QueryInterface, TableSpy_AddRef,          TableSpy_Release,
    TableSpy_PreAlloc,       TableSpy_PostAlloc,       TableSpy_PreFree,
    TableSpy_PostFree,       TableSpy_PreRealloc,      TableSpy_PostRealloc,
    TableSpy_PreGetSize,     TableSpy_PostGetSize,     TableSpy_PreDidAlloc,
    TableSpy_PostDidAlloc,   TableSpy_PreHeapMinimize, TableSpy_PostHeapMinimize,
};

STDAPI CreateTableSpy(LPMALLOCSPY *ppSpy)
{
    if (ppSpy == NULL) {
        return E_POINTER;
    }
    g_Spy.Object.lpVtbl = &g_TableSpyVtbl;
    return IMallocSpy_QueryInterface(&g_Spy.Object, &IID_IMallocSpy, (void **)ppSpy);
}

STDAPI GetTableSpyStats(SPYSTATS *pStats)
{
    if (pStats == NULL) {
        return E_INVALIDARG;
    }
    pStats->cObjects = g_Spy.cRef == 0 ? 0 : 1;
    pStats->cLive = g_Spy.cLive;
    pStats->cCalls = g_Spy.cCalls;
    pStats->pszError = g_Spy.pszError;
    return S_OK;
}

#define WORK_BLOCKS 32

static DWORD WorkOnce(LPMALLOC pMalloc, BYTE **ppb, SIZE_T *pcb, ULONG ulRandom)
{
    DWORD cWrong = 0;
    SIZE_T cb = ulRandom % 2000;
    if (*ppb != NULL) {
        cWrong += IMalloc_GetSize(pMalloc, *ppb) != *pcb;
        cWrong += IMalloc_DidAlloc(pMalloc, *ppb) != 1;
        cWrong += *pcb > 0 && ((*ppb)[0] != (BYTE)*pcb || (*ppb)[*pcb - 1] != (BYTE)*pcb);
    }
    switch (ulRandom / 2000 % 4) {
    case 0:
        CoTaskMemFree(*ppb);
        *ppb = (BYTE *)CoTaskMemAlloc(cb);
        break;
    case 1:
        IMalloc_Free(pMalloc, *ppb);
        *ppb = (BYTE *)IMalloc_Alloc(pMalloc, cb);
        break;
    default:
        *ppb = (BYTE *)CoTaskMemRealloc(*ppb, cb + 1);
        cb++;
    }
    cWrong += *ppb == NULL;
    if (*ppb != NULL) {
        memset(*ppb, (BYTE)cb, cb);
    }
    *pcb = cb;
    return cWrong;
}

DWORD WINAPI TableSpyWorker(LPVOID lpParameter)
{
    const WORK *pWork = (const WORK *)lpParameter;
    BYTE *apb[WORK_BLOCKS] = {NULL};
    SIZE_T acb[WORK_BLOCKS] = {0};
    ULONG ulRandom = pWork->ulSeed;
    DWORD cWrong = 0;
    LPMALLOC pMalloc;
    ULONG i;
    if (FAILED(CoGetMalloc(MEMCTX_TASK, &pMalloc))) {
        return 1;
    }
    for (i = 0; i < pWork->cSteps; i++) {
        ulRandom = ulRandom * 1664525 + 1013904223;
        cWrong += WorkOnce(pMalloc, &apb[i % WORK_BLOCKS], &acb[i % WORK_BLOCKS], ulRandom >> 8);
        if (i % 5000 == 4999) {
            IMalloc_HeapMinimize(pMalloc);
        }
    }
    for (i = 0; i < WORK_BLOCKS; i++) {
        CoTaskMemFree(apb[i]);
    }
    IMalloc_Release(pMalloc);
    return cWrong;
}
