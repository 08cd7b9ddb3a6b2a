// A picture of the heap around a place, as text: the blocks in the order of their addresses, what
// lies between them, and a mark.
//
//     +0x3fda000     +0x3ffa000
//     | b1: 131072   | b0: 16385    |
//                     ^ the first wrong byte
#ifndef FINDINGS_PICTURE_H
#define FINDINGS_PICTURE_H

#include <stdio.h>

#include "runner/run.h"

/// Draws the place that was noted last; nothing where none was.
void picture_draw(FILE *file, const struct run *run);

#endif
