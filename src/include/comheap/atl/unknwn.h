// COM's header of IUnknown. <objbase.h> has all of it.
#include "objbase.h"
