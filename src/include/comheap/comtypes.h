// The types, macros and values of COM that code with task memory uses. On Windows they are the
// system's. It owns no function and no interface.
//
// Other libraries off Windows declare such types, too: WinPR, DirectX-Headers, DXC, DNCP, Wine,
// PCSC-lite, unixODBC, X11. Include the other library first, and nothing is declared twice. This
// header knows these libraries. It also honours and sets the guards of Windows' own headers. A type
// that both have is then the other library's, with its width. An IUnknown with a virtual destructor
// is refused, since calls would take other places of its table.
//
// Where the other library comes later, or this header does not know it, define some of these before
// including a header of comheap:
//   - COMHEAP_HAS_COM_TYPES leaves out every type, macro and value with a name of COM. The
//     functions stay.
//   - COMHEAP_HAS_COM_FUNCTIONS leaves out CoTaskMemAlloc, CoGetMalloc and their kind. Wine has
//     functions of these names, with the calling convention of Windows and another heap.
//   - COMHEAP_HAS_BOOL, COMHEAP_HAS_LONG, COMHEAP_HAS_ULONG, COMHEAP_HAS_DWORD,
//     COMHEAP_HAS_LONGLONG, COMHEAP_HAS_REFIID and COMHEAP_HAS_MEMCTX leave out that type.
//     COMHEAP_HAS_WCHAR and COMHEAP_HAS_GUID do, too, if the type is declared before.
//
// The functions and interfaces of comheap keep their widths in any case. They are declared in types
// of C and in those below whose names begin with ch_.
#ifndef COMHEAP_COMTYPES_H
#define COMHEAP_COMTYPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include <comheap/api.h>

#ifdef _WIN32

#ifndef COBJMACROS
#define COBJMACROS // Makes <objbase.h> define the macros that the other branch always has.
#endif
#include <objbase.h>

typedef HRESULT ch_hresult;
typedef DWORD ch_dword;
typedef BOOL ch_bool;

#else

/// HRESULT and DWORD as comheap's own functions use them. ch_bool is BOOL, where that has 32 bits.
typedef int32_t ch_hresult;
typedef uint32_t ch_dword;

// The names that are declared already. DXC has macros in C, and types in C++ only.
#if defined(LLVM_SUPPORT_WIN_ADAPTER_H) && defined(__cplusplus)
#define COMHEAP_HAS_DXC
#endif
#if defined(_SRC_INC_DNCP_H_) && defined(DNCP_TYPEDEFS)
#define COMHEAP_HAS_DNCP
#endif
#if defined(__IUnknown_INTERFACE_DEFINED__) || defined(COMHEAP_HAS_DXC)
#define COMHEAP_HAS_IUNKNOWN // And so with the types and operators that it needs.
#endif
#if defined(COMHEAP_HAS_IUNKNOWN) || defined(COMHEAP_HAS_DNCP) || defined(WINPR_WTYPES_H) ||       \
    defined(_WINDEF_)
#define COMHEAP_HAS_BOOL
#define COMHEAP_HAS_LONG
#define COMHEAP_HAS_ULONG
#define COMHEAP_HAS_DWORD
#define COMHEAP_HAS_LONGLONG
#define COMHEAP_HAS_WCHAR
#endif
#if defined(__wintypes_h__) // PCSC-lite. Some are wider than those of Windows, and BOOL narrower.
#define COMHEAP_HAS_BOOL
#define COMHEAP_HAS_LONG
#define COMHEAP_HAS_ULONG
#define COMHEAP_HAS_DWORD
#endif
#if defined(__SQLTYPES_H) // unixODBC.
#define COMHEAP_HAS_BOOL
#define COMHEAP_HAS_ULONG
#define COMHEAP_HAS_DWORD
#define COMHEAP_HAS_WCHAR
#endif
#if defined(XMD_H) || defined(__OBJC__) // X11's BOOL and that of Objective-C have 8 bits.
#define COMHEAP_HAS_BOOL
#endif
#if defined(COMHEAP_HAS_IUNKNOWN) || defined(COMHEAP_HAS_DNCP) || defined(WINPR_WTYPES_H) ||       \
    defined(GUID_DEFINED)
#define COMHEAP_HAS_GUID
#endif
#if defined(COMHEAP_HAS_IUNKNOWN) || defined(_GUIDDEF_H_)
#define COMHEAP_HAS_EQUAL_GUIDS
#endif
#if defined(WINPR_WTYPES_H) // A pointer, in C++, too.
#define COMHEAP_HAS_REFIID
#endif
#if defined(__wtypes_h__) || defined(__wtypesbase_h__)
#define COMHEAP_HAS_MEMCTX
#endif

