// The end of a process in which a precondition does not hold. It says which one, without
// allocating.
//
// This file knows no condition.

#include "engine/assert.h"

#include <stdio.h>
#include <stdlib.h>

#include "pages/print.h"

void ch_assert_fail(const char *condition, const char *function)
{
    char line[256];
    int length = snprintf(line, sizeof line, "comheap: a bug of comheap: %s does not hold in %s\n",
                          condition, function);
    size_t printed = (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
    ch_print_error(line, printed);
    abort();
}
