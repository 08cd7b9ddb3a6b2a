// ATL's header of CHeapPtr. Of the rest of ATL's it has nothing.
#include <comheap/atl/atlalloc.h>
