// ATL's header of CComHeap and of strings in task memory. CComHeap and its siblings are in
// <atlmem.h>. Documentation and code spell this header's name with capitals and without, so it
// exists twice, with equal contents. A file system that ignores case keeps one of the two, and
// either works.
#include "atlmem.h"
#include "atltask.h"
