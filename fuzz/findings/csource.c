// Writes a program as C: its ops as calls of the functions of standalone.c, and of that file what
// they need. The run is needed only for the law that it breaks, and where.

#include "findings/csource.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "language/size.h"
#include "language/text.h"
#include "laws/finding.h"
#include "laws/oracle.h"
#include "runner/runner.h"
#include "world/os.h"
#include "world/world.h"

static const char standalone[] = {
#include "findings/standalone.inc"
};

/// Where a run ended.
struct end {
    size_t op_index;
    size_t most_committed; ///< The bound of what the heap may hold there.
};

struct csource {
    const struct plan *plan;
    const struct program *program;
    const char *name;
    trial_verdict verdict;
    enum law law; ///< LAWS: none is broken.
    struct end end;
    bool has_engine, has_com, has_misuse, has_owner, has_spies;
    bool checks[LAWS];
    char features[256]; ///< Words, a blank before and behind each.
};

static _Noreturn void no_memory(void)
{
    perror("heapfuzz: no memory to write a program as C");
    exit(2);
}

static struct end *shared_end; // Of the run in the other process.

static void note_end(void)
{
    const struct run *run = run_current();
    if (run != NULL) {
        *shared_end = (struct end){run->op_index, oracle_most_committed(&run->heap)};
    }
}

static void run_once(struct csource *source)
{
    shared_end = os_share(sizeof *shared_end);
    if (shared_end == NULL) {
        no_memory();
    }
    shared_end->op_index = SIZE_MAX;
    finding_before_end(note_end);
    source->verdict = trial_run(source->plan, source->program);
    finding_before_end(NULL);
    source->end = *shared_end;
    os_share_end(shared_end, sizeof *shared_end);
    unsigned number = (unsigned)source->verdict - FINDING_FIRST_STATUS;
    source->law = number < LAWS ? (enum law)number : LAWS;
}

const char *csource_options(const struct subject *subject)
{
    return subject->parts.c_form == NULL                      ? " -DHEAP_HEADER='\"my_heap.h\"'"
           : strstr(subject->parts.c_form, "MANAGER") != NULL ? " -lcomheap"
                                                              : "";
}

static bool is_one_of(const char *word, const char *words)
{
    char blanks[48];
    (void)snprintf(blanks, sizeof blanks, " %s ", word);
    return strstr(words, blanks) != NULL;
}

static void need(struct csource *source, bool condition, const char *feature)
{
    bool is_offered = source->has_engine || strcmp(feature, "BYTES") == 0;
    if (condition && is_offered && !is_one_of(feature, source->features)) {
        strcat(strcat(source->features, feature), " ");
    }
}

// The features of standalone.c that the check of a law takes.
static const struct {
    enum law law;
    const char *feature;
} features[] = {
    {LAW_WRITABLE, "BYTES"},   {LAW_PREFIX, "BYTES"}, {LAW_REFUSED, "BYTES"},
    {LAW_BYTES, "BYTES"},      {LAW_MISUSE, "BYTES"}, {LAW_COUNTS, "WORLD"},
    {LAW_PAGES, "WORLD"},      {LAW_PAGES, "MAP"},    {LAW_MISUSE, "FAULTS"},
    {LAW_FAULTLESS, "FAULTS"},
};

// Chooses every law for a run that breaks none. A run that is stopped gets the laws whose checks
// call the heap.
static void choose_laws(struct csource *source)
{
    bool is_clean = source->verdict == TRIAL_CLEAN;
    bool is_stopped = !is_clean && source->law == LAWS;
    for (unsigned law = 0; law < LAWS; law++) {
        bool is_call = law == LAW_EXACT_SIZE || law == LAW_INVARIANT || law == LAW_BYTES;
        source->checks[law] =
            is_clean ? law != LAW_SAME : law == source->law || (is_stopped && is_call);
    }
    source->checks[LAW_MEMBER] &= source->has_owner;
    source->checks[LAW_IN_PLACE] &= subject_stays_in_place(source->plan->subject);
    source->checks[LAW_PAST_END] &= source->has_engine;
    source->checks[LAW_FREED] &= source->has_engine;
    source->checks[LAW_COUNTS] &= source->has_engine;
    source->checks[LAW_INVARIANT] &= source->has_engine;
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        need(source, source->checks[features[i].law], features[i].feature);
    }
}

