// Stands in for PCSC-lite's <wintypes.h>: BOOL is short, and the other numbers are as wide as long.
#ifndef __wintypes_h__
#define __wintypes_h__

#ifndef BYTE
typedef unsigned char BYTE;
#endif
typedef unsigned long ULONG;
typedef void *LPVOID;
typedef unsigned long DWORD;
typedef long LONG;
typedef const char *LPCSTR;
typedef short BOOL;
typedef unsigned short WORD;

#endif