#if defined(_COMBASEAPI_H_) || defined(_OBJBASE_H_) // Wine.
#define COMHEAP_HAS_COM_FUNCTIONS
#endif

#ifdef __IUnknown_INTERFACE_DEFINED__ // In DirectX-Headers BOOL is unsigned.
typedef BOOL ch_bool;
#else
typedef int32_t ch_bool;
#endif

#ifndef COMHEAP_HAS_COM_TYPES

CH_RESERVED_NAMES_BEGIN

// The numbers. Their widths are those of Windows. A long of 64 bits must not widen them.
#if !defined(COMHEAP_HAS_BOOL) && !defined(BOOL)
typedef int32_t BOOL;
#endif
#ifndef COMHEAP_HAS_LONG
typedef int32_t LONG;
#endif
#ifndef COMHEAP_HAS_ULONG
typedef uint32_t ULONG;
#endif
#ifndef COMHEAP_HAS_DWORD
typedef uint32_t DWORD;
#endif
#ifndef COMHEAP_HAS_LONGLONG
typedef int64_t LONGLONG;
#endif
#ifndef BYTE
typedef unsigned char BYTE;
#endif
typedef unsigned int UINT;
typedef size_t SIZE_T;
typedef void *PVOID;
typedef void *LPVOID;
typedef void *HANDLE;

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

// Characters. WCHAR is wchar_t, of 32 bits on most systems: ported code writes L"..." and calls
// wcslen, and compiles with no other type. COM's own strings of 16 bits are ch_olechar of
// <comheap/taskstrings.h>.
#ifndef COMHEAP_HAS_WCHAR
typedef wchar_t WCHAR;
#endif
typedef WCHAR *PWSTR;
typedef WCHAR *LPWSTR;
typedef const WCHAR *PCWSTR;
typedef const WCHAR *LPCWSTR;
typedef WCHAR OLECHAR;
typedef OLECHAR *LPOLESTR;
typedef const OLECHAR *LPCOLESTR;

// Results.
#ifndef _HRESULT_DEFINED
#define _HRESULT_DEFINED
typedef int32_t HRESULT;
#endif

#ifndef S_OK
#define S_OK CH_CAST(HRESULT, 0L)
#endif
#ifndef S_FALSE
#define S_FALSE CH_CAST(HRESULT, 1L)
#endif
#ifndef NOERROR
#define NOERROR 0
#endif
#ifndef E_NOTIMPL
#define E_NOTIMPL CH_CAST(HRESULT, 0x80004001L)
#endif
#ifndef E_NOINTERFACE
#define E_NOINTERFACE CH_CAST(HRESULT, 0x80004002L)
#endif
#ifndef E_POINTER
#define E_POINTER CH_CAST(HRESULT, 0x80004003L)
#endif
#ifndef E_FAIL
#define E_FAIL CH_CAST(HRESULT, 0x80004005L)
#endif
#ifndef E_UNEXPECTED
#define E_UNEXPECTED CH_CAST(HRESULT, 0x8000FFFFL)
#endif
#ifndef E_ACCESSDENIED
#define E_ACCESSDENIED CH_CAST(HRESULT, 0x80070005L)
#endif
#ifndef E_OUTOFMEMORY
#define E_OUTOFMEMORY CH_CAST(HRESULT, 0x8007000EL)
#endif
#ifndef E_INVALIDARG
#define E_INVALIDARG CH_CAST(HRESULT, 0x80070057L)
#endif
#ifndef CO_E_OBJNOTREG
#define CO_E_OBJNOTREG CH_CAST(HRESULT, 0x800401FBL)
#endif
#ifndef CO_E_OBJISREG
#define CO_E_OBJISREG CH_CAST(HRESULT, 0x800401FCL)
#endif
#ifndef SUCCEEDED
#define SUCCEEDED(hr) (CH_CAST(HRESULT, (hr)) >= 0)
#endif
#ifndef FAILED
#define FAILED(hr) (CH_CAST(HRESULT, (hr)) < 0)
#endif

// Identifiers.
#ifndef COMHEAP_HAS_GUID
#define GUID_DEFINED
typedef struct _GUID {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t Data4[8];
} GUID;
#endif
#ifndef __IID_DEFINED__ // MIDL's files of identifiers declare both types where it is not defined.
#define __IID_DEFINED__
#define CLSID_DEFINED
typedef GUID IID;
typedef GUID CLSID;
#endif

