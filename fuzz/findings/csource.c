// The run that is recorded, and what has to be known of a program before its first line is written.

#include "findings/csource.h"

#include <stdlib.h>
#include <string.h>

#include "com/com_calls.h"
#include "findings/csource_parts.h"
#include "findings/report.h"
#include "runner/runner.h"
#include "world/os.h"
#include "world/world.h"

// Up to so many slots have a variable each; more are an array.
#define NAMED_SLOTS 8U

const struct csource_compile *csource_compile(const struct subject *subject)
{
    static const struct csource_compile comheap = {"cc ", " -lcomheap"};
    static const struct csource_compile libc = {"cc ", ""};
    return strcmp(subject->name, "comheap") == 0 ? &comheap
           : strcmp(subject->name, "libc") == 0  ? &libc
                                                 : NULL;
}

static struct csource_record *record; // Of the run that is being recorded; shared with it.
static size_t record_capacity;

static void note_answer(const struct run *run)
{
    const struct answer *answer = &run->answers[run->op_index];
    bool is_noted = answer->kind == ANSWER_POINTER || csource_is_misuse(run->verb);
    if (is_noted && record->answers_made < record_capacity) {
        record->answers[record->answers_made].block = answer->value;
        record->answers[record->answers_made].is_refused =
            world_refusals() != run->heap.refusals_before;
        record->answers[record->answers_made].misused = (int)answer->kind;
        record->answers[record->answers_made].misused_bytes = answer->size_bytes;
        record->answers_made++;
    }
}

static void note_op(const struct run *run)
{
    record->ops_done = run->op_index + 1;
}

static size_t record_bytes(void)
{
    return sizeof *record + record_capacity * sizeof record->answers[0];
}

static void run_recorded(struct csource *source)
{
    struct plan plan = *source->plan;
    record_capacity = source->program->count + RUN_REPEATED_CALLS + 1;
    record = os_share(record_bytes());
    if (record == NULL) {
        perror("heapfuzz: no memory to record a run");
        exit(2);
    }
    plan.before_op = NULL;
    plan.after_op = note_op;
    plan.on_answer = note_answer;
    source->verdict = trial_run(&plan, source->program);
    source->broken_op = source->verdict == TRIAL_CLEAN ? source->program->count : record->ops_done;
    source->record = record;
    source->law = LAWS;
    if (source->verdict >= FINDING_FIRST_STATUS && source->verdict < FINDING_FIRST_STATUS + LAWS) {
        source->law = (enum law)(source->verdict - FINDING_FIRST_STATUS);
    }
}

bool csource_checks(const struct csource *source, enum law law)
{
    bool is_asked = source->verdict == TRIAL_CLEAN || source->law == law;
    switch (law) {
    case LAW_MEMBER:
    case LAW_COUNTS:
    case LAW_EMPTY:
    case LAW_CAPACITY:
    case LAW_FOOTPRINT:
    case LAW_INVARIANT:
    case LAW_FAULTLESS:
    case LAW_PAST_END:
    case LAW_FREED:
        return is_asked && source->has_world;
    case LAW_MISUSE:
        return is_asked && source->has_misuse;
    case LAW_SAME:
        return source->law == law && source->has_world;
    case LAW_COM:
        return is_asked && source->has_com;
    case LAW_PAGES:
        return is_asked && source->needs[PART_PAGES];
    case LAW_REASON:
    case LAW_LIMIT:
    case LAW_ALIGNED:
    case LAW_EXACT_SIZE:
    case LAW_DISJOINT:
    case LAW_WRITABLE:
    case LAW_PREFIX:
    case LAW_REFUSED:
    case LAW_ZERO:
    case LAW_NULL_SIZE:
    case LAW_BYTES:
        return is_asked;
    default: // It takes more than the calls of one program to see it.
        return false;
    }
}

static bool takes_size(enum verb verb)
{
    return strchr(verb_operands(verb), 'z') != NULL;
}

