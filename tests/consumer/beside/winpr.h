// Stands in for WinPR's types: <winpr/wtypes.h>. WCHAR has 16 bits, and REFIID is a pointer in C++,
// too. There are no interfaces.
#ifndef WINPR_WTYPES_H
#define WINPR_WTYPES_H

#include <stdint.h>
#include <wchar.h>

#define CALLBACK
#define WINAPI

#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif

typedef int32_t BOOL, LONG, INT, HRESULT;
typedef uint32_t UINT, ULONG, DWORD;
typedef int64_t LONGLONG;
typedef uint8_t BYTE;
typedef uintptr_t SIZE_T;
typedef void *PVOID, *LPVOID, *HANDLE;
typedef uint16_t WCHAR;
typedef WCHAR *LPWSTR, *PWSTR;
typedef const WCHAR *LPCWSTR, *PCWSTR;

typedef struct _GUID {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    BYTE Data4[8];
} GUID;
typedef GUID CLSID;
typedef GUID IID;
typedef IID *REFIID;

#define S_OK ((HRESULT)0L)
#define S_FALSE ((HRESULT)1L)
#define E_OUTOFMEMORY 0x8007000EL
#define E_INVALIDARG 0x80070057L
#define E_NOINTERFACE 0x80004002L

#endif
