// A program that fails, and the trials of guesses at a simpler one.
#ifndef FINDINGS_SHRINKER_H
#define FINDINGS_SHRINKER_H

#include "language/mix.h"
#include "runner/trial.h"

#define SHRINK_TRIALS 5000U
#define SHRINK_SECONDS 60U

/// A trial that should hang may take this long: much more than any program takes that ends.
#define SHRINK_HUNG_SECONDS 1U

/// All of them together may take this long, since a reader waits.
#define SHRINK_ALL_HUNG_SECONDS 12U

/// A search begins where more ops than that are left, and draws so many programs for each op. All
/// searches together take at most so much processor time.
#define SEARCH_PROGRAMS_AN_OP 10000U
#define SEARCH_SECONDS 5U
#define SEARCH_ABOVE_OPS 3U

/// Hears how many ops are left, and how many programs ran, whenever a program became simpler, and
/// now and then during a search.
typedef void (*shrink_progress)(size_t ops, size_t programs);

struct shrinker {
    const struct plan *plan;
    const struct scope *scope; ///< Of the programs that a search draws.
    struct program *program;   ///< The simplest so far.
    struct program guess;
    trial_verdict verdict;      ///< Of the program, and of every simpler one.
    double took;                ///< Seconds, by the last trial of it; 0: there was none.
    size_t trials, trials_most; ///< Made, and allowed.
    size_t *searched;           ///< The programs drawn, in memory shared with forks.
    double search_seconds;      ///< Left for them.
    double began, ends;         ///< Then there is no time for another trial.
    shrink_progress progress;
};

/// Tries the guess. Returns whether it fails the same way: then it is the simplest program.
bool shrinker_try(struct shrinker *shrinker);

/// Returns whether there are trials and time left.
bool shrinker_has_trials(const struct shrinker *shrinker);

/// Tells the progress, if someone hears it.
void shrinker_tell(const struct shrinker *shrinker);

/// Tries other ops in the place of `count` ops.
bool shrinker_replace(struct shrinker *shrinker, size_t at, size_t count, const struct op *ops,
                      size_t ops_count);

/// Tries another op in the place of one. Tries nothing if it is the same.
bool shrinker_change(struct shrinker *shrinker, size_t at, struct op op);

#endif
