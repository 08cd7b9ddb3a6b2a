// Answers of a run: kept for a report, and compared with those of another run.
#ifndef RUNNER_ANSWERS_H
#define RUNNER_ANSWERS_H

#include "runner/run.h"

/// Whether what is at the address that the run's op asks about is the same wherever blocks are: of
/// NULL and what is too low for any block, of a live block and of its inside.
bool run_is_anywhere(const struct run *run, uint32_t slot, size_t size_bytes);

/// Whether another run may find something else there.
bool run_is_elsewhere(const struct run *run, uint32_t slot, size_t size_bytes);

/// Keeps the answer of the call that has been made, and then how it came out.
void run_answer(struct run *run, struct answer made);
void run_count(struct run *run, enum outcome outcome);

/// What of an answer must be the same in a second run: a pointer's place in the world where the
/// subject gives equal addresses, and otherwise whether there is one; a size only where it is
/// exact; of an address only what does not hang on where blocks are.
uint64_t run_visible_part(const struct run *run, const struct answer *made);

/// Writes an answer as a report has it. Returns the text.
#define ANSWER_TEXT_BYTES 24U
const char *run_answer_text(const struct answer *answer, char text[ANSWER_TEXT_BYTES]);

#endif
