// Shared by the files behind oracle.h.
#ifndef LAWS_ORACLE_PARTS_H
#define LAWS_ORACLE_PARTS_H

#include "runner/run.h"

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

/// Writes ` in an arena of N bytes`, from a finding's point of view: nothing where the subject has
/// its memory from elsewhere. Returns the text.
#define ORACLE_ARENA_BYTES 112U
const char *oracle_arena(const struct run *run, char text[ORACLE_ARENA_BYTES]);

/// No fault was raised.
void oracle_check_faultless(struct run *run);

#endif
