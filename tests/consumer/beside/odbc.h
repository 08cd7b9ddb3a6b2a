// Stands in for unixODBC's <sqltypes.h>: BOOL is a macro, ULONG is as wide as long, and WCHAR has
// 16 bits.
#ifndef __SQLTYPES_H
#define __SQLTYPES_H

#define CALLBACK
#define BOOL int
typedef char CHAR;
typedef unsigned short WORD;
typedef unsigned int DWORD;
typedef unsigned char BYTE;
typedef unsigned short WCHAR;
typedef WCHAR *LPWSTR;
typedef const WCHAR *LPCWSTR;
typedef unsigned int UINT;
typedef unsigned long ULONG;

#endif
