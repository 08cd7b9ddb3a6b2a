// The blocks around the noted place as boxes on a line, in the order of their addresses.
#ifndef FINDINGS_BOXES_H
#define FINDINGS_BOXES_H

#include <stdio.h>

#include "runner/run.h"

/// Returns false iff there is no block to draw.
bool boxes_draw(FILE *file, const struct run *run);

#endif
