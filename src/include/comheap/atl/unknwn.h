// COM's header of IUnknown. <objbase.h> has all of it.
//
// DirectX-Headers includes its own by this name, and declares types that ours would conflict with.
// So if another library on the include path has this header and no <objbase.h>, its header comes
// first.
#pragma GCC system_header // ISO C has no #include_next, and Clang warns of it.
#ifdef __has_include_next
#if __has_include_next(<unknwn.h>) && !__has_include_next(<objbase.h>)
#include_next <unknwn.h>
#endif
#endif

#include "objbase.h"
