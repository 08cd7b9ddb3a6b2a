// Writes a program as C. Runs it for the law that it breaks, and where. That and the subject choose
// the laws and features of standalone.c. Writes no op itself, and copies no line.

#include "findings/csource.h"

#include <stdlib.h>
#include <string.h>

#include "findings/csource_parts.h"
#include "laws/fill.h"
#include "laws/finding.h"
#include "laws/oracle.h"
#include "laws/over_read.h"
#include "runner/runner.h"
#include "world/os.h"

static _Noreturn void no_memory(void)
{
    perror("heapfuzz: no memory to write a program as C");
    exit(2);
}

static struct end *shared_end; // Of the run in the other process.

static void note_memory(const struct run *run)
{
    shared_end->is_substituted |= run->heap.is_substitute;
    if (run->heap.arena_bytes > shared_end->most_bytes) {
        shared_end->most_bytes = run->heap.arena_bytes;
    }
}

static void note_end(void)
{
    const struct run *run = run_current();
    if (run != NULL) {
        note_memory(run);
        shared_end->op_index = run->op_index;
        shared_end->most_committed = oracle_most_committed(&run->heap);
        over_read_found(&shared_end->behind_at, &shared_end->behind_count);
    }
}

// Runs the program on a subject. Stores where it ends.
static trial_verdict run_on(const struct csource *source, const struct subject *subject,
                            struct end *end)
{
    struct plan plan = *source->plan;
    plan.subject = subject;
    plan.before_op = note_memory;
    plan.after_op = note_memory;
    shared_end = os_share(sizeof *shared_end);
    if (shared_end == NULL) {
        no_memory();
    }
    shared_end->op_index = SIZE_MAX;
    finding_before_end(note_end);
    trial_verdict verdict = trial_run(&plan, source->program);
    finding_before_end(NULL);
    *end = *shared_end;
    os_share_end(shared_end, sizeof *shared_end);
    return verdict;
}

static void run_once(struct csource *source)
{
    source->verdict = run_on(source, source->plan->subject, &source->end);
    unsigned number = (unsigned)source->verdict - FINDING_FIRST_STATUS;
    source->law = number < LAWS ? (enum law)number : LAWS;
}

// Returns whether the C program measures the largest block of each range, as the run did: for law
// capacity, or where the run ends otherwise if nothing was measured.
static bool is_measured(const struct csource *source)
{
    struct subject unmeasured = *source->plan->subject;
    struct end end;
    if (!source->is_port || !subject_can_be_measured(&unmeasured)) {
        return false;
    }
    unmeasured.port.policies.capacity_returns = HEAPFUZZ_NO;
    return (source->checks[LAW_CAPACITY] && unmeasured.promises.largest == NULL) ||
           run_on(source, &unmeasured, &end) != source->verdict ||
           end.op_index != source->end.op_index;
}

static const char *port_words(const struct subject *subject)
{
    const char *words = getenv("HEAPFUZZ_WORDS");
    return strncmp(subject->symbol, "port_", 5) == 0
               ? "-I fuzz/include -I src/include libcomheap_harness.a libcomheap.a"
           : words != NULL && words[0] != '\0' ? words
                                               : "-I fuzz/include my_port.c my_alloc.c";
}

void csource_print_command(FILE *file, const struct subject *subject, const char *name)
{
    const char *form = subject->parts.c_form;
    const char *headers = getenv("HEAPFUZZ_HEADERS"); // Where the port found port.h.
    fprintf(file, "cc ");
    if (form == NULL && headers != NULL) {
        fprintf(file, "-I %s ", headers);
    }
    fprintf(file, "%s", name);
    if (form == NULL) {
        fputc(' ', file);
        for (const char *at = port_words(subject); *at != '\0'; at++) {
            fputc(*at == '\n' || *at == '\r' ? ' ' : *at, file);
        }
    } else if (strstr(form, "MANAGER") != NULL) {
        fprintf(file, " -lcomheap");
    }
}

