// Hands the policies of a subject to its C program: as features of standalone.c, and as constants.
// A finding was made under these policies, some of which may have been probed.

#include "findings/csource_parts.h"

#include "runner/runner.h"
#include "world/world.h"

#define MiB ((size_t)1024 * 1024)
#define AROUND_BYTES (WORLD_PLACE_BYTES + 2 * (size_t)WORLD_PAGE_BYTES)

static bool avoids_sizes(const struct heapfuzz_policies *policies)
{
    return policies->avoid_above_bytes != 0 || policies->avoid_to_bytes != 0;
}

static void choose_port(struct csource *source)
{
    const struct subject *subject = source->plan->subject;
    const struct heapfuzz_port *port = &subject->port;
    const struct heapfuzz_policies *policies = &port->policies;
    bool takes_pages = subject_takes_pages(subject);
    csource_need(source, true, "BYTES"); // A heap may read them where it should not.
    csource_need(source, subject_takes_range(subject), "RANGE");
    csource_need(source, takes_pages, "WORLD");
    csource_need(source, !subject_ignores_world(subject), "MEMORY");
    csource_need(source, policies->range_is_zeroed, "ZEROED");
    csource_need(source, subject_gives_slack(subject), "SLACK");
    csource_need(source, port->close != NULL, "CLOSE");
    csource_need(source, port->reset != NULL, "RESET");
    csource_need(source, port->minimize != NULL, "MINIMIZE");
    csource_need(source, subject_has_lanes(subject), "LANES");
    csource_need(source, subject->promises.largest != NULL, "LARGEST");
    csource_need(source, csource_has(source, "LARGEST") || csource_has(source, "MEASURE"),
                 "CAPACITY");
    csource_need(source, subject->promises.shares_heap, "SHARES");
    csource_need(source,
                 avoids_sizes(policies) &&
                     (csource_has(source, "RELATIVE") || csource_has(source, "MEASURE")),
                 "AVOIDS"); // Other sizes are written as they are allowed.
    csource_need(source, source->end.is_substituted || source->law == LAW_REASON, "SUBSTITUTE");
    csource_need(source,
                 csource_has(source, "MEASURE") || csource_has(source, "SUBSTITUTE") ||
                     csource_has(source, "LANES"),
                 "OPENS");
    csource_need(source, source->end.most_bytes > MiB, "LARGERANGE");
    csource_need(source, source->end.most_bytes > 1024 * MiB, "HUGE");
    csource_need(source, source->law == LAWS, "GUARDS"); // No broken law came upon them.
    csource_need(source, policies->free_takes_null == HEAPFUZZ_NO, "NEEDSBLOCK");
    csource_need(source, policies->reallocate_takes_null == HEAPFUZZ_NO, "NULLALLOCATES");
    csource_need(source, policies->size_takes_null != HEAPFUZZ_YES, "SIZENEEDSBLOCK");
}

void csource_choose_policies(struct csource *source)
{
    const struct subject *subject = source->plan->subject;
    const struct heapfuzz_policies *policies = &subject->port.policies;
    bool is_zero_checked = source->checks[LAW_ZERO];
    csource_need(source, policies->size != HEAPFUZZ_SIZE_IS_NONE, "SIZE");
    csource_need(source, subject_is_exact(subject), "EXACT");
    csource_need(source, subject->port.count != NULL, "COUNT");
    csource_need(source, subject_is_repeatable(subject), "REPEATS");
    csource_need(source, policies->zero_size_bytes > 0, "ZEROSIZE");
    csource_need(source, policies->reallocate_to_zero == HEAPFUZZ_TO_ZERO_SHRINKS, "SHRINKS");
    csource_need(source,
                 is_zero_checked && csource_has(source, "REALLOCATES") &&
                     policies->reallocate_to_zero == HEAPFUZZ_TO_ZERO_FREES,
                 "FREESATZERO");
    csource_need(source, is_zero_checked && policies->zero == HEAPFUZZ_ZERO_IS_NULL, "ZEROISNULL");
    if (source->is_port) {
        choose_port(source);
    }
}

