// ATL's header of CComHeap, which stands beside its siblings in <atlmem.h>. Documentation and code
// write this header's name with capitals and without, so it is there twice, each file the same:
// where a file system takes the two names for one, either will do.
#include <comheap/atl/atlmem.h>
