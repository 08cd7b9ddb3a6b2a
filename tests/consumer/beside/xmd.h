// Stands in for X11's <Xmd.h>: BOOL has 8 bits.
#ifndef XMD_H
#define XMD_H

typedef int INT32;
typedef unsigned char CARD8;
typedef CARD8 BYTE;
typedef CARD8 BOOL;

#endif
