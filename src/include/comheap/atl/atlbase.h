// ATL's header of CComAllocator and CComHeapPtr. Of the rest of ATL's it has nothing.
#include <comheap/atl/atlalloc.h>