static void choose_features(struct csource *source)
{
    for (size_t i = 0; i < source->program->count; i++) {
        struct op op = source->program->ops[i];
        bool is_misuse = verb_action(op.verb) == ACTION_MISUSE && source->has_misuse;
        bool is_scarce = op.verb == VERB_REFUSE || (op.verb == VERB_WORLD && op.slot > 0);
        need(source, is_scarce || op.verb == VERB_SCRIBBLE, "WORLD");
        need(source, op.verb == VERB_SCRIBBLE, "MAP");
        source->has_spies |= verb_family(op.verb) == FAMILY_SPY;
        need(source, is_misuse, "FAULTS");
        need(source,
             source->has_com && (is_misuse || (verb_face(op.verb) != FACE_HEAP &&
                                               verb_action(op.verb) != ACTION_EXTENSION)),
             "COM");
    }
}

// Writes a size: one relative to a block as in text, and others as a number.
static void write_size(FILE *file, uint32_t code, const char *slot)
{
    char text[SIZE_TEXT_BYTES];
    unsigned other;
    int length = 4;
    size_print(code, text);
    if (sscanf(text, "size(b%u)%n", &other, &length) == 1) {
        fprintf(file, "fit(SIZE(%u)%s)", other, text + length);
    } else if (strncmp(text, "size", 4) == 0) {
        fprintf(file, "fit(SIZE(%s)%s)", slot, text + 4);
    } else {
        size_t size_bytes = size_resolve(code, 0, NULL, NULL);
        if (strstr(text, "_MAX") != NULL && size_bytes < SIZE_MAX) {
            fprintf(file, "(size_t)%s", text);
        } else {
            fprintf(file, size_bytes > UINT32_MAX ? "BIG(%zu)" : "%zu", size_bytes);
        }
    }
}

// Returns whether C has nothing to do for an op.
static bool is_left_out(const struct csource *source, struct op op)
{
    switch (verb_action(op.verb)) {
    case ACTION_EXTENSION:
        return !source->has_com || op.verb == VERB_SPY || op.verb == VERB_REVOKE;
    case ACTION_OWNS:
    case ACTION_MISUSE:
        return !source->has_owner;
    case ACTION_MINIMIZE:
        return !source->has_engine;
    default:
        return ((op.verb == VERB_LANE || op.verb == VERB_REFUSE) && !source->has_engine) ||
               ((op.verb == VERB_WRITE || op.verb == VERB_PATTERN) &&
                !is_one_of("BYTES", source->features));
    }
}

static void write_call(FILE *file, const struct csource *source, struct op op, const char *slot)
{
    static const char *const by[] = {"", "BY(TASK, ", "BY(IMALLOC, "};
    const char *name = verb_name(op.verb);
    enum face face = verb_action(op.verb) == ACTION_EXTENSION ? FACE_HEAP : verb_face(op.verb);
    bool asks = verb_action(op.verb) == ACTION_MISUSE && !source->has_misuse;
    name = face == FACE_HEAP ? name : strchr(name, '_') + 1;
    name = !asks ? name : op.verb == VERB_BAD_ADDRESS ? "owns_address" : "owns";
    face = source->has_com ? face : FACE_HEAP;
    fprintf(file, "%s%s%s(", by[face], name, is_one_of(name, " free size write ") ? "_" : "");
    for (const char *operand = verb_operands(op.verb); *operand != '\0'; operand++) {
        if (*operand == 's') {
            fprintf(file, "%s", slot);
        } else if (*operand == 'n') {
            fprintf(file, "%u", op.slot);
        } else if (asks && op.verb == VERB_SCRIBBLE) {
            fprintf(file, "fit(SIZE(%s))", slot);
        } else {
            write_size(file, op.size_code, slot);
        }
        fprintf(file, operand[1] == '\0' ? "" : ", ");
    }
    fprintf(file, face == FACE_HEAP ? ");\n" : "));\n");
}