#ifdef __cplusplus
#ifndef REFGUID
typedef const GUID &REFGUID;
#endif
#if !defined(COMHEAP_HAS_REFIID) && !defined(REFIID)
typedef const IID &REFIID;
#endif
#ifndef REFCLSID
typedef const CLSID &REFCLSID;
#endif
typedef const GUID &ch_refiid; // REFIID, where that is not a pointer.
#else
#ifndef REFGUID
typedef const GUID *REFGUID;
#endif
#if !defined(COMHEAP_HAS_REFIID) && !defined(REFIID)
typedef const IID *REFIID;
#endif
#ifndef REFCLSID
typedef const CLSID *REFCLSID;
#endif
typedef const GUID *ch_refiid;
#endif

// Whether two identifiers are the same: references in C++, pointers in C.
#ifdef __cplusplus
#ifndef COMHEAP_HAS_EQUAL_GUIDS
inline bool operator==(const GUID &one, const GUID &other)
{
    return memcmp(&one, &other, sizeof one) == 0;
}
inline bool operator!=(const GUID &one, const GUID &other)
{
    return !(one == other);
}
inline int IsEqualGUID(const GUID &one, const GUID &other)
{
    return one == other;
}
#elif !defined(IsEqualGUID) // DirectX-Headers has the operators alone, DXC not every function.
inline int ch_is_equal_guid(const GUID &one, const GUID &other)
{
    return memcmp(&one, &other, sizeof one) == 0;
}
#define IsEqualGUID(one, other) ch_is_equal_guid(one, other)
#endif
#elif !defined(IsEqualGUID)
#define IsEqualGUID(one, other) (memcmp(one, other, sizeof(GUID)) == 0)
#endif
#ifndef InlineIsEqualGUID
#define InlineIsEqualGUID(one, other) IsEqualGUID(one, other)
#endif
#ifndef IsEqualIID
#define IsEqualIID(one, other) IsEqualGUID(one, other)
#endif
#ifndef IsEqualCLSID
#define IsEqualCLSID(one, other) IsEqualGUID(one, other)
#endif

// Each source has one of its own, so that no other library's has the same symbol. Wine's <cguid.h>
// and DNCP declare theirs.
#if !defined(__CGUID_H__) && !defined(COMHEAP_HAS_DNCP) && !defined(GUID_NULL)
__attribute__((unused)) static const GUID GUID_NULL = {0, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}};
#endif

/// The contexts in which memory from COM may be used. Only MEMCTX_TASK has an allocator.
#ifndef COMHEAP_HAS_MEMCTX
typedef enum tagMEMCTX {
    MEMCTX_SAME = -2,
    MEMCTX_UNKNOWN = -1,
    MEMCTX_TASK = 1,
    MEMCTX_SHARED = 2,
    MEMCTX_MACSYSTEM = 3
} MEMCTX;
#endif

// The words that declare interfaces and their methods. Calls are those of C on every system except
// Windows. `interface` itself is in ATL's folder: as a macro it would take the word from code
// that is not ported.
#ifndef WINAPI
#define WINAPI
#endif
#ifndef CALLBACK
#define CALLBACK
#endif
#ifndef STDMETHODCALLTYPE
#define STDMETHODCALLTYPE
#endif
#ifndef STDAPICALLTYPE
#define STDAPICALLTYPE
#endif
#ifndef EXTERN_C
#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif
#endif
#ifndef STDAPI
#define STDAPI EXTERN_C HRESULT STDAPICALLTYPE
#endif
#ifndef STDAPI_
#define STDAPI_(type) EXTERN_C type STDAPICALLTYPE
#endif
#ifndef STDMETHODIMP
#define STDMETHODIMP HRESULT STDMETHODCALLTYPE
#endif
#ifndef STDMETHODIMP_
#define STDMETHODIMP_(type) type STDMETHODCALLTYPE
#endif
#ifndef STDMETHOD
#if defined(__cplusplus) && !defined(CINTERFACE)
#define STDMETHOD(method) virtual HRESULT STDMETHODCALLTYPE method
#define STDMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#else
#define STDMETHOD(method) HRESULT(STDMETHODCALLTYPE *method)
#define STDMETHOD_(type, method) type(STDMETHODCALLTYPE *method)
#endif
#endif

// Declares an interface with an identifier, which __uuidof returns where the compiler has that:
// Clang with -fms-extensions.
#ifndef MIDL_INTERFACE
#if defined(__clang__) && defined(__cplusplus) && defined(_NATIVE_WCHAR_T_DEFINED)
#define MIDL_INTERFACE(uuid_string) struct __declspec(uuid(uuid_string))
#else
#define MIDL_INTERFACE(uuid_string) struct
#endif
#endif

CH_RESERVED_NAMES_END

#endif

#endif

#endif
