// A table of registered classes that grows in task memory, with callbacks and identifiers.

#include <ole2.h>

#include <ATLComMem.h>

#include "require.h"

struct ClassEntry {
    ClassEntry()
    {
        ZeroMemory(this, sizeof(*this));
    }

    CLSID clsid;
    LONG lUses;
    LPWSTR pszName;
};

struct ClassTable {
    ClassEntry *pEntries;
    ULONG cEntries;
};

typedef BOOL(CALLBACK *ENUMPROC)(const ClassEntry *pEntry, PVOID pvContext);

static HRESULT AddClass(ClassTable *pTable, REFCLSID rclsid, LPCWSTR pszName)
{
    if (pTable == NULL || pszName == NULL)
        return E_POINTER;
    if (IsEqualGUID(rclsid, GUID_NULL))
        return E_INVALIDARG;
    for (ULONG i = 0; i < pTable->cEntries; i++) {
        if (pTable->pEntries[i].clsid == rclsid)
            return S_FALSE;
    }
    void *pv = AtlCoTaskMemRecalloc(pTable->pEntries, pTable->cEntries + 1, sizeof(ClassEntry));
    if (pv == NULL)
        return E_OUTOFMEMORY;
    pTable->pEntries = static_cast<ClassEntry *>(pv);
    ClassEntry *pEntry = &pTable->pEntries[pTable->cEntries];
    pEntry->clsid = rclsid;
    pEntry->lUses = 0;
    pEntry->pszName = AtlAllocTaskWideString(pszName);
    if (pEntry->pszName == NULL)
        return E_OUTOFMEMORY;
    pTable->cEntries++;
    return S_OK;
}

static void WINAPI EnumClasses(const ClassTable *pTable, ENUMPROC pfnEnum, PVOID pvContext)
{
    for (ULONG i = 0; i < pTable->cEntries; i++) {
        if (!pfnEnum(&pTable->pEntries[i], pvContext))
            break;
    }
}

static BOOL CALLBACK CountNames(const ClassEntry *pEntry, PVOID pvContext)
{
    *static_cast<LONGLONG *>(pvContext) += static_cast<LONGLONG>(wcslen(pEntry->pszName));
    return TRUE;
}

static void FreeTable(ClassTable *pTable)
{
    for (ULONG i = 0; i < pTable->cEntries; i++)
        CoTaskMemFree(pTable->pEntries[i].pszName);
    REQUIRE(AtlCoTaskMemRecalloc(pTable->pEntries, 0, sizeof(ClassEntry)) == NULL);
}

static void CopyStrings()
{
    CComHeapPtr<char> narrow(AtlAllocTaskAnsiString(L"wide"));
    CComHeapPtr<WCHAR> wide(AtlAllocTaskWideString("narrow"));
    CComHeapPtr<char> same(AtlAllocTaskAnsiString("narrow"));
    REQUIRE(strcmp(narrow, "wide") == 0 && strcmp(same, "narrow") == 0);
    REQUIRE(wcscmp(wide, L"narrow") == 0);
    REQUIRE(AtlAllocTaskWideString(static_cast<LPCWSTR>(NULL)) == NULL);
    REQUIRE(AtlAllocTaskAnsiString(static_cast<LPCWSTR>(NULL)) == NULL);
}

int main()
{
    static const CLSID CLSID_One = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
    ClassTable table = {NULL, 0};
    REQUIRE(AddClass(&table, GUID_NULL, L"null") == E_INVALIDARG);
    REQUIRE(AddClass(&table, CLSID_One, L"one") == S_OK);
    REQUIRE(AddClass(&table, CLSID_One, L"one") == S_FALSE);
    for (DWORD i = 2; i < 50; i++) {
        CLSID clsid = CLSID_One;
        clsid.Data1 = i;
        REQUIRE(SUCCEEDED(AddClass(&table, clsid, L"more")));
        REQUIRE(clsid != CLSID_One && !InlineIsEqualGUID(clsid, CLSID_One));
    }
    LONGLONG llLength = 0;
    EnumClasses(&table, CountNames, &llLength);
    REQUIRE(llLength == 3 + 48 * 4);
    REQUIRE(AtlCoTaskMemRecalloc(table.pEntries, 0x10000, 0x10000) == NULL);
    REQUIRE(AtlCoTaskMemCAlloc(0x10000, 0x10000) == NULL);
    REQUIRE(table.pEntries[0].clsid == CLSID_One);
    FreeTable(&table);
    LPVOID pv = AtlCoTaskMemCAlloc(6, 7);
    CComHeap heap;
    REQUIRE(heap.GetSize(pv) == 42);
    heap.Free(pv);
    CopyStrings();
    return 0;
}
