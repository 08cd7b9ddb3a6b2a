// The heap around the place of a finding, as a table in the order of addresses: its blocks, the
// nearest live blocks on both sides, and the ranges between them.
//
//     address         block              size  by op  remark
//     heap+0x3cf7000  b1              1048577      2  resized by op 3
//     heap+0x3df7001  free            2105343
//     heap+0x3ff9000  b0                16385      1  first wrong byte: 0
#ifndef FINDINGS_TABLE_H
#define FINDINGS_TABLE_H

#include <stdio.h>

#include "runner/run.h"

/// Prints the place that was noted last: the table, or a map of the heap where the place is all of
/// it. Prints nothing iff no place was noted.
void table_print(FILE *file, const struct run *run);

#endif
