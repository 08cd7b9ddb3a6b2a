// Stands in for DirectX-Headers' <wsl/winadapter.h>: BOOL is unsigned, the references are macros,
// and IUnknown has MIDL's guard. There is no IMalloc.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t UINT, ULONG, DWORD, BOOL;
typedef int32_t LONG;
typedef int64_t LONGLONG;
typedef void *HANDLE, *LPVOID, *PVOID;
typedef size_t SIZE_T;
typedef unsigned char BYTE;
typedef wchar_t WCHAR, *PWSTR, *LPWSTR;
typedef const wchar_t *LPCWSTR, *PCWSTR;

#define MIDL_INTERFACE(x) interface
#define TRUE 1u
#define FALSE 0u
#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif

typedef struct _GUID {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t Data4[8];
} GUID;
typedef GUID IID;
typedef GUID CLSID;

#ifdef __cplusplus
#define REFGUID const GUID &
#define REFIID const IID &
#define REFCLSID const IID &
inline bool operator==(REFGUID one, REFGUID other)
{
    return memcmp(&one, &other, sizeof one) == 0;
}
inline bool operator!=(REFGUID one, REFGUID other)
{
    return !(one == other);
}
#else
#define REFGUID const GUID *
#define REFIID const IID *
#define REFCLSID const IID *
#endif

#define STDMETHODCALLTYPE
#define STDAPICALLTYPE
#define STDAPI EXTERN_C HRESULT STDAPICALLTYPE
#define WINAPI
#define interface struct
#if defined(__cplusplus) && !defined(CINTERFACE)
#define STDMETHOD(method) virtual HRESULT STDMETHODCALLTYPE method
#define STDMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#else
#define STDMETHOD(method) HRESULT(STDMETHODCALLTYPE *method)
#define STDMETHOD_(type, method) type(STDMETHODCALLTYPE *method)
#endif

typedef LONG HRESULT;
#define SUCCEEDED(hr) (((HRESULT)(hr)) >= 0)
#define FAILED(hr) (((HRESULT)(hr)) < 0)
#define S_OK ((HRESULT)0L)
#define S_FALSE ((HRESULT)1L)
#define E_NOTIMPL ((HRESULT)0x80004001L)
#define E_NOINTERFACE ((HRESULT)0x80004002L)
#define E_POINTER ((HRESULT)0x80004003L)
#define E_OUTOFMEMORY ((HRESULT)0x8007000EL)
#define E_INVALIDARG ((HRESULT)0x80070057L)

#ifndef __IUnknown_INTERFACE_DEFINED__
#define __IUnknown_INTERFACE_DEFINED__
typedef interface IUnknown IUnknown;
typedef IUnknown *LPUNKNOWN;
EXTERN_C const IID IID_IUnknown;
#if defined(__cplusplus) && !defined(CINTERFACE)
extern "C++" {
MIDL_INTERFACE("00000000-0000-0000-c000-000000000046")
IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE QueryInterface(REFIID riid, void **object) = 0;
    virtual ULONG STDMETHODCALLTYPE AddRef() = 0;
    virtual ULONG STDMETHODCALLTYPE Release() = 0;
};
}
#else
typedef struct IUnknownVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IUnknown *This, REFIID riid, void **object);
    ULONG(STDMETHODCALLTYPE *AddRef)(IUnknown *This);
    ULONG(STDMETHODCALLTYPE *Release)(IUnknown *This);
} IUnknownVtbl;
struct IUnknown {
    IUnknownVtbl *lpVtbl;
};
#endif
#endif
