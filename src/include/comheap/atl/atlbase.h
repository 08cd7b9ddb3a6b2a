// ATL's main header: all that comheap has of ATL except for the list of <atlcoll.h>. The rest of
// ATL's header is not here.
#include "atlmem.h"
#include "atltask.h"
