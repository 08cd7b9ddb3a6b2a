// The counters, in this process's memory or in a file that another one watches.

#include "laws/counters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "world/os.h"

#define BYTES_TEXT 32U

static struct counters own;
struct counters *counters = &own;

bool counters_share(const char *path)
{
    void *shared = os_share_file(path, sizeof *counters);
    if (shared == NULL) {
        return false;
    }
    counters = shared;
    return true;
}

bool counters_share_with_forks(void)
{
    if (counters == &own) {
        void *shared = os_share(sizeof own);
        if (shared == NULL) {
            return false;
        }
        memcpy(shared, &own, sizeof own);
        counters = shared;
    }
    return true;
}

void counters_break(unsigned number, size_t op)
{
    counters->broken = (struct broken){.law = (uint8_t)(number + 1), .op = op};
}

bool broken_is_noted(const struct broken *broken)
{
    return broken->law >= 1 && broken->law <= (unsigned)LAWS + LANGUAGE_LAWS;
}

const char *broken_name(const struct broken *broken)
{
    unsigned number = broken->law - 1U;
    return number < LAWS ? law_name((enum law)number)
                         : language_law_name((enum language_law)(number - LAWS));
}

const char *broken_sentence(const struct broken *broken)
{
    unsigned number = broken->law - 1U;
    return number < LAWS ? law_sentence((enum law)number)
                         : language_law_sentence((enum language_law)(number - LAWS));
}

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[OUTCOMES] = {
#define OUTCOME(id, name) name,
        OUTCOMES_DEF(OUTCOME)
#undef OUTCOME
    };
    return names[outcome];
}

static const struct {
    const char *name;
    enum family family;
    const char *sentence;
} reaches[REACHES] = {
#define REACH_DEF(id, name, family, sentence) [REACH_##id] = {name, FAMILY_##family, sentence},
#include "laws/reach.def"
#undef REACH_DEF
};

const char *reach_name(enum reach reach)
{
    return reaches[reach].name;
}

enum family reach_family(enum reach reach)
{
    return reaches[reach].family;
}

static void print_cell(uint64_t count)
{
    if (count == 0) {
        printf("%12s", ".");
    } else {
        printf("%12" PRIu64, count);
    }
}

static void print_calls(const struct counters *done)
{
    printf("%-20s", "calls");
    for (unsigned outcome = 0; outcome < OUTCOMES; outcome++) {
        printf("%12s", outcome_name((enum outcome)outcome));
    }
    printf("\n");
    for (unsigned verb = 0; verb < VERBS; verb++) {
        uint64_t sum = 0;
        for (unsigned outcome = 0; outcome < OUTCOMES; outcome++) {
            sum += done->calls_by[verb][outcome];
        }
        if (sum == 0) {
            continue;
        }
        printf("%-20s", verb_name((enum verb)verb));
        for (unsigned outcome = 0; outcome < OUTCOMES; outcome++) {
            print_cell(done->calls_by[verb][outcome]);
        }
        printf("\n");
    }
}

const char *difference_name(enum difference difference)
{
    static const char *const names[DIFFERENCES] = {
#define DIFFERENCE(id, name, sentence) name,
        DIFFERENCES_DEF(DIFFERENCE)
#undef DIFFERENCE
    };
    return names[difference];
}

static void print_pair(const struct counters *done)
{
    static const char *const sentences[DIFFERENCES] = {
#define DIFFERENCE(id, name, sentence) sentence,
        DIFFERENCES_DEF(DIFFERENCE)
#undef DIFFERENCE
    };
    if (done->checks_by[LAW_PAIR] == 0) {
        return;
    }
    printf("\n%-20s%12s\n", "compared", "answers");
    for (unsigned verb = 0; verb < VERBS; verb++) {
        if (done->compared_by[verb] > 0) {
            printf("%-20s%12" PRIu64 "\n", verb_name((enum verb)verb), done->compared_by[verb]);
        }
    }
    printf("\n%-12s%12s  %s\n", "differed", "answers", "because");
    for (unsigned i = 0; i < DIFFERENCES; i++) {
        printf("%-12s", difference_name((enum difference)i));
        print_cell(done->differed_by[i]);
        printf("  %s\n", sentences[i]);
    }
    printf("%-12s", "given up");
    print_cell(done->given_up);
    printf("  requests: both have to hold the same blocks\n");
}

// Prints in the largest unit of which there are at least ten. A number above 0 is never printed as
// 0.
static const char *print_bytes(uint64_t bytes, char text[BYTES_TEXT])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (bytes >= UINT64_C(10240) && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1024;
        unit++;
    }
    (void)snprintf(text, BYTES_TEXT, "%" PRIu64 " %s", bytes,
                   bytes == 1 && unit == 0 ? "byte" : units[unit]);
    return text;
}

static void print_broken(const struct broken *broken)
{
    printf("\nlaw %s was broken", broken_name(broken));
    printf(broken->op > 0 ? " at op %" PRIu64 "\n" : "\n", broken->op);
}

void counters_print(const struct counters *done, bool is_brief)
{
    char live[BYTES_TEXT];
    char committed[BYTES_TEXT];
    print_calls(done);
    printf("\n%-12s%12s  %s\n", "law", "checks", "that");
    for (unsigned law = 0; law < LAWS; law++) {
        if (is_brief && done->checks_by[law] == 0) {
            continue;
        }
        printf("%-12s", law_name((enum law)law));
        print_cell(done->checks_by[law]);
        printf("  %s\n", law_sentence((enum law)law));
    }
    printf("\n%-16s%12s%12s  %s\n", "reached", "times", "after calls", "that");
    for (unsigned reach = 0; reach < REACHES; reach++) {
        if (is_brief && done->reached[reach] == 0) {
            continue;
        }
        printf("%-16s", reaches[reach].name);
        print_cell(done->reached[reach]);
        print_cell(done->reached_after[reach]);
        printf("  %s\n", reaches[reach].sentence);
    }
    print_pair(done);
    printf("\n%" PRIu64 " programs, %" PRIu64 " calls; at most %" PRIu64
           " blocks live, %s asked for, %s committed\n",
           done->programs, done->calls, done->most_live_blocks,
           print_bytes(done->most_live_bytes, live),
           print_bytes(done->most_committed_bytes, committed));
    if (broken_is_noted(&done->broken)) {
        print_broken(&done->broken);
    }
}