static void define(FILE *file, const char *name, size_t number)
{
    fprintf(file, "#define %s ((size_t)%zuU)\n\n", name, number);
}

// Returns the bytes of the largest memory, with its place and its guards.
static size_t space_bytes(const struct csource *source)
{
    const struct subject *subject = source->plan->subject;
    const struct heapfuzz_policies *policies = &subject->port.policies;
    size_t usual_bytes =
        subject_takes_range(subject) ? policies->range_usual_bytes : RUN_ARENA_BYTES;
    size_t most_bytes = source->end.most_bytes;
    most_bytes = most_bytes > usual_bytes ? most_bytes : usual_bytes;
    if (csource_has(source, "REGIONS")) {
        most_bytes += (WORLD_RANGES + 1) * (RUN_ADDED_BYTES + WORLD_GAP_BYTES);
    }
    return most_bytes + AROUND_BYTES + policies->range_alignment_bytes;
}

static void define_memory(FILE *file, const struct csource *source)
{
    const struct subject *subject = source->plan->subject;
    const struct heapfuzz_policies *policies = &subject->port.policies;
    bool is_range = subject_takes_range(subject);
    size_t most_bytes = world_most_bytes();
    if (is_range) {
        most_bytes = world_range_most_bytes(policies->range_alignment_bytes);
        most_bytes =
            most_bytes < policies->range_most_bytes ? most_bytes : policies->range_most_bytes;
    }
    define(file, "RANGE_ALIGNMENT", policies->range_alignment_bytes);
    define(file, "HEAP_USUAL", is_range ? policies->range_usual_bytes : RUN_ARENA_BYTES);
    define(file, "HEAP_LEAST", is_range ? policies->range_least_bytes : WORLD_LEAST_BYTES);
    define(file, "HEAP_MOST", most_bytes);
    define(file, "HEAP_SPACE", space_bytes(source));
    fprintf(file, "#define HEAP_ARENA %s\n\n#define HEAP_START %s\n\n",
            subject_ignores_world(subject) ? "((size_t)64 << 20)" : "arena_size",
            subject_ignores_world(subject) ? "((uintptr_t)0)" : "((uintptr_t)arena)");
}

static void define_port(FILE *file, const struct csource *source)
{
    const struct subject *subject = source->plan->subject;
    const struct heapfuzz_policies *policies = &subject->port.policies;
    fprintf(file, "#define PORT %s\n\n", subject->symbol);
    define(file, "ALIGNMENT", policies->alignment_bytes);
    define(file, "HIDES_FREED", subject->promises.hides_freed_bytes);
    fprintf(file, "#define HEAP_SIZE_AGREES(answer, size) ((answer) %s (size))\n\n",
            subject_is_exact(subject)                    ? "=="
            : policies->size == HEAPFUZZ_SIZE_IS_AT_MOST ? "<="
                                                         : ">=");
    define(file, "HEAP_AVOID_ABOVE",
           policies->avoid_above_bytes == 0 ? SIZE_MAX : policies->avoid_above_bytes);
    define(file, "HEAP_AVOID_FROM", policies->avoid_to_bytes == 0 ? 1 : policies->avoid_from_bytes);
    define(file, "HEAP_AVOID_TO", policies->avoid_to_bytes);
    define_memory(file, source);
}

void csource_write_policies(FILE *file, const struct csource *source)
{
    const struct heapfuzz_policies *policies = &source->plan->subject->port.policies;
    define(file, "HEAP_LIMIT", policies->limit_bytes);
    define(file, "HEAP_NULL_SIZE", policies->null_size_bytes);
    define(file, "HEAP_ZERO_SIZE", policies->zero_size_bytes);
    if (source->is_port) {
        define_port(file, source);
    }
}
