// ATL's header of CComAllocator and CComHeapPtr. The rest of ATL's header is not here.
#include <comheap/atl/atlalloc.h>
