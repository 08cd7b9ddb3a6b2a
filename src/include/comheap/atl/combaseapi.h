// COM's header of task memory. <objbase.h> has all of it.
#include "objbase.h"
