// ATL's header of CHeapPtr. The rest of ATL's header is not here.
#include "atlalloc.h"
