// COM's header of IMalloc and IMallocSpy. <objbase.h> has all of it.
#include "objbase.h"
