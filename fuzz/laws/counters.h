// The counters of a run: calls by verb and outcome, checks by law, states reached. A run that did
// nothing must not look like one that found nothing.
#ifndef LAWS_COUNTERS_H
#define LAWS_COUNTERS_H

#include "language/op.h"
#include "laws/language_law.h"
#include "laws/law.h"

/// Outcomes of a call. DONE also counts ops that make no call.
#define OUTCOMES_DEF(OUTCOME)                                                                      \
    OUTCOME(DONE, "done")                                                                          \
    OUTCOME(GRANTED, "granted")                                                                    \
    OUTCOME(IN_PLACE, "in place")                                                                  \
    OUTCOME(MOVED, "moved")                                                                        \
    OUTCOME(OVER_LIMIT, "over limit")                                                              \
    OUTCOME(NO_ROOM, "no room")                                                                    \
    OUTCOME(NO_PAGES, "no pages")                                                                  \
    OUTCOME(EXTENSION, "by a spy")

enum outcome {
#define OUTCOME(id, name) OUTCOME_##id,
    OUTCOMES_DEF(OUTCOME)
#undef OUTCOME
        OUTCOMES
};

/// A state that is hard to reach; reach.def has a sentence for each.
enum reach {
#define REACH_DEF(id, name, family, sentence) REACH_##id,
#include "laws/reach.def"
#undef REACH_DEF
    REACHES
};

/// Reasons for which the answers of a pair may differ.
#define DIFFERENCES_DEF(DIFFERENCE)                                                                \
    DIFFERENCE(LIMIT, "limit", "the size is over the limit of only one")                           \
    DIFFERENCE(ROOM, "room", "one has no room, and need not have it")                              \
    DIFFERENCE(PAGES, "pages", "the world refused one a page")                                     \
    DIFFERENCE(INEXACT, "inexact", "one may report a larger size")                                 \
    DIFFERENCE(NULL_SIZE, "null-size", "they document GetSize(NULL) differently")

enum difference {
#define DIFFERENCE_ID(id, name, sentence) DIFFERENCE_##id,
    DIFFERENCES_DEF(DIFFERENCE_ID)
#undef DIFFERENCE_ID
        DIFFERENCES
};

/// The law that ended a run.
struct broken {
    uint8_t law; ///< Its number, from 1; laws of the language follow those of a heap; 0: none.
    uint64_t op; ///< The op's number, from 1; 0: no op, as at the end of a program.
};

/// The most bytes of an input that are kept.
#define INPUT_KEPT_BYTES 4096U

struct counters {
    struct broken broken; ///< First, because scripts of the tests write its law.
    uint64_t programs;
    uint64_t calls; ///< Calls of the subject that ops made, each checked against the laws.
    uint64_t calls_by[VERBS][OUTCOMES];
    uint64_t checks_by[LAWS];
    uint64_t reached[REACHES];
    uint64_t reached_after[REACHES];   ///< The number of calls before the first time.
    uint64_t compared_by[VERBS];       ///< Answers of a pair,
    uint64_t differed_by[DIFFERENCES]; ///< those that may differ and did,
    uint64_t given_up;                 ///< and requests that left their slot empty for it.
    uint64_t inputs_by[READINGS];      ///< Of the op language, taken for a text and for a trace,
    uint64_t checks_by_language[LANGUAGE_LAWS]; ///< and its own laws.
    uint64_t most_live_blocks;
    uint64_t most_live_bytes;
    uint64_t most_committed_bytes;

    /// The input that an engine's target runs. A process may end in ways that no engine notices.
    struct {
        bool is_running;
        uint32_t size_bytes;
        uint8_t bytes[INPUT_KEPT_BYTES];
    } input;
};

/// Never NULL. The process's own, until counters_share.
extern struct counters *counters;

/// Keeps the counters in a file from now on. Another process can then watch them, even after this
/// one has crashed. Returns false, with errno set, iff the file can't be written.
bool counters_share(const char *path);

/// Keeps the counters where this process's forks count, too. Returns false iff there is no memory.
bool counters_share_with_forks(void);

/// Records a broken law by the number that finding_end takes. The process is about to end.
void counters_break(unsigned number, size_t op);

/// Returns whether a broken law is recorded. Counters can come from a file, and so have any value.
bool broken_is_noted(const struct broken *broken);

/// Return the name and the sentence of the recorded law.
const char *broken_name(const struct broken *broken);
const char *broken_sentence(const struct broken *broken);

const char *outcome_name(enum outcome outcome);
const char *reach_name(enum reach reach);
enum family reach_family(enum reach reach);
const char *difference_name(enum difference difference);

/// Writes the tables, in the order of op.def, laws.def and reach.def. Brief ones leave out the laws
/// that were not checked and the states that were not reached.
void counters_print(const struct counters *done, bool is_brief);

#endif
