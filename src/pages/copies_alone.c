// Copies of the library, where this one knows of no other.

#include "pages/copies.h"

#include <stddef.h>

struct ch_copies ch_copies_find(void)
{
    return (struct ch_copies){.first = NULL};
}
