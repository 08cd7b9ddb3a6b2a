// Makes subjects of ports: settles their policies. Calls no heap.

#include "laws/subject.h"

#include <string.h>

// The ranges of a port that states none.
#define RANGE_LEAST_BYTES ((size_t)512)
#define RANGE_MOST_BYTES ((size_t)1024 * 1024 * 1024)
#define RANGE_USUAL_BYTES ((size_t)64 * 1024)

static void default_size(size_t *size_bytes, size_t default_bytes)
{
    if (*size_bytes == 0) {
        *size_bytes = default_bytes;
    }
}

static void settle_ranges(struct heapfuzz_policies *policies)
{
    default_size(&policies->range_least_bytes, RANGE_LEAST_BYTES);
    default_size(&policies->range_most_bytes, RANGE_MOST_BYTES);
    default_size(&policies->range_usual_bytes, RANGE_USUAL_BYTES);
    default_size(&policies->range_alignment_bytes, 2 * sizeof(void *));
    if (policies->range_usual_bytes < policies->range_least_bytes) {
        policies->range_usual_bytes = policies->range_least_bytes;
    }
    if (policies->range_usual_bytes > policies->range_most_bytes) {
        policies->range_usual_bytes = policies->range_most_bytes;
    }
}

void subject_settle(struct subject *subject)
{
    struct heapfuzz_port *port = &subject->port;
    struct heapfuzz_policies *policies = &port->policies;
    default_size(&policies->alignment_bytes, 1);
    default_size(&policies->limit_bytes, SIZE_MAX);
    settle_ranges(policies);
    if (policies->zero == HEAPFUZZ_ZERO_UNSTATED) {
        policies->zero = HEAPFUZZ_ZERO_IS_EITHER;
    }
    if (policies->reallocate_to_zero == HEAPFUZZ_TO_ZERO_UNSTATED) {
        policies->reallocate_to_zero = HEAPFUZZ_TO_ZERO_IS_EITHER;
    }
    if (port->size == NULL) {
        policies->size = HEAPFUZZ_SIZE_IS_NONE;
    } else if (policies->size == HEAPFUZZ_SIZE_UNSTATED) {
        policies->size = HEAPFUZZ_SIZE_IS_AT_LEAST;
    }
}

// Returns the law of that name; LAWS iff there is none.
static unsigned find_law(const char *name)
{
    unsigned law = 0;
    while (law < LAWS && strcmp(law_name((enum law)law), name) != 0) {
        law++;
    }
    return law;
}

static const char *turn_laws_off(struct subject *subject)
{
    const struct heapfuzz_law_off *off = subject->port.policies.laws_off;
    for (; off != NULL && off->law != NULL; off++) {
        unsigned law = find_law(off->law);
        if (law == LAWS) {
            return off->law;
        }
        subject->laws_off[law] = off->reason == NULL ? "its port says so" : off->reason;
    }
    return NULL;
}

const char *subject_make(struct subject *subject, const char *name,
                         const struct heapfuzz_port *port, const struct subject_parts *parts)
{
    *subject = (struct subject){
        .name = port->name != NULL ? port->name : name,
        .sentence = port->sentence != NULL ? port->sentence : "an allocator behind a port",
        .port = *port,
        .stated = port->policies,
    };
    if (port->promises != NULL) {
        subject->promises = *port->promises;
        subject->promises.stays_used = port->promises->stays_used && port->minimize != NULL;
    }
    if (parts != NULL) {
        subject->parts = *parts;
    }
    subject_settle(subject);
    return turn_laws_off(subject);
}

bool subject_has_lanes(const struct subject *subject)
{
    return subject->port.select_cache != NULL && subject->port.minimize != NULL;
}

bool subject_survives_misuse(const struct subject *subject)
{
    const struct heapfuzz_faults *faults = subject->port.faults;
    return faults != NULL && faults->expected != NULL && faults->pages != NULL &&
           subject->port.fault != NULL && subject->port.reallocate != NULL &&
           subject->port.size != NULL;
}

