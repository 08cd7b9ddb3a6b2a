// The examples of the documentation of IAtlMemMgr and of CHeapPtr: one function for the five
// managers, and an owner that allocates, is copied, is assigned, and reallocates.

#include <ATLComMem.h>
#include <atlbase.h>

#include "require.h"

static HRESULT UseManager(IAtlMemMgr &manager)
{
    const size_t cbChunk = 1024;
    void *pChunk = manager.Allocate(cbChunk);
    if (pChunk == NULL)
        return E_OUTOFMEMORY;
    ATLASSERT(manager.GetSize(pChunk) == cbChunk);
    pChunk = manager.Reallocate(pChunk, cbChunk * 2);
    if (pChunk == NULL)
        return E_OUTOFMEMORY;
    ATLASSERT(manager.GetSize(pChunk) == cbChunk * 2);
    manager.Free(pChunk);
    return S_OK;
}

static void UseEachManager()
{
    CComHeap heapCom;
    CCRTHeap heapCrt;
    CLocalHeap heapLocal;
    CGlobalHeap heapGlobal;
    CWin32Heap heapWin32(0, 4096);

    REQUIRE(UseManager(heapCom) == S_OK);
    REQUIRE(UseManager(heapCrt) == S_OK);
    REQUIRE(UseManager(heapLocal) == S_OK);
    REQUIRE(UseManager(heapGlobal) == S_OK);
    REQUIRE(UseManager(heapWin32) == S_OK);
}

static void UseOwners()
{
    CHeapPtr<int> allocated;
    REQUIRE(allocated.Allocate(10));
    allocated[9] = 9;

    CHeapPtr<int> constructed(allocated);
    REQUIRE(allocated.m_pData == NULL && constructed[9] == 9);

    CHeapPtr<int> assigned;
    assigned = constructed;
    REQUIRE(constructed.m_pData == NULL && assigned[9] == 9);

    REQUIRE(assigned.Reallocate(20));
    assigned[19] = 19;
    REQUIRE(assigned[9] == 9);
}

int main()
{
    UseEachManager();
    UseOwners();
    return 0;
}
