// The header of OLE, which brings COM's. <objbase.h> has all of it.
#include "objbase.h"