const struct heapfuzz_misuses *subject_misuses(const struct subject *subject)
{
    static const struct heapfuzz_misuses none;
    static const struct heapfuzz_misuses all = {
        .free = {HEAPFUZZ_CAUGHT, HEAPFUZZ_CAUGHT, HEAPFUZZ_CAUGHT, HEAPFUZZ_CAUGHT},
        .reallocate = {HEAPFUZZ_CAUGHT, HEAPFUZZ_CAUGHT, HEAPFUZZ_CAUGHT, HEAPFUZZ_CAUGHT},
        .survives_freed_writes = true,
        .survives_writes = true,
    };
    return subject_survives_misuse(subject) ? &all
           : subject->port.misuses != NULL  ? subject->port.misuses
                                            : &none;
}

static bool has_effects(const struct heapfuzz_effects *effects)
{
    return effects->foreign != HEAPFUZZ_UNDEFINED || effects->interior != HEAPFUZZ_UNDEFINED ||
           effects->stale != HEAPFUZZ_UNDEFINED || effects->freed != HEAPFUZZ_UNDEFINED;
}

bool subject_promises_misuse(const struct subject *subject)
{
    const struct heapfuzz_misuses *misuses = subject_misuses(subject);
    return has_effects(&misuses->free) || has_effects(&misuses->reallocate) ||
           misuses->survives_freed_writes || misuses->survives_writes;
}

bool subject_takes_range(const struct subject *subject)
{
    return subject->port.open != NULL;
}

bool subject_takes_pages(const struct subject *subject)
{
    return subject->port.open == NULL && subject->port.open_pages != NULL;
}

bool subject_ignores_world(const struct subject *subject)
{
    return subject->port.open == NULL && subject->port.open_pages == NULL;
}

bool subject_can_be_measured(const struct subject *subject)
{
    const struct heapfuzz_port *port = &subject->port;
    return (port->open != NULL || (port->open_pages == NULL && port->reset != NULL)) &&
           port->policies.capacity_returns == HEAPFUZZ_YES && !port->policies.needs_process;
}

bool subject_bounds_blocks(const struct subject *subject)
{
    return subject->promises.most_taken != NULL &&
           subject->port.policies.size != HEAPFUZZ_SIZE_IS_NONE;
}

bool subject_fills_holes(const struct subject *subject)
{
    return subject->promises.most_taken != NULL && subject->promises.fills_holes &&
           (subject->promises.largest != NULL || subject_can_be_measured(subject));
}

bool subject_gives_slack(const struct subject *subject)
{
    return subject->port.policies.size_is_usable == HEAPFUZZ_YES &&
           subject->port.policies.size == HEAPFUZZ_SIZE_IS_AT_LEAST &&
           subject->laws_off[LAW_SLACK] == NULL;
}

bool subject_shows_over_reads(const struct subject *subject)
{
    return subject_takes_range(subject) && subject->port.reallocate != NULL;
}

size_t subject_allowed_bytes(const struct subject *subject, size_t size_bytes)
{
    const struct heapfuzz_policies *policies = &subject->port.policies;
    if (policies->avoid_above_bytes != 0 && size_bytes > policies->avoid_above_bytes) {
        size_bytes = policies->avoid_above_bytes;
    }
    bool is_avoided = policies->avoid_to_bytes != 0 && size_bytes >= policies->avoid_from_bytes &&
                      size_bytes <= policies->avoid_to_bytes;
    if (!is_avoided) {
        return size_bytes;
    }
    return policies->avoid_from_bytes > 0 ? policies->avoid_from_bytes - 1
                                          : policies->avoid_to_bytes + 1;
}

bool subject_size_agrees(const struct subject *subject, size_t answer, size_t size_bytes)
{
    switch (subject->port.policies.size) {
    case HEAPFUZZ_SIZE_IS_EXACT:
        return answer == size_bytes;
    case HEAPFUZZ_SIZE_IS_AT_MOST:
        return answer <= size_bytes;
    case HEAPFUZZ_SIZE_IS_NONE:
        return true;
    default:
        return answer >= size_bytes;
    }
}

bool subject_must_grant(const struct subject *subject, size_t arena_bytes, size_t since_empty_bytes,
                        size_t since_empty_blocks)
{
    return subject->promises.must_grant != NULL &&
           subject->promises.must_grant(arena_bytes, since_empty_bytes, since_empty_blocks);
}
