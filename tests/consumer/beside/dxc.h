// Stands in for DXC's <dxc/WinAdapter.h> from before it used DirectX-Headers: in C it has macros
// only. In C++ BOOL is bool, some numbers have 64 bits, IMalloc has no guard, two functions of task
// memory are malloc's, and some of ATL's classes are global. With IS_OLD, IUnknown has a
// destructor, as at first.
#ifndef LLVM_SUPPORT_WIN_ADAPTER_H
#define LLVM_SUPPORT_WIN_ADAPTER_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ATLASSERT assert
#define CoTaskMemAlloc malloc
#define CoTaskMemFree free
#define ARRAYSIZE(array) (sizeof(array) / sizeof(array[0]))
#define STDMETHODCALLTYPE
#define STDMETHODIMP_(type) type STDMETHODCALLTYPE
#define STDMETHODIMP STDMETHODIMP_(HRESULT)
#define STDMETHOD_(type, name) virtual STDMETHODIMP_(type) name
#define STDMETHOD(name) STDMETHOD_(HRESULT, name)
#define EXTERN_C extern "C"
#define ZeroMemory(destination, length) memset((destination), 0, (length))
#define CopyMemory(destination, source, length) memcpy((destination), (source), (length))
#define FALSE 0
#define TRUE 1
#define HEAP_NO_SERIALIZE 0x1
#define S_OK ((HRESULT)0L)
#define S_FALSE ((HRESULT)1L)
#define E_FAIL (HRESULT)0x80004005
#define E_INVALIDARG (HRESULT)0x80070057
#define E_OUTOFMEMORY (HRESULT)0x8007000E
#define E_POINTER (HRESULT)0x80004003
#define SUCCEEDED(hr) (((HRESULT)(hr)) >= 0)
#define FAILED(hr) (((HRESULT)(hr)) < 0)

#ifdef __cplusplus

typedef unsigned char BYTE;
typedef bool BOOL;
typedef int INT;
typedef long LONG;
typedef unsigned int UINT;
typedef unsigned long ULONG;
typedef long long LONGLONG;
typedef uint32_t DWORD;
typedef size_t SIZE_T;
typedef wchar_t WCHAR;
typedef wchar_t *LPWSTR;
typedef const wchar_t *LPCWSTR;
typedef WCHAR OLECHAR;
typedef void *LPVOID;
typedef signed int HRESULT;
typedef void *HANDLE;

struct GUID {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t Data4[8];
};
typedef GUID CLSID;
typedef const GUID &REFGUID;
typedef const GUID &REFCLSID;
typedef GUID IID;
typedef const IID &REFIID;

inline bool IsEqualGUID(REFGUID one, REFGUID other)
{
    return memcmp(&one, &other, sizeof(GUID)) == 0;
}
inline bool operator==(REFGUID one, REFGUID other)
{
    return IsEqualGUID(one, other);
}
inline bool operator!=(REFGUID one, REFGUID other)
{
    return !(one == other);
}
inline bool IsEqualIID(REFIID one, REFIID other)
{
    return IsEqualGUID(one, other);
}

struct IUnknown {
    virtual HRESULT QueryInterface(REFIID riid, void **object) = 0;
    virtual ULONG AddRef() = 0;
    virtual ULONG Release() = 0;
#ifdef IS_OLD
    virtual ~IUnknown();
#endif
};
struct IMalloc : public IUnknown {
    virtual void *Alloc(SIZE_T size) = 0;
    virtual void *Realloc(void *ptr, SIZE_T size) = 0;
    virtual void Free(void *ptr) = 0;
    virtual SIZE_T GetSize(void *pv) = 0;
    virtual int DidAlloc(void *pv) = 0;
    virtual void HeapMinimize(void) = 0;
};

class CAllocator
{
};
template <class T, class Allocator = CAllocator> class CHeapPtrBase
{
  public:
    T *m_pData;
};
template <typename T, class Allocator = CAllocator>
class CHeapPtr : public CHeapPtrBase<T, Allocator>
{
};
#define CComHeapPtr CHeapPtr

#endif

#endif
