// Stands in for Wine's <objbase.h>: its calls are those of Windows, so its functions are others
// than ours. Each interface has a guard, WCHAR has 16 bits, and the references are macros.
#ifndef _OBJBASE_H_
#define _OBJBASE_H_
#define _WINDEF_

#include <stddef.h>
#include <string.h>

#ifdef __x86_64__
#define WINAPI __attribute__((ms_abi))
#else
#define WINAPI __attribute__((__stdcall__))
#endif
#define CALLBACK WINAPI
#define STDMETHODCALLTYPE WINAPI
#define STDMETHODIMP HRESULT STDMETHODCALLTYPE
#define STDMETHODIMP_(type) type STDMETHODCALLTYPE
#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif
#undef STDMETHOD
#undef STDMETHOD_
#define STDMETHOD(method) virtual HRESULT STDMETHODCALLTYPE method
#define STDMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#define interface struct
#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

typedef int BOOL, LONG;
typedef unsigned int UINT, ULONG, DWORD;
typedef signed long long LONGLONG;
typedef unsigned char BYTE;
typedef unsigned short WCHAR;
typedef WCHAR *PWSTR, *LPWSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR;
typedef WCHAR OLECHAR;
typedef size_t SIZE_T;
typedef void *PVOID, *LPVOID, *HANDLE;
#ifndef _HRESULT_DEFINED
#define _HRESULT_DEFINED
typedef LONG HRESULT;
#endif
#define S_OK ((HRESULT)0)
#define E_NOINTERFACE ((HRESULT)0x80004002)
#define SUCCEEDED(hr) ((HRESULT)(hr) >= 0)
#define FAILED(hr) ((HRESULT)(hr) < 0)

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    unsigned int Data1;
    unsigned short Data2;
    unsigned short Data3;
    unsigned char Data4[8];
} GUID;
#endif
#ifndef _GUIDDEF_H_
#define _GUIDDEF_H_
typedef GUID IID;
typedef GUID CLSID;
#define IsEqualIID(one, other) IsEqualGUID(one, other)
#ifdef __cplusplus
#define REFGUID const GUID &
#define REFCLSID const CLSID &
#define REFIID const IID &
#define IsEqualGUID(one, other) (!memcmp(&(one), &(other), sizeof(GUID)))
inline bool operator==(const GUID &one, const GUID &other)
{
    return !memcmp(&one, &other, sizeof one);
}
#else
#define REFGUID const GUID *const
#define REFCLSID const CLSID *const
#define REFIID const IID *const
#define IsEqualGUID(one, other) (!memcmp(one, other, sizeof(GUID)))
#endif
#endif

#define __CGUID_H__
EXTERN_C const IID GUID_NULL;

#define __wtypes_h__
typedef enum tagMEMCTX { MEMCTX_TASK = 1, MEMCTX_SAME = -2 } MEMCTX;

// Writes down an interface with three methods of IUnknown: enough to have its name and its guard.
#define HIDDEN __attribute__((visibility("hidden")))
#if defined(__cplusplus) && !defined(CINTERFACE)
#define INTERFACE_OF_THREE(name)                                                                   \
    interface name                                                                                 \
    {                                                                                              \
        STDMETHOD(QueryInterface)(REFIID riid, void **object) = 0;                                 \
        STDMETHOD_(ULONG, AddRef)() = 0;                                                           \
        STDMETHOD_(ULONG, Release)() = 0;                                                          \
    };                                                                                             \
    EXTERN_C const IID IID_##name HIDDEN
#else
#define INTERFACE_OF_THREE(name)                                                                   \
    typedef struct name name;                                                                      \
    typedef struct name##Vtbl {                                                                    \
        HRESULT(STDMETHODCALLTYPE *QueryInterface)(name * This, REFIID riid, void **object);       \
        ULONG(STDMETHODCALLTYPE *AddRef)(name * This);                                             \
        ULONG(STDMETHODCALLTYPE *Release)(name * This);                                            \
    } name##Vtbl;                                                                                  \
    struct name {                                                                                  \
        name##Vtbl *lpVtbl;                                                                        \
    };                                                                                             \
    EXTERN_C const IID IID_##name HIDDEN
#endif
#ifndef __IUnknown_INTERFACE_DEFINED__
#define __IUnknown_INTERFACE_DEFINED__
INTERFACE_OF_THREE(IUnknown);
#endif
#ifndef __IMalloc_INTERFACE_DEFINED__
#define __IMalloc_INTERFACE_DEFINED__
INTERFACE_OF_THREE(IMalloc);
typedef IMalloc *LPMALLOC;
#endif
#ifndef __IMallocSpy_INTERFACE_DEFINED__
#define __IMallocSpy_INTERFACE_DEFINED__
INTERFACE_OF_THREE(IMallocSpy);
typedef IMallocSpy *LPMALLOCSPY;
#endif

EXTERN_C LPVOID WINAPI CoTaskMemAlloc(SIZE_T size);
EXTERN_C LPVOID WINAPI CoTaskMemRealloc(LPVOID ptr, SIZE_T size);
EXTERN_C void WINAPI CoTaskMemFree(LPVOID ptr);
EXTERN_C HRESULT WINAPI CoGetMalloc(DWORD context, LPMALLOC *imalloc);
EXTERN_C HRESULT WINAPI CoRegisterMallocSpy(LPMALLOCSPY spy);
EXTERN_C HRESULT WINAPI CoRevokeMallocSpy(void);

#endif