// Returns how many ops are one statement: two where one repeats the other.
static size_t ops_at(const struct csource *source, size_t at)
{
    const struct op *op = &source->program->ops[at];
    bool is_repeat = op->verb == VERB_REPEAT && at + 1 < source->program->count &&
                     verb_takes_slot(op[1].verb) && !is_left_out(source, op[1]);
    return is_repeat ? 2 : 1;
}

static void write_statement(FILE *file, const struct csource *source, size_t at)
{
    const struct op *op = &source->program->ops[at];
    char text[TEXT_OP_BYTES];
    char slot[16];
    if (ops_at(source, at) == 2) {
        (void)snprintf(slot, sizeof slot, "%u", op[1].slot);
        fprintf(file, "    repeat (%u, %s, ", op->slot, slot);
        write_size(file, op[1].size_code, "i");
        fprintf(file, ") {\n        ");
        write_call(file, source, op[1], "i");
        fprintf(file, "    }\n");
    } else if (op->verb == VERB_REPEAT || is_left_out(source, *op)) {
        text_print_op(*op, text);
        fprintf(file, "    next_op(0); // %s\n", text);
    } else {
        (void)snprintf(slot, sizeof slot, "%u", op->slot);
        fprintf(file, "    ");
        write_call(file, source, *op, slot);
    }
}

// Hands the broken call what only the run knows.
static void write_known(FILE *file, const struct csource *source)
{
    fprintf(file, "    // Here %s.\n", source->law < LAWS ? "the law is broken" : "the run ends");
    if (source->law == LAW_REASON) {
        fprintf(file, "    must_grant = true;\n");
    } else if (source->law == LAW_FOOTPRINT) {
        fprintf(file, "    most_committed = %zu;\n", source->end.most_committed);
    }
}

static size_t size_of_none(const void *context, uint32_t slot)
{
    (void)context, (void)slot;
    return 0;
}

// Writes a world as the first one of the program, so that no other has to end.
static void write_first_world(FILE *file, struct op op, bool is_scarce)
{
    size_t arena_bytes = size_resolve(op.size_code, 0, size_of_none, NULL);
    arena_bytes = arena_bytes < WORLD_LEAST_BYTES ? WORLD_LEAST_BYTES : arena_bytes;
    arena_bytes = arena_bytes < world_most_bytes() ? arena_bytes : world_most_bytes();
    fprintf(file, "    op++;\n");
    if (is_scarce) {
        fprintf(file, "    budget_pages = %u;\n", op.slot);
    }
    fprintf(file, "    begin_world(%s(%zu));\n", arena_bytes > UINT32_MAX ? "BIG" : "",
            arena_bytes);
}

// Writes the ops up to the one that ends the run; the end of the world only where the run gets
// there.
static void write_main(FILE *file, const struct csource *source)
{
    const struct program *program = source->program;
    bool runs_twice = source->law == LAW_SAME;
    bool is_whole = source->end.op_index >= program->count || runs_twice || !source->has_engine;
    size_t at =
        source->end.op_index > 0 && program->count > 0 && program->ops[0].verb == VERB_WORLD;
    fprintf(file, "int main(void)\n{\n");
    fprintf(file,
            runs_twice ? "    for (int run = 0; run < 2; run++, op = 0, answered = 0) {\n" : "");
    if (at == 1) {
        write_first_world(file, program->ops[0], source->has_engine && program->ops[0].slot > 0);
    } else {
        fprintf(file, "    begin_world((size_t)64 << 20);\n");
    }
    for (size_t ops; at < program->count && (at <= source->end.op_index || runs_twice); at += ops) {
        ops = ops_at(source, at);
        if (source->end.op_index >= at && source->end.op_index < at + ops) {
            write_known(file, source);
        }
        write_statement(file, source, at);
    }
    if (source->end.op_index == program->count) {
        write_known(file, source);
    }
    fprintf(file, is_whole ? "    end_world();\n" : "    look();\n");
    fprintf(file, "%s    puts(\"%s\");\n    return 0;\n}\n", runs_twice ? "    }\n" : "",
            source->law < LAWS ? "the law holds" : "no law is broken");
}