bool csource_is_one_of(const char *word, const char *words)
{
    char blanks[48];
    (void)snprintf(blanks, sizeof blanks, " %s ", word);
    return strstr(words, blanks) != NULL;
}

bool csource_has(const struct csource *source, const char *feature)
{
    return csource_is_one_of(feature, source->features);
}

void csource_need(struct csource *source, bool condition, const char *feature)
{
    if (condition && !csource_has(source, feature)) {
        strcat(strcat(source->features, feature), " ");
    }
}

// The features of standalone.c that the check of a law takes.
static const struct {
    enum law law;
    const char *feature;
} features[] = {
    {LAW_ZEROED, "BYTES"},     {LAW_ZEROED, "WORLD"},       {LAW_WRITABLE, "BYTES"},
    {LAW_SLACK, "BYTES"},      {LAW_OVER_READ, "OVERREAD"}, {LAW_OVER_READ, "BYTES"},
    {LAW_AT_MOST, "TAKEN"},    {LAW_PREFIX, "BYTES"},       {LAW_REFUSED, "BYTES"},
    {LAW_BYTES, "BYTES"},      {LAW_MISUSE, "BYTES"},       {LAW_COUNTS, "WORLD"},
    {LAW_PAGES, "WORLD"},      {LAW_PAGES, "MAP"},          {LAW_MISUSE, "FAULTS"},
    {LAW_FAULTLESS, "FAULTS"},
};

// Returns whether C can check a law on the subject.
static bool has_law(const struct csource *source, enum law law)
{
    const struct subject *subject = source->plan->subject;
    const struct heapfuzz_port *port = &subject->port;
    switch (law) {
    case LAW_LIMIT:
        return port->policies.limit_bytes < SIZE_MAX;
    case LAW_INSIDE:
        return !subject_ignores_world(subject);
    case LAW_EXACT_SIZE:
        return port->policies.size != HEAPFUZZ_SIZE_IS_NONE;
    case LAW_AT_MOST:
        return subject_bounds_blocks(subject);
    case LAW_ROOM:
        return subject_fills_holes(subject);
    case LAW_SLACK:
        return subject_gives_slack(subject);
    case LAW_OVER_READ:
        return source->law == LAW_OVER_READ; // The run knows what to look at.
    case LAW_NULL_SIZE:
        return port->policies.size_takes_null == HEAPFUZZ_YES;
    case LAW_MEMBER:
        return port->owns != NULL;
    case LAW_IN_PLACE:
        return subject_stays_in_place(subject);
    case LAW_PAST_END:
        return subject->promises.hides_slack;
    case LAW_FREED:
        return subject->promises.hides_freed_bytes > 0;
    case LAW_COUNTS:
        return port->count != NULL;
    case LAW_CAPACITY:
        return subject->promises.largest != NULL || subject_can_be_measured(subject);
    case LAW_INVARIANT:
        return port->check != NULL;
    case LAW_FAULTLESS:
        return port->fault != NULL;
    default:
        return true;
    }
}

// Chooses every law for a run that breaks none. A run that is stopped gets the laws whose checks
// call the heap.
static void choose_laws(struct csource *source)
{
    bool is_clean = source->verdict == TRIAL_CLEAN;
    bool is_stopped = !is_clean && source->law == LAWS;
    bool takes_pages = subject_takes_pages(source->plan->subject);
    for (unsigned law = 0; law < LAWS; law++) {
        bool is_call = law == LAW_EXACT_SIZE || law == LAW_INVARIANT || law == LAW_BYTES;
        bool is_chosen = is_clean ? law != LAW_SAME : law == source->law || (is_stopped && is_call);
        bool is_look = law == LAW_COUNTS || law == LAW_FAULTLESS || law == LAW_SLACK ||
                       law == LAW_AT_MOST || is_call;
        source->checks[law] = is_chosen && has_law(source, (enum law)law);
        csource_need(source, source->checks[law] && is_look, "LOOKS");
    }
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        const char *feature = features[i].feature;
        bool is_offered = csource_is_one_of(feature, " WORLD MAP ")
                              ? takes_pages
                              : strcmp(feature, "FAULTS") != 0 || source->has_engine;
        csource_need(source, source->checks[features[i].law] && is_offered, feature);
    }
}

