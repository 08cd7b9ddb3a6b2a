// The header of Windows' shell, which has the allocator of COM: SHGetMalloc, SHAlloc and SHFree.
// <objbase.h> has all of it. The rest of the shell's header is not here.
#include "objbase.h"