// Returns whether a line begins a call on the name of a law that is not checked.
static bool names_other_law(const struct csource *source, const char *line)
{
    char name[32];
    if (sscanf(line, " %*[a-zA-Z_](\"%31[a-z-]\"", name) == 1) {
        for (unsigned law = 0; law < LAWS; law++) {
            if (strcmp(name, law_name((enum law)law)) == 0) {
                return !source->checks[law];
            }
        }
    }
    return false;
}

// Removes the line that opens an empty block. Returns false iff the block needs no end any more.
static bool stays_open(const char *text, size_t *length)
{
    bool is_open = true;
    while (is_open && *length > 3 && strncmp(text + *length - 3, " {\n", 3) == 0) {
        do {
            --*length;
        } while (text[*length - 1] != '\n');
        const char *head = text + *length;
        is_open = head[strspn(head, " ")] == '}'; // It closed another one: `} else {`.
    }
    return is_open;
}

// Copies the lines of standalone.c that the features and laws choose. Returns what it copied, with
// a 0 behind it.
static char *choose_lines(const struct csource *source)
{
    char *text = calloc(1, sizeof standalone);
    size_t length = 0;
    bool is_kept[8] = {true};
    bool is_ours[8] = {false};
    unsigned depth = 0;
    const char *next;
    if (text == NULL) {
        no_memory();
    }
    for (const char *line = strstr(standalone, "#include"); *line != '\0'; line = next) {
        char feature[24];
        next = strchr(line, '\n') + 1;
        bool was_ours = is_ours[depth];
        if (strncmp(line, "#if", 3) == 0) {
            is_ours[++depth] = sscanf(line, "#ifdef WITH_%23[A-Z0-9]", feature) == 1;
            was_ours = is_ours[depth];
            is_kept[depth] =
                is_kept[depth - 1] && (!was_ours || is_one_of(feature, source->features));
        } else if (strncmp(line, "#else", 5) == 0 && was_ours) {
            is_kept[depth] = is_kept[depth - 1] && !is_kept[depth];
        } else if (strncmp(line, "#endif", 6) == 0) {
            depth--;
        } else {
            was_ours = false;
        }
        bool is_second_blank = *line == '\n' && (length < 2 || text[length - 2] == '\n');
        if (was_ours || !is_kept[depth] || is_second_blank) {
            continue;
        }
        if (names_other_law(source, line)) {
            next = strstr(line, ";\n") + 2;
        } else if (line[strspn(line, " ")] != '}' || line[strspn(line, " ") + 1] != '\n' ||
                   stays_open(text, &length)) {
            memcpy(text + length, line, (size_t)(next - line));
            length += (size_t)(next - line);
        }
    }
    text[length] = '\0';
    return text;
}

static size_t word_length(const char *at)
{
    size_t length = 0;
    while (isalnum((unsigned char)at[length]) || at[length] == '_') {
        length++;
    }
    return length;
}

// Returns whether a name is in the code of a text.
static bool is_used(const char *text, const char *name, size_t length)
{
    size_t word;
    for (const char *at = text; *at != '\0'; at += word + (word == 0)) {
        word = word_length(at);
        if (word == length && memcmp(at, name, length) == 0) {
            return true;
        }
        if (at[0] == '/' && at[1] == '/') {
            word = strcspn(at, "\n");
        } else if (*at == '"') {
            word = strcspn(at + 1, "\"") + 2;
        }
    }
    return false;
}

// Returns whether a text uses a name that a paragraph defines, or whether it defines none.
static bool is_wanted(const char *paragraph, const char *end, const char *text)
{
    bool has_names = false;
    for (const char *line = paragraph; line < end; line = strchr(line, '\n') + 1) {
        bool is_macro = strncmp(line, "#define ", 8) == 0;
        const char *at = is_macro ? line + 8 : line;
        while ((is_macro || isalpha((unsigned char)line[0]) || line[0] == '}') && *at != '\n') {
            size_t length = word_length(at);
            char after = at[length];
            bool is_name = is_macro || (after != '\0' && strchr("(;,[", after) != NULL) ||
                           (after == ' ' && at[length + 1] == '=');
            if (length > 0 && is_name) {
                has_names = true;
                if (is_used(text, at, length)) {
                    return true;
                }
            }
            if (length > 0 && (is_macro || after == '(' || at[length + 1] == '=')) {
                break;
            }
            at += length + (length == 0);
        }
    }
    return !has_names;
}