bool csource_is_whole(const struct plan *plan, const struct program *program)
{
    bool is_misused = plan->misuses && plan->subject->parts.c_form == NULL &&
                      subject_promises_misuse(plan->subject);
    for (size_t i = 0; i < program->count && is_misused; i++) {
        if (verb_action(program->ops[i].verb) == ACTION_MISUSE) {
            return false;
        }
    }
    return true;
}

static void write_heading(FILE *file, const struct csource *source)
{
    bool is_law = source->law < LAWS;
    fprintf(file, "// %s%s: %s.\n// ", is_law ? "Law " : "Subject ",
            is_law ? law_name(source->law) : source->plan->subject->name,
            is_law                           ? law_sentence(source->law)
            : source->verdict == TRIAL_CLEAN ? "no law is broken"
                                             : "a run is stopped");
    csource_print_command(file, source->plan->subject, source->name);
    fprintf(file, " && ./a.out # status 1: it is broken\n");
    if (source->has_spies) {
        fprintf(file, "// Law spy has no C form: ops of a spy are comments.\n");
    }
    if (source->is_port && (source->law == LAW_MISUSE || source->law == LAW_COM)) {
        fprintf(file, "// Law %s has no C form for a port, so it is not checked here.\n",
                law_name(source->law));
    }
    if (source->plan->subject->parts.charged_bytes != NULL) {
        fprintf(file, "// The system's own count of pages has no C form: a world counts them.\n");
    }
    if (!csource_is_whole(source->plan, source->program)) {
        fprintf(file,
                "// Misuse has no C form for a port: ops of misuse only ask about addresses.\n");
    }
    if (!is_law && source->verdict != TRIAL_CLEAN && fill_sees_poison()) {
        fprintf(file, "// The run had AddressSanitizer: -fsanitize=address may be needed, too.\n");
    }
}

trial_verdict csource_write(FILE *file, const struct plan *plan, const struct program *program,
                            const char *name)
{
    const struct subject *subject = plan->subject;
    bool is_port = subject->parts.c_form == NULL;
    const char *form = is_port ? " PORT " : subject->parts.c_form;
    struct csource source = {
        .plan = plan,
        .program = program,
        .name = name,
        .is_port = is_port,
        .has_engine = strstr(form, "ENGINE") != NULL,
        .has_misuse = !is_port && plan->misuses && subject_survives_misuse(subject),
    };
    source.has_com = source.has_engine && subject->port.owns != NULL && plan->extension != NULL &&
                     plan->extension->is_offered(subject);
    (void)snprintf(source.features, sizeof source.features, "%s", form);
    run_once(&source);
    choose_laws(&source);
    csource_choose_ops(&source);
    csource_need(&source, is_measured(&source), "MEASURE");
    csource_choose_policies(&source);
    struct os_writer body = {0};
    struct os_writer head = {0};
    FILE *main_file = os_write_bytes(&body);
    FILE *head_file = os_write_bytes(&head);
    if (main_file == NULL || head_file == NULL) {
        no_memory();
    }
    csource_write_main(main_file, &source);
    csource_write_policies(head_file, &source);
    char *main_text = os_written(&body);
    char *constants = os_written(&head);
    write_heading(file, &source);
    if (main_text == NULL || constants == NULL ||
        !csource_write_template(file, &source, constants, main_text)) {
        no_memory();
    }
    fprintf(file, "\n%s", main_text);
    free(main_text);
    free(constants);
    return source.verdict;
}
