// Leads to the header of this name where the folder above is the only one on the include path.
#include "../../arrays.h"
