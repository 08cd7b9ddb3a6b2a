// Code of a shell extension: lists of items, each with its length in front, in memory of the
// shell's allocator.

#include <shlobj.h>

#include "require.h"

#pragma pack(push, 1)
struct Item {
    unsigned short cb;
    BYTE abID[1];
};
#pragma pack(pop)

static UINT SizeOfList(const Item *pidl)
{
    UINT cbTotal = sizeof pidl->cb;
    while (pidl->cb != 0) {
        cbTotal += pidl->cb;
        pidl = reinterpret_cast<const Item *>(reinterpret_cast<const BYTE *>(pidl) + pidl->cb);
    }
    return cbTotal;
}

static Item *CreateItem(IMalloc *pMalloc, const void *pvData, UINT cbData)
{
    UINT cbItem = static_cast<UINT>(sizeof(unsigned short)) + cbData;
    Item *pidl = static_cast<Item *>(pMalloc->Alloc(cbItem + sizeof(unsigned short)));
    if (pidl == NULL)
        return NULL;
    ZeroMemory(pidl, cbItem + sizeof(unsigned short));
    pidl->cb = static_cast<unsigned short>(cbItem);
    CopyMemory(pidl->abID, pvData, cbData);
    return pidl;
}

static Item *Concatenate(const Item *pidl1, const Item *pidl2)
{
    UINT cb1 = SizeOfList(pidl1) - static_cast<UINT>(sizeof pidl1->cb);
    UINT cb2 = SizeOfList(pidl2);
    LPVOID pv = SHAlloc(cb1 + cb2);
    if (pv != NULL) {
        CopyMemory(pv, pidl1, cb1);
        CopyMemory(static_cast<BYTE *>(pv) + cb1, pidl2, cb2);
    }
    return static_cast<Item *>(pv);
}

int main()
{
    LPMALLOC pMalloc;
    if (FAILED(SHGetMalloc(&pMalloc)))
        return E_FAIL;
    Item *pidlDesktop = CreateItem(pMalloc, "desktop", 7);
    Item *pidlFile = CreateItem(pMalloc, "file", 4);
    Item *pidlFull = Concatenate(pidlDesktop, pidlFile);
    REQUIRE(SizeOfList(pidlFull) == 9 + 6 + 2);
    REQUIRE(pMalloc->GetSize(pidlFull) == 9 + 6 + 2);
    REQUIRE(pMalloc->DidAlloc(pidlFull) == 1);
    pMalloc->Free(pidlDesktop);
    SHFree(pidlFile);
    REQUIRE(pMalloc->DidAlloc(pidlDesktop) == 0 && pMalloc->DidAlloc(pidlFile) == 0);
    SHFree(NULL);
    CoTaskMemFree(pidlFull);
    REQUIRE(pMalloc->DidAlloc(pidlFull) == 0);
    pMalloc->Release();
    return 0;
}
