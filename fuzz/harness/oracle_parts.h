// What the two files behind oracle.h share.
#ifndef HARNESS_ORACLE_PARTS_H
#define HARNESS_ORACLE_PARTS_H

#include "harness/run.h"

/// GetSize answered for the slot's live block.
void oracle_check_size(struct run *run, uint32_t slot, size_t answer);

/// No fault was raised.
void oracle_check_faultless(struct run *run);

#endif
