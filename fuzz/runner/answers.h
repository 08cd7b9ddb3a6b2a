// The answers of a run. They are kept for a report, and compared with those of another run.
#ifndef RUNNER_ANSWERS_H
#define RUNNER_ANSWERS_H

#include "runner/run.h"

/// Returns whether the answer about the address of the run's op is the same wherever blocks are. It
/// is for NULL, for an address too low for any block, and for a live block and its inside.
bool run_is_anywhere(const struct run *run, uint32_t slot, size_t size_bytes);

/// Returns whether another run may find something else at the address.
bool run_is_elsewhere(const struct run *run, uint32_t slot, size_t size_bytes);

/// Keep the answer of the call that has been made, and then its outcome.
void run_answer(struct run *run, struct answer made);
void run_count(struct run *run, enum outcome outcome);

/// Returns the part of an answer that must be the same in a second run. Of a pointer it is the
/// offset in the world where the subject returns equal addresses. Otherwise it is whether there is
/// one. Of a size it is the size where sizes are exact. Of an address it is only the part that does
/// not depend on where blocks are.
uint64_t run_visible_part(const struct run *run, const struct answer *made);

/// Writes an answer as a report prints it. Returns the text.
#define ANSWER_TEXT_BYTES 24U
const char *run_answer_text(const struct answer *answer, char text[ANSWER_TEXT_BYTES]);

#endif
