// One call, or a loop of calls that differ only in their slot, as C, with the checks of the laws
// around it.

#include "findings/csource_parts.h"

#include <stdio.h>

#define say csource_say

static bool checks(const struct csource *source, enum law law)
{
    return csource_checks(source, law);
}

bool csource_fills(const struct csource *source)
{
    return checks(source, LAW_WRITABLE) || checks(source, LAW_PREFIX) ||
           checks(source, LAW_REFUSED) || checks(source, LAW_BYTES) || checks(source, LAW_MISUSE);
}

static void expect_size(struct csource *source, const char *law, const struct csource_names *names)
{
    csource_need(source, PART_SIZE);
    say(source, "expect_size(\"%s\", %s, %s);", law, names->block, names->size);
}

static void expect_bytes(struct csource *source, const struct csource_names *names)
{
    if (checks(source, LAW_BYTES)) {
        csource_need(source, PART_BYTES);
        say(source, "expect_bytes(\"bytes\", %s, %s, %s, %s);", names->block, names->size,
            names->size, names->before);
    }
}

// What a second run has to answer as well.
static void note(struct csource *source, const char *answer)
{
    if (checks(source, LAW_SAME)) {
        say(source, "note_same(%s);", answer);
    }
}

static bool looks_back(const struct csource *source)
{
    return checks(source, LAW_MEMBER) || checks(source, LAW_FREED);
}

// The block is given up: its bytes are looked at, then it is freed, then what is left is.
static void give_up(struct csource *source, enum verb verb, const struct csource_group *group,
                    const struct csource_names *names)
{
    char line[160];
    expect_bytes(source, names);
    if (looks_back(source)) {
        source->uses_was = true;
        say(source, "was = %s;", names->block);
    }
    csource_call(source, verb, KIND_FREE, names->block, "", line);
    if (group->slot.is_open) {
        say(source, "%s; // The run had been given none.", line);
    } else {
        say(source, "%s;", line);
    }
    say(source, "%s = NULL;", names->block);
    if (looks_back(source) && group->slot.is_live) {
        csource_need(source, PART_GONE);
        say(source, "expect_gone(was, %s);", source->has_sizes ? names->size : "0");
    }
    if (source->has_sizes) {
        say(source, "%s = 0;", names->size);
    }
}

static void refill(struct csource *source, const struct csource_names *names)
{
    if (csource_fills(source)) {
        csource_need(source, PART_FILL);
        say(source, "fill(%s, %s, %s);", names->block, names->size, names->after);
    }
}

// A block was granted or resized: where it is and what it is.
static void granted(struct csource *source, const struct csource_group *group,
                    const struct csource_names *names)
{
    if (checks(source, LAW_ALIGNED)) {
        csource_need(source, PART_ALIGNED);
        say(source, "expect_aligned(%s);", names->block);
    }
    if (source->has_sizes) {
        say(source, "%s = %s;", names->size, group->size);
    }
    if (source->needs[PART_LAST] && source->is_asked[group->first]) {
        say(source, "last_%s = %s;", names->block, names->block);
    }
    if (checks(source, LAW_DISJOINT)) {
        csource_need(source, PART_DISJOINT);
        say(source, "expect_disjoint(%s, %s);", names->block, names->size);
    }
    if (checks(source, LAW_EXACT_SIZE)) {
        expect_size(source, "exact-size", names);
    }
    if (checks(source, LAW_PAST_END)) {
        csource_need(source, PART_PAST_END);
        say(source, "expect_past_end(%s, %s);", names->block, names->size);
    }
    refill(source, names);
}

static const char *why_null(const struct csource_group *group)
{
    return group->is_over      ? " // NULL: over the limit."
           : group->is_granted ? ""
           : group->is_refused ? " // NULL in the run: no pages."
                               : " // NULL in the run: no room.";
}

