// Prints which laws are off for a subject, and why: members that it left out, policies, this build.

#include "findings/laws_off.h"

#include "laws/fill.h"

// A law that is off if a condition holds.
struct law_off {
    bool is_off;
    enum law law;
    const char *why;
};

static const char no_way_to_ask[] = "it can't be asked";
static const char no_bound[] = "it states no bound";

static const char *why; // Of the law that was printed last; NULL: none was.

static const enum law *among; // Only these are printed; NULL: all.
static size_t among_count;

static bool is_wanted(enum law law)
{
    bool is_listed = among == NULL;
    for (size_t i = 0; i < among_count; i++) {
        is_listed |= among[i] == law;
    }
    return is_listed;
}

static void print_laws(FILE *file, const struct subject *subject, const struct law_off *laws,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!laws[i].is_off || !is_wanted(laws[i].law)) {
            continue;
        }
        if (why == NULL) {
            fprintf(file, "laws off for %s: %s", subject->name, law_name(laws[i].law));
        } else if (why == laws[i].why) {
            fprintf(file, ", %s", law_name(laws[i].law));
        } else {
            fprintf(file, " (%s); %s", why, law_name(laws[i].law));
        }
        why = laws[i].why;
    }
}

#define PRINT(laws) print_laws(file, subject, laws, sizeof(laws) / sizeof(laws)[0])

static void print_by_policies(FILE *file, const struct subject *subject)
{
    const struct heapfuzz_port *port = &subject->port;
    const struct heapfuzz_policies *policies = &port->policies;
    bool is_in_place = subject_stays_in_place(subject);
    const char *in_place = subject->promises.must_resize == NULL
                               ? "only held of new blocks"
                               : "only held of new blocks and sizes that fit";
    const struct law_off laws[] = {
        {policies->limit_bytes == SIZE_MAX, LAW_LIMIT, "it has none"},
        {policies->alignment_bytes == 1, LAW_ALIGNED, "it states none"},
        {!is_in_place, LAW_IN_PLACE, "its blocks may move"},
        {subject->promises.must_grant == NULL, LAW_REASON, "it promises no room"},
        {is_in_place, LAW_REASON, in_place},
        {port->size != NULL && policies->size == HEAPFUZZ_SIZE_IS_NONE, LAW_EXACT_SIZE,
         "it states none"},
        {policies->size == HEAPFUZZ_SIZE_IS_AT_LEAST, LAW_EXACT_SIZE, "only held to be enough"},
        {policies->size == HEAPFUZZ_SIZE_IS_AT_MOST, LAW_EXACT_SIZE, "only held to be no more"},
        {policies->zero == HEAPFUZZ_ZERO_IS_EITHER, LAW_ZERO, "a block or NULL for 0 bytes"},
        {policies->size_takes_null != HEAPFUZZ_YES, LAW_NULL_SIZE, "it documents none"},
        {!subject_is_repeatable(subject), LAW_SAME, "only held of answers, not of addresses"},
    };
    PRINT(laws);
}

static void print_by_members(FILE *file, const struct subject *subject)
{
    const struct heapfuzz_port *port = &subject->port;
    const struct heapfuzz_promises *promises = &subject->promises;
    bool is_bounded = subject_can_be_measured(subject);
    const struct law_off laws[] = {
        {port->reallocate == NULL, LAW_PREFIX, "it can't resize"},
        {port->size == NULL, LAW_EXACT_SIZE, no_way_to_ask},
        {!subject_bounds_blocks(subject), LAW_AT_MOST, no_bound},
        {!subject_fills_holes(subject), LAW_ROOM, "it may leave holes unused"},
        {!subject_gives_slack(subject) && subject->laws_off[LAW_SLACK] == NULL, LAW_SLACK,
         "it does not give it away"},
        {!subject_shows_over_reads(subject), LAW_OVER_READ,
         "it takes no range, or does not resize"},
        {subject_shows_over_reads(subject) && promises->header_bytes == 0, LAW_OVER_READ,
         "only held of its neighbor's bytes"},
        {port->allocate_zeroed == NULL, LAW_ZEROED, "it has no such call"},
        {port->owns == NULL, LAW_MEMBER, no_way_to_ask},
        {promises->shares_heap, LAW_MEMBER, "only held of its own blocks"},
        {port->count == NULL, LAW_COUNTS, no_way_to_ask},
        {port->count == NULL && port->minimize == NULL, LAW_EMPTY, no_way_to_ask},
        {port->check == NULL, LAW_INVARIANT, no_way_to_ask},
        {port->fault == NULL, LAW_FAULTLESS, no_way_to_ask},
        {port->policies.needs_process, LAW_CAPACITY, "each program has a process of its own"},
        {promises->largest == NULL && !is_bounded && !port->policies.needs_process, LAW_CAPACITY,
         no_bound},
        {promises->most_committed == NULL, LAW_FOOTPRINT, no_bound},
        {!subject_promises_misuse(subject), LAW_MISUSE, "it does not survive it"},
        {subject_promises_misuse(subject) && !subject_survives_misuse(subject), LAW_MISUSE,
         "only held of the kinds that it promises"},
    };
    PRINT(laws);
}

static void print_by_memory(FILE *file, const struct subject *subject)
{
    static const char no_asan[] = "this build has no AddressSanitizer";
    static const char no_poison[] = "it does not poison";
    bool sees = fill_sees_poison();
    const struct law_off laws[] = {
        {subject_ignores_world(subject), LAW_INSIDE, "it has memory of its own"},
        {!subject_takes_pages(subject), LAW_PAGES, "it takes no pages of ours"},
        {!sees, LAW_WRITABLE, no_asan},
        {!sees, LAW_PAST_END, no_asan},
        {!sees, LAW_FREED, no_asan},
        {sees && !subject->promises.hides_slack, LAW_PAST_END, no_poison},
        {sees && subject->promises.hides_freed_bytes == 0, LAW_FREED, no_poison},
    };
    PRINT(laws);
}

static void print_named(FILE *file, const struct subject *subject,
                        const struct extension *extension)
{
    for (unsigned law = 0; law < LAWS; law++) {
        const char *reason = subject->laws_off[law];
        if (reason == NULL && extension != NULL) {
            reason = extension->law_off(subject, (enum law)law);
        }
        print_laws(file, subject, &(struct law_off){reason != NULL, (enum law)law, reason}, 1);
    }
}

void laws_off_print(FILE *file, const struct subject *subject, const struct extension *extension)
{
    why = NULL;
    print_by_policies(file, subject);
    print_by_members(file, subject);
    print_by_memory(file, subject);
    print_named(file, subject, extension);
    if (why != NULL) {
        fprintf(file, " (%s)\n", why);
    }
}

void laws_off_print_among(FILE *file, const struct subject *subject, const enum law *laws,
                          size_t count)
{
    among = laws;
    among_count = count;
    laws_off_print(file, subject, NULL);
    among = NULL;
    among_count = 0;
}
