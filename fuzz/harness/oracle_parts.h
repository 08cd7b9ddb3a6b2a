// What the files behind oracle.h share.
#ifndef HARNESS_ORACLE_PARTS_H
#define HARNESS_ORACLE_PARTS_H

#include "harness/run.h"

/// GetSize answered for the slot's live block.
void oracle_check_size(struct run *run, uint32_t slot, size_t answer);

/// The most that may be granted through a face.
size_t oracle_limit(const struct run *run, enum face face);

/// Whether a request must be granted, unless the world refuses a page for it.
bool oracle_must_grant(const struct run *run, size_t size_bytes);

/// Allocate and Reallocate were refused: that has a reason, and changes nothing. Return it.
enum outcome oracle_not_allocated(struct run *run, uint32_t slot, enum face face,
                                  size_t size_bytes);
enum outcome oracle_not_reallocated(struct run *run, uint32_t slot, enum face face,
                                    size_t size_bytes);

/// No fault was raised.
void oracle_check_faultless(struct run *run);

#endif
