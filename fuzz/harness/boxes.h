// The blocks around the noted place as boxes on a line, in the order of their addresses.
#ifndef HARNESS_BOXES_H
#define HARNESS_BOXES_H

#include <stdio.h>

#include "harness/run.h"

void boxes_draw(FILE *file, const struct run *run);

#endif
