// Stands in for DNCP's <dncp.h> with DNCP_TYPEDEFS: GUID has no tag, WCHAR is a unit of UTF-16, and
// GUID_NULL is a variable of C++. There are no references and no interfaces.
#ifndef _SRC_INC_DNCP_H_
#define _SRC_INC_DNCP_H_

#include <stddef.h>
#include <stdint.h>

#define DNCP_TYPEDEFS
typedef void *PVOID;
typedef void *LPVOID;
typedef size_t SIZE_T;
typedef uint8_t BYTE;
typedef uint32_t UINT;
typedef int32_t LONG;
typedef uint32_t ULONG;
typedef uint32_t DWORD;
typedef int64_t LONGLONG;
#ifdef __cplusplus
typedef char16_t WCHAR;
#else
typedef uint16_t WCHAR;
#endif
typedef WCHAR *LPWSTR;
typedef WCHAR const *LPCWSTR;
typedef WCHAR OLECHAR;
typedef OLECHAR *LPOLESTR;
typedef OLECHAR const *LPCOLESTR;
typedef int32_t BOOL;
#define TRUE ((BOOL)1)
#define FALSE ((BOOL)0)
typedef int32_t HRESULT;
typedef void *HANDLE;

typedef struct {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t Data4[8];
} GUID;
typedef GUID IID;
extern IID const GUID_NULL;

#endif
