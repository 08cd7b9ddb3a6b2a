// A component that hands out arrays of strings in task memory, as enumerators do: the callee
// allocates, the caller frees, and a failure half-way leaves nothing behind.

#include <combaseapi.h>
#include <unknwn.h>

#include <ATLComMem.h>
#include <atlbase.h>

#include "require.h"

MIDL_INTERFACE("6B5C7A20-3D1E-4C8B-9E07-1B2F5D8A9C40")
INames : public IUnknown
{
  public:
    virtual HRESULT STDMETHODCALLTYPE GetNames(UINT cMax, LPWSTR * *prgNames, UINT * pcNames) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetTitle(LPOLESTR * ppszTitle) = 0;
};

// As in the file of identifiers that MIDL makes.
#ifndef __IID_DEFINED__
#define __IID_DEFINED__
typedef struct _IID {
    unsigned long x;
    unsigned short s1, s2;
    unsigned char c[8];
} IID;
#endif
#ifndef CLSID_DEFINED
#define CLSID_DEFINED
typedef IID CLSID;
#endif
static const IID IID_INames = {
    0x6b5c7a20, 0x3d1e, 0x4c8b, {0x9e, 0x07, 0x1b, 0x2f, 0x5d, 0x8a, 0x9c, 0x40}};

class CNames : public INames
{
  public:
    CNames() : m_cRef(1)
    {
    }

    STDMETHODIMP QueryInterface(REFIID riid, LPVOID *ppv)
    {
        if (ppv == NULL)
            return E_POINTER;
        *ppv = NULL;
        if (riid == IID_IUnknown || riid == IID_INames)
            *ppv = static_cast<INames *>(this);
        else
            return E_NOINTERFACE;
        AddRef();
        return S_OK;
    }
    STDMETHODIMP_(ULONG) AddRef()
    {
        return ++m_cRef;
    }
    STDMETHODIMP_(ULONG) Release()
    {
        ULONG cRef = --m_cRef;
        if (cRef == 0)
            delete this;
        return cRef;
    }

    STDMETHODIMP GetNames(UINT cMax, LPWSTR **prgNames, UINT *pcNames)
    {
        static LPCWSTR const names[] = {L"alpha", L"beta", L"gamma"};
        if (prgNames == NULL || pcNames == NULL)
            return E_POINTER;
        *prgNames = NULL;
        *pcNames = 0;
        UINT cNames = cMax < ARRAYSIZE(names) ? cMax : static_cast<UINT>(ARRAYSIZE(names));
        LPWSTR *rgNames = static_cast<LPWSTR *>(CoTaskMemAlloc(cNames * sizeof(LPWSTR)));
        if (rgNames == NULL)
            return E_OUTOFMEMORY;
        ZeroMemory(rgNames, cNames * sizeof(LPWSTR));
        for (UINT i = 0; i < cNames; i++) {
            rgNames[i] = AtlAllocTaskWideString(names[i]);
            if (rgNames[i] == NULL) {
                while (i > 0)
                    CoTaskMemFree(rgNames[--i]);
                CoTaskMemFree(rgNames);
                return E_OUTOFMEMORY;
            }
        }
        *prgNames = rgNames;
        *pcNames = cNames;
        return cNames < ARRAYSIZE(names) ? S_FALSE : S_OK;
    }

    STDMETHODIMP GetTitle(LPOLESTR *ppszTitle)
    {
        *ppszTitle = AtlAllocTaskOleString(L"names");
        return *ppszTitle != NULL ? S_OK : E_OUTOFMEMORY;
    }

  private:
    virtual ~CNames()
    {
    }
    ULONG m_cRef;
};

STDAPI CreateNames(REFIID riid, LPVOID *ppv)
{
    CNames *pNames = new CNames;
    HRESULT hr = pNames->QueryInterface(riid, ppv);
    pNames->Release();
    return hr;
}

int main()
{
    INames *pNames = NULL;
    REQUIRE(FAILED(CreateNames(IID_IMalloc, reinterpret_cast<LPVOID *>(&pNames))));
    HRESULT hr = CreateNames(IID_INames, reinterpret_cast<LPVOID *>(&pNames));
    REQUIRE(SUCCEEDED(hr));

    LPWSTR *rgNames = NULL;
    UINT cNames = 0;
    REQUIRE(pNames->GetNames(2, &rgNames, &cNames) == S_FALSE && cNames == 2);
    REQUIRE(wcscmp(rgNames[1], L"beta") == 0);
    for (UINT i = 0; i < cNames; i++)
        CoTaskMemFree(rgNames[i]);
    CoTaskMemFree(rgNames);
    REQUIRE(pNames->GetNames(9, NULL, &cNames) == E_POINTER);

    CComHeapPtr<OLECHAR> spszTitle;
    REQUIRE(pNames->GetTitle(&spszTitle) == NOERROR);
    REQUIRE(wcslen(spszTitle) == 5);

    REQUIRE(pNames->Release() == 0);
    return 0;
}