static void expect_answer(struct csource *source, const struct csource_group *group,
                          const char *answer)
{
    if (group->is_over && checks(source, LAW_LIMIT)) {
        csource_need(source, PART_EXPECT);
        say(source, "expect(%s == NULL, \"limit\", \"more than the limit is granted\");", answer);
    } else if (!group->is_over && group->is_granted && checks(source, LAW_REASON)) {
        csource_need(source, PART_EXPECT);
        say(source, "expect(%s != NULL, \"reason\", \"NULL, where there is room\");", answer);
    }
}

static void allocate(struct csource *source, const struct csource_group *group,
                     const struct csource_names *names, enum csource_kind kind)
{
    char line[160];
    if (group->slot.is_live || group->slot.is_open) {
        enum verb frees = group->verb == VERB_TASK_ALLOCATE      ? VERB_TASK_FREE
                          : group->verb == VERB_IMALLOC_ALLOCATE ? VERB_IMALLOC_FREE
                                                                 : VERB_FREE;
        give_up(source, frees, group, names);
    }
    csource_call(source, group->verb, kind, kind == KIND_ALLOCATE ? "" : "NULL", group->size, line);
    say(source, "%s = %s;%s", names->block, line, why_null(group));
    note(source, names->block);
    expect_answer(source, group, names->block);
    if (group->is_granted && !group->is_over) {
        granted(source, group, names);
    } else if (source->has_sizes && group->is_over) {
        say(source, "%s = 0;", names->size);
    } else if (source->has_sizes) {
        say(source, "%s = %s == NULL ? 0 : %s;", names->size, names->block, group->size);
    }
}

// Reallocate was refused in the run. Where it is not, the block has moved on.
static void refused(struct csource *source, const struct csource_group *group,
                    const struct csource_names *names, const char *line)
{
    if (group->is_over && !checks(source, LAW_REFUSED) && !checks(source, LAW_LIMIT)) {
        say(source, "(void)%s;%s", line, why_null(group));
        return;
    }
    source->uses_answer = true;
    say(source, "answer = %s;%s", line, why_null(group));
    note(source, "answer");
    expect_answer(source, group, "answer");
    if (!group->is_over) {
        say(source, "if (answer != NULL) {");
        source->depth++;
        say(source, "%s = answer;", names->block);
        if (source->has_sizes) {
            say(source, "%s = %s;", names->size, group->size);
        }
        if (csource_fills(source)) {
            csource_need(source, PART_FILL);
            say(source, "fill(%s, %s, %s);", names->block, names->size, names->before);
        }
        source->depth--;
        say(source, "}");
    }
    if (checks(source, LAW_REFUSED)) {
        expect_size(source, "refused", names);
        csource_need(source, PART_BYTES);
        say(source, "expect_bytes(\"refused\", %s, %s, %s, %s);", names->block, names->size,
            names->size, names->before);
        if (source->has_world) {
            csource_need(source, PART_COUNTS);
            say(source, "expect_counts(\"refused\");");
        }
    }
}

static void reallocate_to_zero(struct csource *source, const struct csource_group *group,
                               const struct csource_names *names, const char *line)
{
    bool looks = looks_back(source);
    if (looks) {
        source->uses_was = true;
        say(source, "was = %s;", names->block);
    }
    if (checks(source, LAW_ZERO)) {
        csource_need(source, PART_EXPECT);
        say(source, "expect(%s == NULL, \"zero\", \"Reallocate to 0 is not NULL\");", line);
    } else {
        say(source, "(void)%s;", line);
    }
    say(source, "%s = NULL;", names->block);
    if (looks && group->slot.is_live) {
        csource_need(source, PART_GONE);
        say(source, "expect_gone(was, %s);", names->size);
    }
    if (source->has_sizes) {
        say(source, "%s = 0;", names->size);
    }
}