#define PARAGRAPHS 128U

// Prints the paragraphs that `used` needs, and those that they need.
static void write_paragraphs(FILE *file, const char *text, const char *used)
{
    const char *starts[PARAGRAPHS + 1] = {text};
    bool is_kept[PARAGRAPHS] = {false};
    size_t count = 0;
    size_t kept_bytes = strlen(text) + strlen(used) + 1;
    char *kept = malloc(kept_bytes);
    if (kept == NULL) {
        no_memory();
    }
    strcpy(kept, used);
    for (const char *end; count < PARAGRAPHS && *starts[count] != '\0'; starts[++count] = end) {
        end = strstr(starts[count], "\n\n");
        end = end == NULL ? strchr(starts[count], '\0') : end + 2;
    }
    for (char *added = kept; *added != '\0';) { // Only an added paragraph can need more.
        char *end = strchr(added, '\0');
        for (size_t i = 0; i < count; i++) {
            if (!is_kept[i] && is_wanted(starts[i], starts[i + 1], added)) {
                is_kept[i] = true;
                strncat(end, starts[i], (size_t)(starts[i + 1] - starts[i]));
            }
        }
        added = end;
    }
    bool was_line = false;
    for (size_t i = 0; i < count; i++) {
        if (is_kept[i]) { // Lines alone stand together.
            bool is_line = strchr(starts[i], '\n') + 2 == starts[i + 1];
            fprintf(file, is_line && was_line ? "" : "\n");
            fwrite(starts[i], 1, (size_t)(starts[i + 1] - starts[i]) - 1, file);
            was_line = is_line;
        }
    }
    free(kept);
}

static void write_heading(FILE *file, const struct csource *source)
{
    bool is_law = source->law < LAWS;
    fprintf(file, "// %s%s: %s.\n// cc %s%s && ./a.out # status 1: it is broken\n",
            is_law ? "Law " : "Subject ",
            is_law ? law_name(source->law) : source->plan->subject->name,
            is_law                           ? law_sentence(source->law)
            : source->verdict == TRIAL_CLEAN ? "no law is broken"
                                             : "a run is stopped",
            source->name, csource_options(source->plan->subject));
    if (source->has_spies) {
        fprintf(file, "// Law spy has no C form: ops of a spy are comments.\n");
    }
}

trial_verdict csource_write(FILE *file, const struct plan *plan, const struct program *program,
                            const char *name)
{
    const struct subject *subject = plan->subject;
    const char *form = subject->parts.c_form != NULL ? subject->parts.c_form : " MALLOC OTHER ";
    struct csource source = {
        .plan = plan,
        .program = program,
        .name = name,
        .has_engine = strstr(form, "ENGINE") != NULL,
        .has_misuse = plan->misuses && subject_survives_misuse(subject),
    };
    source.has_owner = source.has_engine && subject->port.owns != NULL;
    source.has_com =
        source.has_owner && plan->extension != NULL && plan->extension->is_offered(subject);
    (void)snprintf(source.features, sizeof source.features, "%s", form);
    run_once(&source);
    choose_laws(&source);
    choose_features(&source);
    struct os_writer body = {0};
    struct os_writer whole = {0};
    FILE *main_file = os_write_bytes(&body);
    FILE *text_file = os_write_bytes(&whole);
    if (main_file == NULL || text_file == NULL) {
        no_memory();
    }
    write_main(main_file, &source);
    char *main_text = os_written(&body);
    char *lines = choose_lines(&source);
    fprintf(text_file,
            "#define HEAP_LIMIT ((size_t)%zuU)\n\n"
            "#define HEAP_NULL_SIZE ((size_t)%zuU)\n\n%s\n",
            subject->port.policies.limit_bytes,
            is_one_of("MALLOC", source.features) ? 0 : subject->port.policies.null_size_bytes,
            lines);
    char *text = os_written(&whole);
    if (main_text == NULL || text == NULL) {
        no_memory();
    }
    write_heading(file, &source);
    write_paragraphs(file, text, main_text);
    fprintf(file, "\n%s", main_text);
    free(main_text);
    free(lines);
    free(text);
    return source.verdict;
}