// Looks a program through for what has to be known before its first line.
static void prepare(struct csource *source)
{
    static const enum law sizes[] = {LAW_EXACT_SIZE, LAW_DISJOINT, LAW_WRITABLE, LAW_PAST_END,
                                     LAW_FREED,      LAW_PREFIX,   LAW_REFUSED,  LAW_BYTES,
                                     LAW_COUNTS,     LAW_MISUSE};
    bool has_pages = source->law == LAW_PAGES || source->law == LAW_BYTES ||
                     source->law == LAW_PREFIX || source->law == LAW_COUNTS ||
                     source->law == LAW_EMPTY || source->law == LAW_SAME;
    size_t used = 0;
    uint32_t repeats = 0;
    for (size_t i = 0; i < source->program->count && i <= source->broken_op; i++) {
        struct op op = source->program->ops[i];
        has_pages = has_pages || op.verb == VERB_REFUSE || (op.verb == VERB_WORLD && op.slot > 0);
        bool misuses = csource_is_misuse(op.verb);
        bool may_give = takes_size(op.verb) && op.verb != VERB_OWNS && !misuses;
        if (verb_takes_slot(op.verb)) {
            source->has_array = source->has_array || repeats > 0;
            for (uint32_t repeat = 0; repeat <= repeats && repeat <= RUN_REPEATED_CALLS; repeat++) {
                uint32_t slot = (op.slot + repeat) % SLOTS;
                used += may_give && !source->is_used[slot];
                source->is_used[slot] = source->is_used[slot] || may_give;
                bool is_asked = op.verb == VERB_OWNS || (misuses && source->is_used[slot]);
                source->is_asked[slot] = source->is_asked[slot] || is_asked;
                source->needs[PART_LAST] = source->needs[PART_LAST] || is_asked;
                source->slot_count = slot + 1 > source->slot_count ? slot + 1 : source->slot_count;
            }
        }
        source->has_sizes = source->has_sizes || op.verb == VERB_SCRIBBLE ||
                            (takes_size(op.verb) && csource_is_relative(op.size_code));
        source->has_lanes = source->has_lanes || (op.verb == VERB_LANE && source->has_world);
        repeats = op.verb == VERB_REPEAT ? op.slot : 0;
    }
    source->needs[PART_LAST] = source->needs[PART_LAST] && source->has_world;
    source->needs[PART_PAGES] = has_pages && source->has_world;
    source->has_array = source->has_array || used > NAMED_SLOTS || used == 0;
    source->slot_count = source->slot_count == 0 ? 1 : source->slot_count;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        source->has_sizes = source->has_sizes || csource_checks(source, sizes[i]);
    }
    if (csource_checks(source, LAW_FAULTLESS)) {
        csource_need(source, PART_FAULT);
        csource_need(source, PART_EXPECT);
    }
    if (source->has_world) {
        csource_need(source, PART_WORLD);
    }
    if (csource_checks(source, LAW_EMPTY)) {
        csource_need(source, PART_EXPECT);
    }
    if (csource_checks(source, LAW_PAGES)) {
        csource_need(source, PART_EXPECT);
    }
    if (csource_checks(source, LAW_SAME)) {
        csource_need(source, PART_SAME);
    }
    if (csource_checks(source, LAW_INVARIANT)) {
        csource_need(source, PART_HOLDS);
    }
}

static _Noreturn void no_memory(void)
{
    perror("heapfuzz: no memory to write a program as C");
    exit(2);
}

static void *allocate(size_t size_bytes)
{
    void *zeros = calloc(1, size_bytes);
    if (zeros == NULL) {
        no_memory();
    }
    return zeros;
}

static void print_main(FILE *file, const struct csource *source, const char *text)
{
    bool runs_twice = csource_checks(source, LAW_SAME);
    fprintf(file, runs_twice ? "\nstatic void run(void)\n{\n" : "\nint main(void)\n{\n");
    if (source->uses_answer) {
        fprintf(file, "    void *answer;\n");
    }
    if (source->uses_was) {
        fprintf(file, "    void *was;\n");
    }
    if (source->uses_wanted) {
        fprintf(file, "    size_t wanted;\n");
    }
    fprintf(file, "%s", text);
    if (runs_twice) {
        fprintf(file, "}\n\nint main(void)\n{\n    run();\n    noted = 0;\n"
                      "    is_second = true;\n    run();\n");
    }
    if (source->law < LAWS && csource_checks(source, source->law)) {
        fprintf(file, "    puts(\"law %s holds\");\n", law_name(source->law));
    }
    fprintf(file, "    return 0;\n}\n");
}

trial_verdict csource_write(FILE *file, const struct plan *plan, const struct program *program,
                            const char *name)
{
    struct csource source = {
        .plan = plan,
        .program = program,
        .has_world = strcmp(plan->subject->name, "comheap") == 0,
        .has_com = plan->extension != NULL && com_has_faces(plan->subject),
        .has_misuse = plan->misuses && subject_survives_misuse(plan->subject),
        .is_asked = allocate(SLOTS * sizeof *source.is_asked),
        .is_used = allocate(SLOTS * sizeof *source.is_used),
        .slots = allocate(SLOTS * sizeof *source.slots),
    };
    struct os_writer body = {0};
    run_recorded(&source);
    prepare(&source);
    source.body = os_write_bytes(&body);
    if (source.body == NULL) {
        no_memory();
    }
    csource_walk(&source);
    char *text = os_written(&body);
    if (text == NULL) {
        no_memory();
    }
    csource_parts(file, &source, name);
    print_main(file, &source, text);
    free(text);
    free(source.is_asked);
    free(source.is_used);
    free(source.slots);
    os_share_end(record, record_bytes());
    return source.verdict;
}