static void reallocate(struct csource *source, const struct csource_group *group,
                       const struct csource_names *names)
{
    char line[160];
    if (!group->slot.is_live) {
        allocate(source, group, names, KIND_REALLOCATE);
        return;
    }
    expect_bytes(source, names);
    csource_call(source, group->verb, KIND_REALLOCATE, names->block, group->size, line);
    if (group->size_bytes == 0) {
        reallocate_to_zero(source, group, names, line);
        return;
    }
    if (group->is_over || !group->is_granted) {
        refused(source, group, names, line);
        return;
    }
    if (looks_back(source)) {
        source->uses_was = true;
        say(source, "was = %s;", names->block);
    }
    say(source, "%s = %s;", names->block, line);
    note(source, names->block);
    expect_answer(source, group, names->block);
    if (checks(source, LAW_PREFIX)) {
        csource_need(source, PART_BYTES);
        say(source, "expect_bytes(\"prefix\", %s, %s, %s, %s);", names->block, names->size,
            group->size, names->before);
    }
    if (looks_back(source)) {
        csource_need(source, PART_GONE);
        say(source, "if (%s != NULL && %s != was) {", names->block, names->block);
        source->depth++;
        say(source, "expect_gone(was, %s);", names->size);
        source->depth--;
        say(source, "}");
    }
    granted(source, group, names);
}

static void one(struct csource *source, const struct csource_group *group,
                const struct csource_names *names)
{
    char line[160];
    switch (group->verb) {
    case VERB_ALLOCATE:
    case VERB_TASK_ALLOCATE:
    case VERB_IMALLOC_ALLOCATE:
        allocate(source, group, names, KIND_ALLOCATE);
        break;
    case VERB_REALLOCATE:
    case VERB_TASK_REALLOCATE:
    case VERB_IMALLOC_REALLOCATE:
        reallocate(source, group, names);
        break;
    case VERB_FREE:
    case VERB_TASK_FREE:
    case VERB_IMALLOC_FREE:
        if (group->slot.is_live || group->slot.is_open) {
            give_up(source, group->verb, group, names);
        } else {
            csource_call(source, group->verb, KIND_FREE, "NULL", "", line);
            say(source, "%s;", line);
        }
        break;
    case VERB_SIZE:
    case VERB_IMALLOC_SIZE:
        csource_ask_size(source, group, names);
        break;
    case VERB_OWNS:
    case VERB_OWNS_ADDRESS:
        csource_ask_owner(source, group, names);
        break;
    case VERB_BAD_FREE:
    case VERB_BAD_REALLOCATE:
    case VERB_BAD_ADDRESS:
    case VERB_SCRIBBLE:
        csource_misuse(source, group, names);
        break;
    case VERB_CHECK:
        expect_bytes(source, names);
        break;
    case VERB_WRITE:
    case VERB_PATTERN: // In C every block is filled in its own way.
        refill(source, names);
        break;
    default:
        break;
    }
}

void csource_calls(struct csource *source, const struct csource_group *group)
{
    struct csource_names names;
    struct csource_group called = *group;
    csource_begin(source, group, &names);
    if (group->is_relative) {
        source->uses_wanted = true;
        if (group->first != group->last) {
            say(source, "wanted = %s;", group->size);
        } else {
            say(source, "wanted = %s; // %zu", group->size, group->size_bytes);
        }
        (void)snprintf(called.size, sizeof called.size, "wanted");
    }
    one(source, &called, &names);
    csource_end(source, group);
}

void csource_look(struct csource *source, const struct csource_group *group)
{
    struct csource_names names;
    csource_begin(source, group, &names);
    if (checks(source, LAW_EXACT_SIZE)) {
        expect_size(source, "exact-size", &names);
    }
    expect_bytes(source, &names);
    if (checks(source, LAW_MISUSE)) {
        expect_size(source, "misuse", &names);
        csource_need(source, PART_BYTES);
        say(source, "expect_bytes(\"misuse\", %s, %s, %s, %s);", names.block, names.size,
            names.size, names.before);
    }
    csource_end(source, group);
}
